"""The scripted server takes whatever is sent, listens only where it may, and goes when it is told to."""

import json
import socket
import threading
from collections.abc import Iterator
from time import monotonic

import httpx
import pytest

from linestop.deployments.lab_server import ScriptedServer
from linestop.errors import ServerError, UsageError
from linestop.scenarios import FaultKind, Scenario, ScriptedFault, Turn

SCENARIO = Scenario(name="x", turns=(Turn(say="hello", times=3),))
POSTS = (
    "/v1/chat/completions",
    "/v1/responses",
    "/v1/messages",
    "/v1/messages/count_tokens",
    "/v1beta/models/m:generateContent",
    "/v1beta/models/m:streamGenerateContent",
    "/v1beta/models/m:countTokens",
)
DEEP = b"[" * 100_000 + b"]" * 100_000
HOSTILE = {
    "empty": b"",
    "no JSON": b"{{{",
    "no object": b"[1, 2]",
    "null": b"null",
    "no UTF-8": b"\xff\xfe{}",
    "lone surrogate": b'{"messages": [{"role": "user", "content": "\\ud800"}], "input": "\\ud800", "model": "\\ud800"}',
    "a huge number": b'{"model": ' + b"9" * 5000 + b"}",
    "deep": DEEP,
    "deep in a field": b'{"messages": [{"content": ' + b'[{"content": ' * 400 + b'""' + b"}]" * 400 + b"}]}",
    "wrong kinds": json.dumps(
        {
            "model": {"a": 1},
            "messages": [1, None, {"role": ["user"], "content": {"text": 5}}, {"content": [[["x"]]]}],
            "input": {"x": 1},
            "contents": "text",
            "tools": [None, {"function": 3}, {"name": {"x": 1}}, {"functionDeclarations": [4, {"name": 5}]}],
            "system": 4,
            "systemInstruction": "s",
            "stream": "yes",
            "stream_options": 4,
            "thinking": True,
            "generationConfig": [],
            "response_format": "x",
            "text": 4,
            "output_config": 3,
        }
    ).encode(),
    "odd schemas": json.dumps(
        {
            "messages": [{"role": "user", "content": "x"}],
            "input": "x",
            "contents": [{"role": "user", "parts": [{"text": "x"}]}],
            "tools": [
                {"name": "Read", "input_schema": {"properties": {"file_path": 3}, "required": [1, {}, "mode"]}},
                {"function": {"name": "read", "parameters": {"properties": [], "required": "path"}}},
                {"type": "function", "name": "read", "parameters": {"properties": {"path": {"anyOf": 3}}}},
                {"functionDeclarations": [{"name": "read", "parameters": {"properties": {"path": {"type": []}}}}]},
            ],
        }
    ).encode(),
}  # fmt: skip


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with ScriptedServer(
        Scenario.model_validate({"name": "x", "turns": [{"calls": [{"do": "read", "path": "a"}]}]})
    ) as one:
        yield one.url


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, timeout=20) as one:
        yield one


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("name", HOSTILE)
def test_whatever_is_sent_is_answered_and_never_by_a_crash(
    url: str, client: httpx.Client, path: str, name: str
) -> None:
    answer = client.post(url + path, content=HOSTILE[name])
    assert answer.status_code in {200, 400}
    if "alt=sse" not in path and answer.status_code == 400:
        assert answer.json()["error"]["message"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW"])
@pytest.mark.parametrize("path", ["/", "/v1/models", "/v1/messages", "/no/such/../place", "/%00", "/" + "x" * 5000])
def test_any_path_and_method_is_answered(url: str, client: httpx.Client, method: str, path: str) -> None:
    assert client.request(method, url + path).status_code in {200, 404, 405}


def test_what_is_no_http_does_no_harm(url: str, client: httpx.Client) -> None:
    host, port = url.removeprefix("http://").split(":")
    for junk in (b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n", b"POST /v1/messages HTTP/1.1\r\nContent-Length: 99\r\n\r\n{"):
        with socket.create_connection((host, int(port))) as raw:
            raw.sendall(junk)
    assert client.get(url + "/v1/models").json()["data"][0]["id"] == "scripted-1"


def test_a_request_beyond_the_limit_is_refused(url: str, client: httpx.Client) -> None:
    answer = client.post(url + "/v1/messages", content=b" " * (32 * 2**20 + 1))
    assert answer.status_code == 400
    assert "bytes" in answer.json()["error"]["message"]


@pytest.mark.parametrize("path", [path for path in POSTS if "count" not in path.lower()])
def test_a_base_url_with_more_in_it_works(url: str, client: httpx.Client, path: str) -> None:
    assert client.post(f"{url}/some/proxy{path}", json={"model": "m", "input": "x"}).status_code == 200


def test_a_hung_request_ends_with_the_server(client: httpx.Client) -> None:
    ended: list[str] = []

    def ask() -> None:
        try:
            client.post(server.url + "/v1/responses", json={"model": "m", "input": "x"})
        except httpx.HTTPError as error:
            ended.append(type(error).__name__)
        else:
            ended.append("answered")

    hang = Turn(fault=ScriptedFault(kind=FaultKind.HANG, times=None))
    with ScriptedServer(Scenario(name="x", turns=(hang,))) as server:
        thread = threading.Thread(target=ask)
        thread.start()
        while not server.requests:
            threading.Event().wait(0.005)
    thread.join(60)
    assert len(ended) == 1
    assert "Timeout" not in ended[0], "the server let go of it, not its own clock"


def test_what_was_asked_can_be_read_and_is_bounded(client: httpx.Client) -> None:
    with ScriptedServer(SCENARIO) as server:
        took = []
        for number in range(510):
            began = monotonic()
            client.post(server.url + "/v1/responses", json={"model": "m", "input": f"n{number}"}, headers={"x-a": "b"})
            took.append(monotonic() - began)
        kept = server.requests
    assert min(took) < 0.04, "no answer is held back, as a small one is by Nagle's algorithm"
    assert len(kept) == 500
    assert (kept[-1].body["input"], kept[-1].headers["x-a"], kept[-1].place) == ("n509", "b", (0, 1))
    assert kept[0].body["input"] == "n10"


def test_nothing_is_left_when_it_is_closed() -> None:
    with ScriptedServer(SCENARIO) as server:
        name = f"scripted-model-{server.port}"
        assert name in {thread.name for thread in threading.enumerate()}
    assert name not in {thread.name for thread in threading.enumerate()}
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", server.port))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])  # noqa: S104
def test_it_listens_only_to_this_machine_unless_told(host: str) -> None:
    with pytest.raises(UsageError, match="won't listen"):
        ScriptedServer(SCENARIO, host=host)


def test_a_port_that_is_taken_is_an_error_of_three_parts() -> None:
    with ScriptedServer(SCENARIO) as server, pytest.raises(ServerError) as caught:
        ScriptedServer(SCENARIO, port=server.port)
    assert "in use" in caught.value.found
    assert "--port" in caught.value.todo


def test_the_seconds_of_a_turn_are_waited(client: httpx.Client) -> None:
    slow = Scenario(name="x", turns=(Turn(say="slow", seconds=0.1),))
    with ScriptedServer(slow) as server:
        began = monotonic()
        answer = client.post(server.url + "/v1/chat/completions", json={"messages": []})
        assert monotonic() - began >= 0.1
    assert answer.json()["choices"][0]["message"]["content"] == "slow"
