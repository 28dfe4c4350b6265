"""The scripted server against the providers' own client libraries: whole and streamed answers, and every fault.

Gemini has no client here: its wire is asked as its documentation says; tests/live asks it through Gemini CLI.
"""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from linestop.deployments.lab_server import ScriptedServer
from linestop.events import Usage
from linestop.scenarios import FaultKind, Finish, Run, Scenario, ScriptedFault, Turn

WIRES = ("chat", "responses", "anthropic", "gemini")
SCHEMA = {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]}
USAGE = Usage(input=1000, output=50, cache_read=600)
COMMAND = "printf 'häh?\\n' && echo \"a line longer than one piece of a stream\""

if TYPE_CHECKING:
    import anthropic
    import openai

PLAIN = httpx.Client(trust_env=False)


@dataclass(frozen=True)
class Got:
    """What came back, whatever the wire."""

    text: str = ""
    think: str = ""
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    usage: tuple[int, int, int] = (0, 0, 0)
    stop: str = ""


def server_of(*turns: Turn) -> ScriptedServer:
    return ScriptedServer(Scenario(name="x", turns=turns))


@pytest.fixture(scope="module", autouse=True)
def clients() -> Iterator[None]:
    yield
    for client in (openai_kept(), anthropic_kept(), PLAIN):
        client.close()


@cache
def openai_kept() -> "openai.OpenAI":
    """Return one client for all: making one takes longer than asking it, and loading its library longer still."""
    import openai  # noqa: PLC0415  # only the worker that runs these tests loads it

    return openai.OpenAI(api_key="x")


@cache
def anthropic_kept() -> "anthropic.Anthropic":
    """Return one client for all, as above."""
    import anthropic  # noqa: PLC0415  # as above

    return anthropic.Anthropic(api_key="x")


def openai_client(url: str, **options: Any) -> "openai.OpenAI":
    return openai_kept().with_options(base_url=url + "/v1", **{"max_retries": 0, **options})


def chat(url: str, said: str, *, stream: bool, **options: Any) -> Got:
    tool: Any = {"type": "function", "function": {"name": "bash", "parameters": SCHEMA}}
    asked: Any = {"model": "m", "messages": [{"role": "user", "content": said}], "tools": [tool]}
    client = openai_client(url, **options)
    if stream:
        with client.chat.completions.stream(**asked, stream_options={"include_usage": True}) as events:
            done: Any = events.until_done().get_final_completion()
    else:
        done = client.chat.completions.create(**asked)
    message = done.choices[0].message
    calls = [(one.function.name, json.loads(one.function.arguments)) for one in message.tool_calls or ()]
    cached = done.usage.prompt_tokens_details.cached_tokens
    usage = (done.usage.prompt_tokens, done.usage.completion_tokens, cached)
    think = getattr(message, "reasoning_content", "")
    return Got(message.content or "", think, calls, usage, done.choices[0].finish_reason)


def responses(url: str, said: str, *, stream: bool, **options: Any) -> Got:
    asked: Any = {"model": "m", "input": said, "tools": [{"type": "function", "name": "bash", "parameters": SCHEMA}]}
    client = openai_client(url, **options)
    if stream:
        with client.responses.stream(**asked) as events:
            done: Any = events.get_final_response()
    else:
        done = client.responses.create(**asked)
    calls = [(one.name, json.loads(one.arguments)) for one in done.output if one.type == "function_call"]
    think = "".join(part.text for one in done.output if one.type == "reasoning" for part in one.summary)
    usage = (done.usage.input_tokens, done.usage.output_tokens, done.usage.input_tokens_details.cached_tokens)
    return Got(done.output_text, think, calls, usage, "tool_calls" if calls else "stop")


def claude(url: str, said: str, *, stream: bool, **options: Any) -> Got:
    tool: Any = {"name": "bash", "input_schema": SCHEMA}
    asked: Any = {
        "model": "m",
        "max_tokens": 4096,
        "messages": [{"role": "user", "content": said}],
        "tools": [tool],
        "thinking": {"type": "enabled", "budget_tokens": 1024},
    }
    client = anthropic_kept().with_options(base_url=url, **{"max_retries": 0, **options})
    if stream:
        with client.messages.stream(**asked) as events:
            done: Any = events.get_final_message()
    else:
        done = client.messages.create(**asked)
    calls = [(one.name, one.input) for one in done.content if one.type == "tool_use"]
    think = "".join(one.thinking for one in done.content if one.type == "thinking")
    text = "".join(one.text for one in done.content if one.type == "text")
    read = done.usage.cache_read_input_tokens
    stop = {"tool_use": "tool_calls", "end_turn": "stop"}[done.stop_reason]
    return Got(text, think, calls, (done.usage.input_tokens + read, done.usage.output_tokens, read), stop)


def gemini(url: str, said: str, *, stream: bool, **options: Any) -> Got:
    body = {
        "contents": [{"role": "user", "parts": [{"text": said}]}],
        "tools": [{"functionDeclarations": [{"name": "bash", "parametersJsonSchema": SCHEMA}]}],
        "generationConfig": {"thinkingConfig": {"includeThoughts": True}},
    }
    method = "streamGenerateContent?alt=sse" if stream else "generateContent"
    options.pop("max_retries", None)
    answer = PLAIN.post(f"{url}/v1beta/models/m:{method}", json=body, **options)
    answer.raise_for_status()
    frames = [line.removeprefix("data: ") for line in answer.text.splitlines() if line.startswith("data: ")]
    chunks = [json.loads(one) for one in (frames if stream else [answer.text])]
    parts = [part for chunk in chunks for part in chunk["candidates"][0]["content"]["parts"]]
    calls = [(part["functionCall"]["name"], part["functionCall"]["args"]) for part in parts if "functionCall" in part]
    text = "".join(part.get("text", "") for part in parts if not part.get("thought"))
    think = "".join(part["text"] for part in parts if part.get("thought"))
    last = chunks[-1]
    used = last["usageMetadata"]
    assert last["candidates"][0]["finishReason"] == "STOP"
    usage = (used["promptTokenCount"], used["candidatesTokenCount"], used["cachedContentTokenCount"])
    return Got(text, think, calls, usage, "tool_calls" if calls else "stop")


ASK: dict[str, Callable[..., Got]] = {"chat": chat, "responses": responses, "anthropic": claude, "gemini": gemini}
streamed = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
on_each_wire = pytest.mark.parametrize("wire", WIRES)


@pytest.fixture(scope="module")
def quiet() -> Iterator[str]:
    """A server that works, then answers; shared by the tests that ask it only once."""
    work = Turn(think="It is wrong.", say="I look, ünd act.", calls=(Run(command=COMMAND),), usage=USAGE)
    with server_of(work, Turn(calls=(Finish(summary="Done."),))) as server:
        yield server.url


@streamed
@on_each_wire
def test_an_answer_arrives_whole_with_its_call_and_its_usage(quiet: str, wire: str, stream: bool) -> None:
    got = ASK[wire](quiet, "mend it", stream=stream)
    assert got == Got(
        "I look, ünd act.", "It is wrong.", [("bash", {"command": COMMAND})], (1000, 50, 600), "tool_calls"
    )


Refused = Callable[..., Any]


@pytest.fixture(scope="module")
def refused() -> Iterator[Refused]:
    """Ask a server that never gets over its fault, and return the client's error; one server for each fault."""
    with ExitStack() as stack:
        urls: dict[tuple[FaultKind, float], str] = {}

        def ask(wire: str, kind: FaultKind, *, stream: bool = False, seconds: float = 7) -> Exception:
            if (kind, seconds) not in urls:
                fault = ScriptedFault(kind=kind, reset_seconds=seconds, times=None)
                urls[kind, seconds] = stack.enter_context(server_of(Turn(say="never said", fault=fault))).url
            timeout = 0.2 if kind is FaultKind.HANG else 20
            with pytest.raises(Exception) as caught:  # noqa: PT011  # each library has its own
                ASK[wire](urls[kind, seconds], "mend it", stream=stream, timeout=timeout)
            return caught.value

        yield ask


STATUS = {
    FaultKind.RATE_LIMIT: (429, 429, 429),
    FaultKind.OVERLOAD: (503, 529, 503),
    FaultKind.SERVER_ERROR: (500, 500, 500),
    FaultKind.AUTH: (401, 401, 401),
    FaultKind.CONTEXT: (400, 400, 400),
}


@pytest.mark.parametrize("kind", STATUS)
@on_each_wire
def test_a_refusal_has_the_status_that_its_wire_gives_it(refused: Refused, wire: str, kind: FaultKind) -> None:
    error = refused(wire, kind)
    status = STATUS[kind][{"anthropic": 1, "gemini": 2}.get(wire, 0)]
    assert error.response.status_code == status
    body = error.response.json()
    assert body["error"]["message"]
    if wire == "gemini":
        assert body["error"]["code"] == status
    if wire == "anthropic":
        assert body["type"] == "error"
        assert body["request_id"] == error.response.headers["request-id"]


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (FaultKind.RATE_LIMIT, "RateLimitError"),
        (FaultKind.AUTH, "AuthenticationError"),
        (FaultKind.SERVER_ERROR, "InternalServerError"),
        (FaultKind.CONTEXT, "BadRequestError"),
    ],
)
def test_the_libraries_know_each_refusal(refused: Refused, kind: FaultKind, error: str) -> None:
    assert {type(refused(wire, kind, stream=True)).__name__ for wire in ("chat", "anthropic")} == {error}


def test_a_rate_limit_says_when_to_come_back_as_each_wire_says_it(refused: Refused) -> None:
    told = refused("anthropic", FaultKind.RATE_LIMIT, seconds=90)
    reset = datetime.fromisoformat(told.response.headers["anthropic-ratelimit-requests-reset"])
    assert 30 < (reset - datetime.now(UTC)).total_seconds() <= 90
    assert told.response.headers["retry-after"] == "90"
    told = refused("chat", FaultKind.RATE_LIMIT, seconds=1.5)
    assert told.response.headers["x-ratelimit-reset-requests"] == "1.5s"
    assert "try again in 1.5s" in told.message
    told = refused("gemini", FaultKind.RATE_LIMIT, seconds=12)
    assert [one["retryDelay"] for one in told.response.json()["error"]["details"] if "retryDelay" in one] == ["12s"]


def test_a_prompt_that_is_too_long_is_told_by_its_code(refused: Refused) -> None:
    told = refused("chat", FaultKind.CONTEXT, stream=True)
    assert told.code == "context_length_exceeded"
    told = refused("anthropic", FaultKind.CONTEXT, stream=True)
    assert "prompt is too long" in told.message
    turn = Turn(fault=ScriptedFault(kind=FaultKind.CONTEXT, times=None))
    with server_of(turn) as server:
        events = list(openai_client(server.url).responses.create(model="m", input="x", stream=True))
    failed: Any = events[-1]
    assert (failed.type, failed.response.error.code) == ("response.failed", "context_length_exceeded")


@streamed
@pytest.mark.parametrize("kind", [FaultKind.CUT, FaultKind.MALFORMED, FaultKind.CRASH, FaultKind.HANG])
@on_each_wire
def test_a_broken_answer_is_an_error_to_the_client(refused: Refused, wire: str, kind: FaultKind, stream: bool) -> None:
    import anthropic  # noqa: PLC0415  # loaded long before, by the clients
    import openai  # noqa: PLC0415

    error = refused(wire, kind, stream=stream)
    assert not isinstance(error, openai.APIStatusError | anthropic.APIStatusError | httpx.HTTPStatusError)
    if kind is FaultKind.CRASH:
        assert "onnection" in str(error) or "reset" in str(error)


@pytest.mark.parametrize("wire", ["chat", "responses", "anthropic"])
def test_a_client_that_asks_again_is_answered_once_the_fault_is_over(wire: str) -> None:
    import anthropic  # noqa: PLC0415  # loaded long before, by the clients
    import openai  # noqa: PLC0415

    fault = ScriptedFault(kind=FaultKind.RATE_LIMIT, reset_seconds=0.01, times=2)
    with server_of(Turn(say="at last", fault=fault)) as server:
        assert ASK[wire](server.url, "mend it", stream=True, max_retries=2).text == "at last"
        assert [one.fault for one in server.requests] == [FaultKind.RATE_LIMIT, FaultKind.RATE_LIMIT, None]
        assert ASK[wire](server.url, "mend it", stream=True).text == "at last"
        with pytest.raises((openai.RateLimitError, anthropic.RateLimitError)):
            ASK[wire](server.url, "another session", stream=True)


def test_fifty_sessions_side_by_side_each_play_their_own_turns() -> None:
    turns = [*(Turn(say=f"turn {n}", calls=(Run(command=f"echo {n}"),)) for n in range(5)), Turn(say="over")]

    def session(number: int) -> list[str]:
        messages: list[dict[str, Any]] = [{"role": "user", "content": f"session {number}"}]
        tool = {"type": "function", "function": {"name": "bash", "parameters": SCHEMA}}
        said: list[str] = []
        with httpx.Client(trust_env=False, timeout=30) as client:
            while not said or said[-1] != "over":
                asked = {"model": "m", "messages": messages, "tools": [tool]}
                message = client.post(f"{url}/v1/chat/completions", json=asked).json()["choices"][0]["message"]
                said.append(message["content"])
                results = [
                    {"role": "tool", "tool_call_id": one["id"], "content": "ok"}
                    for one in message.get("tool_calls", [])
                ]
                messages += [message, *results]
        return said

    with server_of(*turns) as server, ThreadPoolExecutor(50) as pool:
        url = server.url
        assert list(pool.map(session, range(50))) == [[*(f"turn {n}" for n in range(5)), "over"]] * 50
        assert len({one.session for one in server.requests}) == 50


def test_a_tool_that_takes_scripts_is_given_one_for_each_command() -> None:
    """Codex with its newer models offers its tools in the conversation, and its shell inside a script only."""
    tools = [{"type": "namespace", "name": "functions", "tools": [{"type": "custom", "name": "exec"}]}]
    talk = [{"type": "additional_tools", "role": "developer", "tools": tools}, {"role": "user", "content": "go"}]
    with server_of(Turn(calls=(Run(command=COMMAND),))) as model:
        answer = PLAIN.post(model.url + "/v1/responses", json={"model": "m", "input": talk})
    call = answer.json()["output"][-1]
    assert (call["type"], call["name"]) == ("custom_tool_call", "exec")
    asked = call["input"].partition("tools.exec_command(")[2].partition(");\n")[0]
    assert json.loads(asked)["cmd"] == COMMAND
