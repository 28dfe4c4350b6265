"""The model proxy towards its clients: what passes, with which key, how errors look, what it leaves behind."""

import asyncio
import gzip
import logging
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from linestop.blocks.model_proxy.proxy import ModelProxy
from linestop.blocks.prices import GenaiPrices
from linestop.engines import Endpoint, Wire
from linestop.events import Fault, Usage
from linestop.ports import Limits
from linestop.spending import Meter
from tests.contracts.canned_upstream import Seen, Upstream, canned_upstream, chunk, reply, stream

KEY = "sk-real-9f8e7d6c5b4a"
ENVIRON = {"REAL_KEY": KEY}
CHAT = {"model": "gpt-5", "messages": [{"role": "user", "content": "hi"}]}
ANSWERED = {"choices": [{"message": {"content": "yes"}}], "usage": {"prompt_tokens": 10, "completion_tokens": 5}}


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with canned_upstream() as found:
        found.answer = lambda seen: [reply(ANSWERED)]
        yield found


def meter(**limits: Any) -> Meter:
    return Meter(Limits(**limits), prices=GenaiPrices({}))


def endpoints(upstream: Upstream) -> dict[str, Endpoint]:
    return {
        "chat": Endpoint(url=f"{upstream.url}/v1", key="REAL_KEY", provider="openai"),
        "claude": Endpoint(url=upstream.url, wire=Wire.ANTHROPIC, key="REAL_KEY", provider="anthropic"),
        "gemini": Endpoint(url=upstream.url, wire=Wire.GEMINI, key="REAL_KEY", provider="google"),
        "keyless": Endpoint(url=f"{upstream.url}/v1", key="NOT_SET"),
    }


@contextmanager
def proxy(upstream: Upstream, counts: Meter | None = None, **more: Any) -> Iterator[tuple[ModelProxy, httpx.Client]]:
    with (
        ModelProxy(endpoints(upstream), meter=counts or meter(), environ=ENVIRON, **more) as served,
        client_of(served) as client,
    ):
        yield served, client


def client_of(served: ModelProxy) -> httpx.Client:
    transport = httpx.HTTPTransport(uds=str(served.socket))
    return httpx.Client(transport=transport, base_url="http://127.0.0.1:8377", timeout=60)


@pytest.mark.parametrize(
    ("path", "arrives", "header", "value"),
    [
        pytest.param("chat/chat/completions", "/v1/chat/completions", "authorization", f"Bearer {KEY}", id="chat"),
        pytest.param("chat/v1/responses", "/v1/responses", "authorization", f"Bearer {KEY}", id="version-sent-once"),
        pytest.param("claude/v1/messages?beta=true", "/v1/messages?beta=true", "x-api-key", KEY, id="anthropic"),
        pytest.param(
            "gemini/v1beta/models/gemini-2.5-pro:generateContent?key=fake&alt=sse",
            "/v1beta/models/gemini-2.5-pro:generateContent?alt=sse",
            "x-goog-api-key",
            KEY,
            id="gemini",
        ),
    ],
)
def test_a_clients_key_is_replaced_by_the_real_one(
    upstream: Upstream, path: str, arrives: str, header: str, value: str
) -> None:
    fakes = {
        "authorization": "Bearer fake",
        "x-api-key": "fake",
        "x-goog-api-key": "fake",
        "api-key": "fake",
        "cookie": "s=fake",
        "openai-organization": "fake",
        "x-forwarded-for": "fake",
        "x-http-method-override": "fake",
        "x-original-url": "/fake",
        "x-hop": "fake",
        "connection": "x-hop",
        "anthropic-version": "2023-06-01",
    }
    with proxy(upstream) as (_, client):
        assert client.post(f"/{path}", json=CHAT, headers=fakes).status_code == 200
    (seen,) = upstream.seen
    assert (seen.path, seen.headers[header]) == (arrives, value)
    assert "fake" not in repr(seen)
    assert seen.headers["anthropic-version"] == "2023-06-01"
    assert seen.json == CHAT


@pytest.mark.parametrize(
    ("method", "path"),
    [
        pytest.param("POST", "chat/files", id="files"),
        pytest.param("GET", "chat/files/file-1/content", id="file-content"),
        pytest.param("POST", "chat/fine_tuning/jobs", id="fine-tuning"),
        pytest.param("POST", "claude/v1/messages/batches", id="batches"),
        pytest.param("GET", "chat/organization/api_keys", id="keys-of-the-account"),
        pytest.param("DELETE", "chat/models/mine", id="delete-a-model"),
        pytest.param("GET", "chat/responses/resp_1", id="stored-answers"),
        pytest.param("POST", "chat/chat/completions/../../files", id="climbing"),
        pytest.param("POST", "chat/chat%2Fcompletions", id="quoted-slash"),
        pytest.param("POST", "chat/chat/completions/%2e%2e/files", id="quoted-dots"),
        pytest.param("POST", "chat//chat/completions", id="double-slash"),
        pytest.param("POST", "gemini/v1beta/models/a:batchGenerateContent", id="gemini-batch"),
        pytest.param("POST", "gemini/v1beta/files", id="gemini-files"),
        pytest.param("PUT", "chat/chat/completions", id="other-method"),
    ],
)
def test_only_calls_of_models_are_passed_on(upstream: Upstream, method: str, path: str) -> None:
    with proxy(upstream) as (served, _):
        head, body = raw(served, f"{method} /{path} HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{{}}")
    assert b" 403 " in head
    assert b"calls of models only" in body
    assert upstream.seen == []


def raw(served: ModelProxy, text: str | bytes) -> tuple[bytes, bytes]:
    """Return head and body of what the proxy says to these bytes; it is told that no more come."""
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(20)
        link.connect(str(served.socket))
        link.sendall(text.encode() if isinstance(text, str) else text)
        got = b""
        while b"\r\n\r\n" not in got or len(got.partition(b"\r\n\r\n")[2]) < _length(got):
            if not (more := link.recv(65536)):
                break
            got += more
    head, _, body = got.partition(b"\r\n\r\n")
    return head, body


def _length(got: bytes) -> int:
    lines = [line for line in got.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return int(lines[0].split(b":")[1]) if lines else 0


@pytest.mark.parametrize(
    ("text", "status"),
    [
        pytest.param("POST /chat/models HTTP/1.1\r\nhost: x\r\nx: a\x00b\r\n\r\n", b" 400 ", id="zero-in-header"),
        pytest.param("POST /chat/chat/completions HTTP/1.1\r\n\r\n", b" 400 ", id="no-host"),
        pytest.param(
            "POST /chat/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd",
            b" 400 ",
            id="two-lengths",
        ),
        pytest.param("GET /chat/models HTTP/1.1\r\nhost: x\r\nx: " + "a" * 70_000, b" 431 ", id="endless-header"),
        pytest.param(
            "POST /chat/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999\r\n\r\n", b" 413 ", id="huge"
        ),
        pytest.param("GET /nowhere/v1/models HTTP/1.1\r\nhost: x\r\n\r\n", b" 404 ", id="no-endpoint"),
        pytest.param("HEAD /chat HTTP/1.1\r\nhost: x\r\n\r\n", b" 200 ", id="is-anybody-there"),
        pytest.param("CONNECT example.org:443 HTTP/1.1\r\nhost: x\r\n\r\n", b" 403 ", id="connect-without-hosts"),
        pytest.param("GET http://169.254.169.254/latest HTTP/1.1\r\nhost: x\r\n\r\n", b" 403 ", id="absolute-url"),
    ],
)
def test_a_request_that_is_none_gets_nowhere(upstream: Upstream, text: str, status: bytes) -> None:
    with proxy(upstream) as (served, client):
        head, _ = raw(served, text)
        assert status in head
        assert client.post("/chat/chat/completions", json=CHAT).status_code == 200, "it goes on serving"
    assert len(upstream.seen) == 1


@pytest.mark.parametrize(
    ("body", "says"),
    [
        pytest.param(b"{nope", "no JSON", id="no-json"),
        pytest.param(b"[1]", "no JSON object", id="no-object"),
        pytest.param(b"[" * 40_000, "no JSON", id="deep"),
        pytest.param(b'{"x": [' + b"{}," * 60_000 + b"1]}", "too many parts", id="objects-by-the-million"),
        pytest.param(b'{"x": [' + b"1," * 600_000 + b"1]}", "too many parts", id="numbers-by-the-million"),
        pytest.param(b'{"x": [' + b'"",' * 600_000 + b"1]}", "too many parts", id="strings-by-the-million"),
        pytest.param(b'{"model": "cheap", "model": "dear"}', "twice", id="two-models"),
        pytest.param(b'{"model": "m", "background": true}', "background", id="background"),
        pytest.param(b'{"model": "' + b"m" * 201 + b'"}', "too long", id="endless-model"),
    ],
)
def test_a_body_that_can_not_be_counted_is_refused(upstream: Upstream, body: bytes, says: str) -> None:
    with proxy(upstream) as (_, client):
        answer = client.post("/chat/responses", content=body)
    assert answer.status_code == 400
    assert says in answer.json()["error"]["message"]
    assert upstream.seen == []


def test_a_long_text_is_no_matter_whatever_is_in_it(upstream: Upstream) -> None:
    code = 'if (x[0]) { say("a, b"); }\n' * 60_000
    with proxy(upstream) as (_, client):
        assert client.post("/claude/v1/messages", json={**CHAT, "system": code}).status_code == 200
    assert upstream.seen[0].json["system"] == code


def test_a_client_that_asks_before_it_sends_is_told_to_go_on(upstream: Upstream) -> None:
    with proxy(upstream) as (served, _), socket.socket(socket.AF_UNIX) as link:
        link.settimeout(20)
        link.connect(str(served.socket))
        link.sendall(b"POST /chat/responses HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 13\r\n\r\n")
        assert link.recv(4096).startswith(b"HTTP/1.1 100 ")
        link.sendall(b'{"model":"m"}')
        assert link.recv(4096).startswith(b"HTTP/1.1 200 ")


def test_a_request_that_is_sent_before_the_last_one_is_answered_waits_its_turn(upstream: Upstream) -> None:
    go = threading.Event()
    upstream.answer = lambda seen: [go, reply({"you": seen.json["model"], "usage": {}})]
    head = b"POST /chat/responses HTTP/1.1\r\nhost: x\r\ncontent-length: 13\r\n\r\n"
    with proxy(upstream) as (served, _), socket.socket(socket.AF_UNIX) as link:
        link.settimeout(20)
        link.connect(str(served.socket))
        link.sendall(head + b'{"model":"a"}')
        assert upstream.came.acquire(timeout=60)
        link.sendall(head + b'{"model":"b"}')
        go.set()
        got = b""
        while got.count(b'"you"') < 2:
            more = link.recv(65536)
            assert more, got
            got += more
    assert got.index(b'{"you": "a"') < got.index(b'{"you": "b"')


def test_a_client_that_takes_the_proxy_for_its_http_proxy_too_gets_its_model(upstream: Upstream) -> None:
    with proxy(upstream) as (served, _):
        target = f"{served.base('chat')}/chat/completions"
        head, _ = raw(served, f'POST {target} HTTP/1.1\r\nhost: x\r\ncontent-length: 13\r\n\r\n{{"model":"m"}}')
    assert b" 200 " in head
    assert [seen.path for seen in upstream.seen] == ["/v1/chat/completions"]


def test_all_bodies_together_are_bounded(upstream: Upstream) -> None:
    """Two hundred connections of 32 MiB each would be more than the machine has."""
    head = b"POST /chat/responses HTTP/1.1\r\nhost: x\r\ncontent-length: 33000000\r\n\r\n"
    with proxy(upstream) as (served, client), ExitStack() as stack:
        answers = []
        for _ in range(5):
            link = stack.enter_context(socket.socket(socket.AF_UNIX))
            link.settimeout(20)
            link.connect(str(served.socket))
            link.sendall(head)
            try:
                link.sendall(b" " * 32_900_000)
            except OSError:
                answers.append("refused")
        assert answers == ["refused"]
        stack.close()
        assert client.post("/chat/chat/completions", json=CHAT).status_code == 200


def test_an_owners_http_proxy_is_not_asked_for_this_machine(
    upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with proxy(upstream) as (_, client):
        assert client.post("/chat/chat/completions", json=CHAT).status_code == 200


def test_a_packed_body_is_unpacked_and_a_bomb_refused(upstream: Upstream) -> None:
    packed = {"content-encoding": "gzip", "content-type": "application/json"}
    with proxy(upstream) as (_, client):
        plain = client.post("/chat/chat/completions", content=gzip.compress(b'{"model": "m"}'), headers=packed)
        bomb = client.post(
            "/chat/chat/completions", content=gzip.compress(b" " * 34_000_000, compresslevel=1), headers=packed
        )
        odd = client.post("/chat/chat/completions", content=b"x", headers={"content-encoding": "zstd"})
    assert [plain.status_code, bomb.status_code, odd.status_code] == [200, 400, 400]
    assert upstream.seen[0].json == {"model": "m"}
    assert "content-encoding" not in upstream.seen[0].headers


@pytest.mark.parametrize(
    ("path", "where"),
    [
        pytest.param("chat/chat/completions", ("error", "message"), id="openai"),
        pytest.param("claude/v1/messages", ("error", "message"), id="anthropic"),
        pytest.param("gemini/v1beta/models/gemini-2.5-pro:generateContent", ("error", "message"), id="gemini"),
    ],
)
def test_a_spent_budget_is_a_final_error_in_the_clients_own_form(
    upstream: Upstream, path: str, where: tuple[str, str]
) -> None:
    counts = meter(tokens=15)
    with proxy(upstream, counts) as (served, client):
        assert client.post("/chat/chat/completions", json=CHAT).status_code == 200
        answer = client.post(f"/{path}", json=CHAT)
        assert (served.last_fault, served.busy_until) == (Fault.BUDGET, None)
        assert "15 of 15 tokens" in served.refused
    assert (answer.status_code, answer.headers["x-should-retry"]) == (400, "false")
    assert "budget of this dispatch is used up" in answer.json()[where[0]][where[1]]
    assert len(upstream.seen) == 1


def test_calls_at_the_same_time_can_not_pass_a_cap_unseen(upstream: Upstream) -> None:
    """Without a place of their own a hundred calls would all be let in before the first is counted."""
    go = threading.Event()
    upstream.answer = lambda seen: [go, reply(ANSWERED)]
    large = {**CHAT, "messages": [{"role": "user", "content": "x" * 4_000}]}

    async def all_at_once(path: Path) -> list[int]:
        async with httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(uds=str(path)), timeout=60) as client:
            codes = []
            for call in asyncio.as_completed(
                [client.post("http://x/chat/chat/completions", json=large) for _ in range(10)]
            ):
                codes.append((await call).status_code)
                if len(codes) == 7:  # those that are refused answer first
                    go.set()
            return codes

    with proxy(upstream, meter(tokens=3_000)) as (served, _):
        codes = asyncio.run(all_at_once(served.socket))
    assert codes == [400] * 7 + [200] * 3


def test_a_model_without_a_price_is_refused_where_money_is_capped(upstream: Upstream) -> None:
    with proxy(upstream, meter(usd=1.0)) as (served, client):
        answer = client.post("/chat/chat/completions", json={**CHAT, "model": "nobody-knows-1"})
        assert served.last_fault is Fault.BUDGET
        assert served.asked == {"nobody-knows-1": 1}
    assert answer.status_code == 400
    assert "no price is known of the model 'nobody-knows-1'" in answer.json()["error"]["message"]
    assert upstream.seen == []


@pytest.mark.parametrize("dear", [{"service_tier": "priority"}, {"speed": "fast"}], ids=["tier", "speed"])
def test_what_costs_more_than_the_known_price_is_refused_where_money_is_capped(
    upstream: Upstream, dear: dict[str, str]
) -> None:
    for limits, status in (({"usd": 1.0}, 400), ({}, 200)):
        with proxy(upstream, meter(**limits)) as (_, client):
            answer = client.post("/chat/chat/completions", json=CHAT | dear)
            assert client.post("/chat/chat/completions", json=CHAT | {"service_tier": "default"}).status_code == 200
        assert answer.status_code == status, limits
        assert status == 200 or "costs more than the price that is known" in answer.json()["error"]["message"]


def test_a_missing_key_says_which_variable_to_set(upstream: Upstream) -> None:
    with proxy(upstream) as (served, client):
        answer = client.post("/keyless/chat/completions", json=CHAT)
        assert (served.last_fault, served.refused) == (Fault.AUTH, ""), "no cap was reached"
    assert answer.status_code == 400
    assert "NOT_SET is not set" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("answer", "fault", "wait"),
    [
        pytest.param(reply({"error": {}}, 429, retry_after="30"), Fault.RATE_LIMIT, 30, id="retry-after"),
        pytest.param(reply({"error": {}}, 429, retry_after_ms="1500"), Fault.RATE_LIMIT, 1.5, id="milliseconds"),
        pytest.param(
            reply(
                {"error": {}},
                429,
                x_ratelimit_reset_requests="1s",
                x_ratelimit_remaining_requests="7",
                x_ratelimit_reset_tokens="6m0s",
                x_ratelimit_remaining_tokens="0",
            ),
            Fault.RATE_LIMIT,
            360,
            id="openai-the-empty-allowance-counts",
        ),
        pytest.param(
            reply({"error": {"details": [{"retryDelay": "34s"}]}}, 429), Fault.RATE_LIMIT, 34, id="gemini-in-the-body"
        ),
        pytest.param(reply({"error": {"code": "insufficient_quota"}}, 429), Fault.AUTH, None, id="no-credit"),
        pytest.param(reply({"error": {}}, 529, retry_after="5"), Fault.OVERLOAD, 5, id="overloaded"),
        pytest.param(reply({"error": {}}, 401), Fault.AUTH, None, id="bad-key"),
        pytest.param(
            reply({"error": {"message": "prompt is too long: 2 > 1"}}, 400), Fault.CONTEXT, None, id="too-long"
        ),
        pytest.param(reply({"error": {}}, 404), Fault.OTHER, None, id="no-such-model"),
        pytest.param(b"HTTP/1.1 302 X\r\nlocation: http://169.254.169.254/\r\n\r\n", None, None, id="redirect"),
        pytest.param(b"nonsense\r\n\r\n", Fault.NETWORK, None, id="no-http"),
        pytest.param(b"", Fault.NETWORK, None, id="hangs-up"),
        pytest.param(reply(b"{torn"), Fault.MALFORMED, None, id="no-json"),
    ],
)
def test_a_providers_refusal_is_remembered_with_the_time_it_names(
    upstream: Upstream, answer: bytes, fault: Fault | None, wait: float | None
) -> None:
    upstream.answer = lambda seen: [answer]
    with proxy(upstream) as (served, client):
        before = datetime.now(UTC)
        code = client.post("/chat/chat/completions", json=CHAT).status_code
        until = served.busy_until
        assert served.last_fault is fault
        if wait is None:
            assert until is None
        else:
            assert until is not None
            assert timedelta(seconds=wait) <= until - before < timedelta(seconds=wait + 5)
        upstream.answer = lambda seen: [reply(ANSWERED)]
        assert client.post("/chat/chat/completions", json=CHAT).status_code == 200
        assert (served.last_fault, served.busy_until) == (None, None), "a call that went well clears it"
    status = int(answer.split()[1]) if answer.startswith(b"HTTP") else 502
    assert code == {302: 502}.get(status, status)


def test_an_unknown_model_is_remembered_until_a_call_goes_well(upstream: Upstream) -> None:
    with proxy(upstream) as (served, client):
        upstream.answer = lambda seen: [b"HTTP/1.1 404 X\r\ncontent-length: 0\r\n\r\n"]
        client.post("/chat/chat/completions", json=CHAT)
        assert (served.last_fault, served.unknown) == (Fault.OTHER, True)
        upstream.answer = lambda seen: [reply(ANSWERED)]
        client.post("/chat/chat/completions", json=CHAT)
        assert not served.unknown
        assert (served.last_fault, served.met) == (None, {Fault.OTHER}), "what was met is not forgotten"


def test_a_key_that_a_provider_echoes_stays_outside_and_out_of_the_log(
    upstream: Upstream, caplog: pytest.LogCaptureFixture
) -> None:
    def echo(seen: Seen) -> list[Any]:
        return [reply({"error": seen.headers}, 401, x_echo=seen.headers["authorization"], set_cookie="a=b")]

    upstream.answer = echo
    with caplog.at_level(logging.DEBUG), proxy(upstream) as (_, client):
        answer = client.post("/chat/chat/completions", json=CHAT)
    assert KEY in repr(upstream.seen)
    assert KEY not in answer.text + repr(answer.headers) + caplog.text
    assert "[key]" in answer.text
    assert "set-cookie" not in answer.headers


def test_a_client_that_hangs_up_ends_the_call_upstream(upstream: Upstream) -> None:
    counted = threading.Event()
    counts = Meter(Limits(), prices=GenaiPrices({}), told=lambda model, usage: counted.set())
    first = b'data: {"choices":[{"delta":{"content":"a"}}]}\n\n'
    go = threading.Event()
    upstream.answer = lambda seen: [*stream(first, ends=False), go, *[chunk(first * 1_000)] * 500]
    with proxy(upstream, counts) as (_, client):
        with client.stream("POST", "/chat/chat/completions", json={**CHAT, "stream": True}) as answer:
            next(answer.iter_raw())
        assert counted.wait(60)
        go.set()
        assert upstream.left.acquire(timeout=60)
        assert upstream.ended == [False]
        assert counts.spent.output >= 1, "what it had got is estimated"


def test_a_silent_provider_is_given_up(upstream: Upstream) -> None:
    never = threading.Event()
    upstream.answer = lambda seen: [never]
    with proxy(upstream, idle_seconds=0.2) as (served, client):
        answer = client.post("/claude/v1/messages", json=CHAT)
        assert served.last_fault is Fault.NETWORK
        never.set()
    assert answer.status_code == 504
    assert answer.json()["type"] == "error"


def test_a_cut_stream_is_not_taken_for_whole(upstream: Upstream) -> None:
    upstream.answer = lambda seen: stream('data: {"choices":[{"delta":{"content":"a"}}]}\n\n', ends=False)
    with proxy(upstream) as (served, client):
        with pytest.raises(httpx.RemoteProtocolError):
            client.post("/chat/chat/completions", json={**CHAT, "stream": True})
        assert served.last_fault is Fault.NETWORK


def test_an_endless_answer_is_cut(upstream: Upstream) -> None:
    size = 70 * 2**20
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % size
    upstream.answer = lambda seen: [head, *[b" " * 2**20] * 70]
    sizes: list[int] = []
    with proxy(upstream) as (served, client):
        with (
            client.stream("POST", "/chat/chat/completions", json=CHAT) as answer,
            pytest.raises(httpx.RemoteProtocolError),
        ):
            sizes.extend(map(len, answer.iter_raw()))
        assert served.last_fault is Fault.NETWORK
    assert 60 * 2**20 < sum(sizes) < 65 * 2**20


def test_a_hundred_streams_run_at_once(upstream: Upstream) -> None:
    counts = Meter(Limits(), prices=GenaiPrices({}))
    all_there = threading.Barrier(100, timeout=60)
    event = 'data: {"choices":[{"delta":{"content":"a"}}]}\n\n'
    last = 'data: {"choices":[],"usage":{"prompt_tokens":2,"completion_tokens":3}}\n\n'

    def answer(seen: Seen) -> list[Any]:
        all_there.wait()
        return stream(*[event] * 5, last, "data: [DONE]\n\n")

    upstream.answer = answer

    async def all_at_once(path: Path) -> list[str]:
        limits = httpx.Limits(max_connections=None)
        transport = httpx.AsyncHTTPTransport(uds=str(path), limits=limits)
        async with httpx.AsyncClient(transport=transport, timeout=60) as client:
            body = {**CHAT, "stream": True}
            calls = [client.post("http://x/chat/chat/completions", json=body) for _ in range(100)]
            return [answer.text for answer in await asyncio.gather(*calls)]

    with proxy(upstream, counts) as (served, _):
        texts = asyncio.run(all_at_once(served.socket))
    assert set(texts) == {event * 5 + "data: [DONE]\n\n"}
    assert counts.spent == Usage(input=200, output=300, usd=counts.spent.usd, total=True)


def test_closing_ends_what_is_under_way_and_leaves_nothing(upstream: Upstream) -> None:
    never = threading.Event()
    upstream.answer = lambda seen: [never]
    threads = set(threading.enumerate())
    with proxy(upstream) as (served, _):
        path = served.socket
        folder = path.parent
        assert (folder.stat().st_mode & 0o777, path.is_socket(), len(os.fsencode(path)) < 108) == (0o700, True, True)
        with socket.socket(socket.AF_UNIX) as link:
            link.connect(str(path))
            link.sendall(b"GET /chat/models HTTP/1.1\r\nhost: x\r\n\r\n")
            assert upstream.came.acquire(timeout=60)
            served.close()
            link.settimeout(60)
            assert link.recv(1) == b"", "the client hears of it"
        served.close()
    never.set()
    assert not folder.exists()
    assert [one.name for one in set(threading.enumerate()) - threads if "linestop" in one.name] == []


def test_the_folder_of_a_killed_proxy_is_swept_and_that_of_a_living_one_is_not(
    upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    dead, young, other = (tmp_path / f"linestop-model-{name}" for name in ("dead", "young", "other"))
    for folder in (dead, young, other):
        folder.mkdir()
        (folder / "model").touch()
    (other / "thesis.txt").touch()
    for folder in (dead, other):
        os.utime(folder, (1, 1))
    with proxy(upstream) as (first, client):
        os.utime(first.socket.parent, (1, 1))
        with proxy(upstream) as (second, _):
            assert second.socket.parent.parent == tmp_path
        assert client.post("/chat/chat/completions", json=CHAT).status_code == 200
    assert sorted(one.name for one in tmp_path.iterdir()) == ["linestop-model-other", "linestop-model-young"]
