"""What the model proxy counts: exactly what each wire says, streamed and not, and an estimate where it says nothing."""

import json
from collections.abc import Iterator
from typing import Any, Self

import httpx
import pytest

from linestop.blocks.model_proxy.proxy import ModelProxy
from linestop.blocks.prices import GenaiPrices
from linestop.deployments.lab_server import ScriptedServer
from linestop.engines import Endpoint, Wire
from linestop.events import Fault, Usage
from linestop.ports import Limits
from linestop.scenarios import Scenario
from linestop.spending import Meter
from tests.contracts.canned_upstream import Answer, Seen, Upstream, canned_upstream, reply, stream


def sse(*answers: Any, named: bool = False) -> list[str]:
    """Return answers as events, with their type as the event's name where the wire does so."""
    head = "event: {}\n" if named else "{}"
    return [head.format(one["type"] if named else "") + f"data: {json.dumps(one)}\n\n" for one in answers]


CHAT_USAGE = {
    "prompt_tokens": 1200,
    "completion_tokens": 80,
    "total_tokens": 1280,
    "prompt_tokens_details": {"cached_tokens": 1024, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 64},
}
CHAT_CHUNK = {"id": "c1", "object": "chat.completion.chunk", "model": "gpt-5", "usage": None}
RESPONSES_USAGE = {
    "input_tokens": 900,
    "input_tokens_details": {"cached_tokens": 512},
    "output_tokens": 40,
    "output_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": 940,
}
CLAUDE_START = {
    "input_tokens": 25,
    "cache_creation_input_tokens": 100,
    "cache_read_input_tokens": 3000,
    "output_tokens": 1,
    "service_tier": "standard",
}
GEMINI_USAGE = {
    "promptTokenCount": 500,
    "cachedContentTokenCount": 200,
    "candidatesTokenCount": 30,
    "thoughtsTokenCount": 12,
    "toolUsePromptTokenCount": 8,
    "totalTokenCount": 550,
}
WIRES: dict[str, tuple[str, list[Answer], Usage]] = {
    "chat": (
        "chat/chat/completions",
        [reply({"id": "c1", "model": "gpt-5", "choices": [{"message": {"content": "x"}}], "usage": CHAT_USAGE})],
        Usage(input=1200, output=80, cache_read=1024),
    ),
    "chat-streamed": (
        "chat/chat/completions",
        stream(
            *sse(
                {**CHAT_CHUNK, "choices": [{"index": 0, "delta": {"role": "assistant", "content": "x"}}]},
                {**CHAT_CHUNK, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
                {**CHAT_CHUNK, "choices": [], "usage": CHAT_USAGE},
            ),
            "data: [DONE]\n\n",
        ),
        Usage(input=1200, output=80, cache_read=1024),
    ),
    "chat-openrouter": (
        "chat/chat/completions",
        stream(
            ": OPENROUTER PROCESSING\n\n",
            *sse({**CHAT_CHUNK, "choices": [{"delta": {"content": ""}}], "usage": {**CHAT_USAGE, "cost": 0.5}}),
            "data: [DONE]\n\n",
        ),
        Usage(input=1200, output=80, cache_read=1024),
    ),
    "responses": (
        "chat/responses",
        [reply({"id": "r1", "object": "response", "status": "completed", "output": [], "usage": RESPONSES_USAGE})],
        Usage(input=900, output=40, cache_read=512),
    ),
    "responses-streamed": (
        "chat/responses",
        stream(
            *sse(
                {"type": "response.created", "response": {"id": "r1", "usage": None}},
                {"type": "response.output_text.delta", "delta": 'he said "usage": {"input_tokens": 1}'},
                {"type": "response.completed", "response": {"id": "r1", "usage": RESPONSES_USAGE, "error": None}},
                named=True,
            )
        ),
        Usage(input=900, output=40, cache_read=512),
    ),
    "anthropic": (
        "claude/v1/messages",
        [reply({"type": "message", "content": [], "usage": {**CLAUDE_START, "output_tokens": 77}})],
        Usage(input=3125, output=77, cache_read=3000, cache_write=100),
    ),
    "anthropic-streamed": (
        "claude/v1/messages?beta=true",
        stream(
            *sse(
                {"type": "message_start", "message": {"id": "m", "usage": CLAUDE_START}},
                {"type": "ping"},
                {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "x"}},
                {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 77}},
                {"type": "message_stop"},
                named=True,
            )
        ),
        Usage(input=3125, output=77, cache_read=3000, cache_write=100),
    ),
    "gemini": (
        "gemini/v1beta/models/gemini-2.5-pro:generateContent",
        [reply({"candidates": [{"finishReason": "STOP"}], "usageMetadata": GEMINI_USAGE})],
        Usage(input=508, output=42, cache_read=200),
    ),
    "gemini-streamed": (
        "gemini/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse",
        stream(
            *[
                line.replace("\n", "\r\n")
                for line in sse(
                    {"candidates": [{"content": {}}], "usageMetadata": {"promptTokenCount": 500}},
                    {"candidates": [{"finishReason": "STOP"}], "usageMetadata": GEMINI_USAGE},
                )
            ]
        ),
        Usage(input=508, output=42, cache_read=200),
    ),
    "gemini-streamed-as-an-array": (
        "gemini/v1beta/models/gemini-2.5-pro:streamGenerateContent",
        [reply([{"candidates": []}, {"candidates": [{"finishReason": "STOP"}], "usageMetadata": GEMINI_USAGE}])],
        Usage(input=508, output=42, cache_read=200),
    ),
}
MODELS = {"chat": "gpt-5", "claude": "claude-sonnet-4-5", "gemini": "gemini-2.5-pro"}


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with canned_upstream() as found:
        yield found


class Told:
    """A meter, a proxy and a client; `told` is what the meter was given, in order."""

    def __init__(self, url: str, **limits: Any) -> None:
        self.told: list[tuple[str, Usage]] = []
        self.meter = Meter(
            Limits(**limits), prices=GenaiPrices({}), told=lambda model, usage: self.told.append((model, usage))
        )
        self.proxy = ModelProxy(
            {
                "chat": Endpoint(url=f"{url}/v1", provider="openai"),
                "claude": Endpoint(url=url, wire=Wire.ANTHROPIC, provider="anthropic"),
                "gemini": Endpoint(url=url, wire=Wire.GEMINI, provider="google"),
            },
            meter=self.meter,
            environ={},
        )

    def __enter__(self) -> Self:
        self.proxy.__enter__()
        transport = httpx.HTTPTransport(uds=str(self.proxy.socket))
        self.client = httpx.Client(transport=transport, base_url="http://p", timeout=60)
        return self

    def __exit__(self, *error: object) -> None:
        self.client.close()
        self.proxy.close()

    def post(self, path: str, **more: Any) -> httpx.Response:
        model = MODELS[path.split("/", 1)[0]]
        return self.client.post(f"/{path}", json={"model": model, "messages": [], **more})


@pytest.mark.parametrize("name", WIRES)
def test_usage_is_exactly_what_the_wire_says(upstream: Upstream, name: str) -> None:
    path, answer, usage = WIRES[name]
    upstream.answer = lambda seen: answer
    streamed = {"stream": True, "stream_options": {"include_usage": True}} if "streamed" in name else {}
    with Told(upstream.url) as proxy:
        got = proxy.post(path, **streamed)
        ((model, counted),) = proxy.told
        assert proxy.proxy.last_fault is None
    assert model == MODELS[path.split("/", 1)[0]]
    assert counted.model_copy(update={"usd": None}) == usage
    assert counted.usd == GenaiPrices({}).usd(model, usage, provider={"claude": "anthropic"}.get(path[:6], ""))
    assert got.content == body_of(answer), "the bytes pass unchanged"


def body_of(answer: list[Answer]) -> bytes:
    raw = b"".join(one for one in answer if isinstance(one, bytes))
    head, _, body = raw.partition(b"\r\n\r\n")
    if b"chunked" not in head:
        return body
    whole = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        whole, body = whole + body[: int(size, 16)], body[int(size, 16) + 2 :]
    return whole


@pytest.mark.parametrize("size", [1, 7, 1000], ids=["byte-by-byte", "torn", "whole"])
def test_usage_is_read_however_the_stream_is_cut_into_chunks(upstream: Upstream, size: int) -> None:
    path, answer, usage = WIRES["anthropic-streamed"]
    whole = body_of(answer)
    upstream.answer = lambda seen: stream(*[whole[at : at + size] for at in range(0, len(whole), size)])
    with Told(upstream.url) as proxy:
        assert proxy.post(path, stream=True).content == whole
        assert proxy.told[0][1].model_copy(update={"usd": None}) == usage


def test_usage_is_asked_for_in_a_chat_stream_and_taken_out_where_the_client_did_not_ask(upstream: Upstream) -> None:
    path, answer, usage = WIRES["chat-streamed"]
    upstream.answer = lambda seen: answer
    with Told(upstream.url) as proxy:
        got = proxy.post(path, stream=True, temperature=1e2)
        asked = proxy.post(path, stream=True, stream_options={"include_obfuscation": False})
        assert [one.model_copy(update={"usd": None}) for _, one in proxy.told] == [usage, usage]
    assert upstream.seen[0].json["stream_options"] == {"include_usage": True}
    assert upstream.seen[1].json["stream_options"] == {"include_obfuscation": False, "include_usage": True}
    assert got.text == asked.text
    events = [one for one in got.text.split("\n\n") if one]
    assert len(events) == 3
    assert events[-1] == "data: [DONE]"
    assert all(json.loads(one[6:])["choices"] for one in events[:-1])


def test_an_endpoint_that_knows_no_stream_options_is_asked_again_without(upstream: Upstream) -> None:
    def answer(seen: Seen) -> list[Answer]:
        if "stream_options" in seen.json:
            return [reply({"error": {"message": "unknown field: stream_options"}}, 422)]
        return stream(*sse({"choices": [{"delta": {"content": "a"}}]}) * 9, "data: [DONE]\n\n")

    upstream.answer = answer
    with Told(upstream.url) as proxy:
        assert proxy.post("chat/chat/completions", stream=True).status_code == 200
        assert proxy.post("chat/chat/completions", stream=True).status_code == 200
        assert all(9 <= usage.output <= 12 for _, usage in proxy.told), "a token an event, where nothing is said"
        assert len(proxy.told) == 2
    assert ["stream_options" in seen.json for seen in upstream.seen] == [True, False, False]


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        pytest.param(
            stream(*sse({"type": "message_start", "message": {"usage": CLAUDE_START}}, {"type": "ping"})),
            Fault.NETWORK,
            id="ends-in-the-middle",
        ),
        pytest.param(
            stream(*sse({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}})),
            Fault.OVERLOAD,
            id="error-in-the-stream",
        ),
        pytest.param(stream("data: {torn\n\n", "data: \x00\n\n"), Fault.MALFORMED, id="no-json"),
        pytest.param([reply({"usage": {"input_tokens": "many", "output_tokens": -7}})], None, id="odd-numbers"),
        pytest.param([reply({"usage": [1]})], None, id="usage-of-another-kind"),
        pytest.param([reply(b'{"usage": {"input_tokens": NaN, "output_tokens": 1e400}}')], None, id="no-numbers"),
    ],
)
def test_an_answer_that_is_none_is_counted_and_named(
    upstream: Upstream, answer: list[Answer], fault: Fault | None
) -> None:
    upstream.answer = lambda seen: answer
    with Told(upstream.url) as proxy:
        proxy.post("claude/v1/messages", stream=True)
        ((_, usage),) = proxy.told
        assert proxy.proxy.last_fault is fault
    assert usage.input >= 0


def test_what_says_nothing_is_estimated_from_its_size(upstream: Upstream) -> None:
    upstream.answer = lambda seen: [reply({"choices": [{"message": {"content": "x" * 4_000}}]})]
    with Told(upstream.url) as proxy:
        proxy.post("chat/chat/completions", messages=["y" * 8_000])
        ((_, usage),) = proxy.told
    assert 2_000 <= usage.input < 2_050
    assert 1_000 <= usage.output < 1_050


@pytest.mark.parametrize(
    "usage",
    [
        pytest.param({"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}, id="nothing"),
        pytest.param({"prompt_tokens": -8_000, "completion_tokens": -1}, id="below-nothing"),
        pytest.param({"prompt_tokens": "8000", "completion_tokens": "many"}, id="words"),
    ],
)
def test_usage_that_can_not_be_true_is_estimated_too(upstream: Upstream, usage: dict[str, Any]) -> None:
    answer = {"choices": [{"message": {"content": "x" * 4_000}}], "usage": usage}
    upstream.answer = lambda seen: [reply(answer)]
    with Told(upstream.url) as proxy:
        proxy.post("chat/chat/completions", messages=["y" * 8_000])
        ((_, counted),) = proxy.told
    assert 2_000 <= counted.input < 2_100
    assert 1_000 <= counted.output < 1_100


def test_an_embedding_has_no_answer_to_count(upstream: Upstream) -> None:
    upstream.answer = lambda seen: [reply({"data": [0.25] * 2_000, "usage": {"prompt_tokens": 9, "total_tokens": 9}})]
    with Told(upstream.url) as proxy:
        proxy.post("chat/embeddings", input="y" * 36)
        ((_, counted),) = proxy.told
    assert (counted.input, counted.output) == (9, 0)


@pytest.mark.parametrize("path", ["claude/v1/messages/count_tokens", "gemini/v1beta/models/gemini-2.5-pro:countTokens"])
def test_counting_tokens_is_free_and_allowed_with_a_spent_budget(upstream: Upstream, path: str) -> None:
    upstream.answer = lambda seen: [reply({"input_tokens": 99, "totalTokens": 99})]
    with Told(upstream.url, turns=1) as proxy:
        proxy.post("claude/v1/messages")
        assert proxy.post("claude/v1/messages").status_code == 400
        assert proxy.post(path).status_code == 200
        assert proxy.client.get("/chat/models").status_code == 200
        assert len(proxy.told) == 1


def test_an_error_costs_nothing(upstream: Upstream) -> None:
    upstream.answer = lambda seen: [reply({"error": {"message": "no"}}, 500)]
    with Told(upstream.url) as proxy:
        proxy.post("chat/chat/completions")
        assert proxy.told == []


CALLS = [{"do": "run", "command": "true"}]
SCENARIO = Scenario.model_validate(
    {"name": "one-call", "turns": [{"say": "so", "calls": CALLS, "usage": {"input": 321, "output": 45}}]}
)
TOOL = {"name": "bash", "description": "run", "parameters": {"type": "object", "properties": {"command": {}}}}
ASKED: dict[str, dict[str, Any]] = {
    "chat/v1/chat/completions": {
        "messages": [{"role": "user", "content": "go"}],
        "tools": [{"type": "function", "function": TOOL}],
    },
    "chat/v1/responses": {"input": "go", "tools": [{"type": "function", **TOOL}]},
    "claude/v1/messages": {
        "max_tokens": 99,
        "messages": [{"role": "user", "content": "go"}],
        "tools": [{"name": "bash", "input_schema": TOOL["parameters"]}],
    },
    "gemini/v1beta/models/gemini-2.5-pro:generateContent": {
        "contents": [{"role": "user", "parts": [{"text": "go"}]}],
        "tools": [{"functionDeclarations": [TOOL]}],
    },
    "gemini/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse": {
        "contents": [{"role": "user", "parts": [{"text": "go"}]}],
        "tools": [{"functionDeclarations": [TOOL]}],
    },
}


@pytest.fixture(scope="module")
def lab() -> Iterator[ScriptedServer]:
    with ScriptedServer(SCENARIO) as server:
        yield server


@pytest.mark.parametrize("streams", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize("path", ASKED)
def test_the_lab_servers_usage_is_counted_on_every_wire(lab: ScriptedServer, path: str, streams: bool) -> None:
    extra = {} if path.startswith("gemini") else {"model": MODELS[path.split("/", maxsplit=1)[0]], "stream": streams}
    with Told(lab.url) as proxy:
        got = proxy.client.post(f"/{path}", json={**ASKED[path], **extra})
        assert got.status_code == 200, got.text
        ((_, usage),) = proxy.told
    assert (usage.input, usage.output) == (321, 45)
