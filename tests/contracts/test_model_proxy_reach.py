"""The model proxy is the only way out of a sandbox: a provider is not asked to go elsewhere in an agent's stead."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from linestop.blocks.model_proxy.proxy import ModelProxy
from linestop.blocks.model_proxy.requests import BadRequestError, read_request
from linestop.blocks.prices import GenaiPrices
from linestop.engines import Endpoint, Wire
from linestop.ports import Limits
from linestop.spending import Meter
from tests.contracts.canned_upstream import Upstream, canned_upstream, reply

CHAT, RESPONSES, CLAUDE, GEMINI = Wire.OPENAI_CHAT, Wire.OPENAI_RESPONSES, Wire.ANTHROPIC, Wire.GEMINI
FUNCTION = {"type": "function", "name": "web_search", "parameters": {"type": "object", "properties": {"url": {}}}}
AWAY = "https://evil.example/?q=secret"
THEIRS = {"type": "container_auto"}
PIXEL = "data:image/png;base64,iVBORw0KGgo="


def said(*parts: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "content": list(parts)}]


def raw(body: Any) -> bytes:
    return body if isinstance(body, bytes) else json.dumps({"model": "m", **body}).encode()


ERRANDS = [
    pytest.param(RESPONSES, {"tools": [{"type": "web_search"}]}, id="openai-search"),
    pytest.param(RESPONSES, {"tools": [FUNCTION, {"type": "web_search_preview_2025_03_11"}]}, id="openai-preview"),
    pytest.param(RESPONSES, {"tools": [{"type": "mcp", "server_url": AWAY}]}, id="openai-mcp"),
    pytest.param(RESPONSES, {"tools": [{"type": "code_interpreter"}]}, id="openai-code"),
    pytest.param(RESPONSES, {"tools": [{"type": "file_search", "vector_store_ids": ["v"]}]}, id="stored-files"),
    pytest.param(RESPONSES, {"tools": [{"type": "shell", "environment": THEIRS}]}, id="their-shell"),
    pytest.param(RESPONSES, {"tools": [{"type": "namespace", "tools": [{"type": "mcp"}]}]}, id="in-a-namespace"),
    pytest.param(RESPONSES, {"input": [{"type": "tool_search_output", "tools": [{"type": "mcp"}]}]}, id="found-later"),
    pytest.param(RESPONSES, {"input": said({"type": "input_image", "image_url": AWAY})}, id="an-image"),
    pytest.param(RESPONSES, {"input": said({"type": "input_file", "file_url": "HTTP:evil.example"})}, id="a-file"),
    pytest.param(
        RESPONSES,
        {"input": [{"type": "function_call_output", "output": [{"type": "input_image", "image_url": AWAY}]}]},
        id="an-image-in-a-result",
    ),
    pytest.param(CHAT, {"web_search_options": {}}, id="chat-search"),
    pytest.param(CHAT, {"plugins": [{"id": "web"}]}, id="gateway-plugin"),
    pytest.param(CHAT, {"tools": [{"type": "openrouter:web_search"}]}, id="gateway-tool"),
    pytest.param(CHAT, {"api_base": AWAY}, id="a-gateway-sent-elsewhere"),
    pytest.param(CHAT, {"model": "openai/gpt-5:online"}, id="gateway-model"),
    pytest.param(CHAT, {"model": "gpt-4o-search-preview"}, id="a-model-that-searches"),
    pytest.param(CHAT, {"messages": said({"type": "image_url", "image_url": {"url": " " + AWAY}})}, id="chat-image"),
    pytest.param(CHAT, {"messages": said({"type": "file", "file": {"file_data": AWAY}})}, id="chat-file"),
    pytest.param(CHAT, {"Tools": [{"type": "web_search"}]}, id="another-spelling"),
    pytest.param(CHAT, b'{"model": "m", "tools": [{"type": "mcp"}], "tools": []}', id="said-twice"),
    pytest.param(CLAUDE, {"tools": [{"type": "web_fetch_20250910", "name": "web_fetch"}]}, id="anthropic-fetch"),
    pytest.param(CLAUDE, {"tools": [{"type": "web_search_20250305", "name": "x"}]}, id="anthropic-search"),
    pytest.param(CLAUDE, {"tools": [{"type": "code_execution_20250825", "name": "x"}]}, id="anthropic-code"),
    pytest.param(CLAUDE, {"mcp_servers": [{"type": "url", "url": AWAY}]}, id="anthropic-mcp"),
    pytest.param(
        CLAUDE,
        {"messages": said({"type": "tool_result", "content": [{"type": "image", "source": {"url": AWAY}}]})},
        id="anthropic-image-in-a-result",
    ),
    pytest.param(GEMINI, {"tools": [{"functionDeclarations": []}, {"googleSearch": {}}]}, id="gemini-search"),
    pytest.param(GEMINI, {"tools": [{"url_context": {}}]}, id="gemini-fetch"),
    pytest.param(GEMINI, {"tools": {"codeExecution": {}}}, id="gemini-code"),
    pytest.param(GEMINI, {"contents": [{"parts": [{"fileData": {"fileUri": AWAY}}]}]}, id="gemini-file"),
]  # fmt: skip


@pytest.mark.parametrize(("wire", "body"), ERRANDS)
def test_a_provider_is_sent_on_no_errand(wire: Wire, body: Any) -> None:
    with pytest.raises(BadRequestError, match=r"asked to reach|twice"):
        read_request(wire, raw(body))
    if not isinstance(body, bytes):
        assert read_request(wire, raw(body), web=True).came == raw(body), "where the policy opens the network"


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with canned_upstream() as found:
        found.answer = lambda seen: [reply({"usage": {"prompt_tokens": 1, "completion_tokens": 1}})]
        yield found


@pytest.mark.parametrize(("web", "status"), [(False, 400), (True, 200)], ids=["confined", "open"])
def test_the_refusal_is_final_and_says_why(upstream: Upstream, *, web: bool, status: int) -> None:
    ends = {"chat": Endpoint(url=f"{upstream.url}/v1")}
    with ModelProxy(ends, meter=Meter(Limits(), prices=GenaiPrices({})), web=web) as proxy:
        transport = httpx.HTTPTransport(uds=str(proxy.socket))
        with httpx.Client(transport=transport, base_url="http://127.0.0.1:8377", timeout=20) as client:
            answer = client.post("/chat/responses", content=raw({"tools": [{"type": "web_search"}]}))
    assert (answer.status_code, len(upstream.seen)) == (status, web)
    assert web or "reach the tool 'web_search' of its own, and the sandbox's network is not open" in answer.text


@pytest.mark.parametrize(
    ("wire", "body"),
    [
        pytest.param(CHAT, {"tools": [{"type": "function", "function": FUNCTION}]}, id="a-tool-of-the-agent"),
        pytest.param(RESPONSES, {"tools": [FUNCTION, {"type": "custom"}, {"type": "local_shell"}]}, id="codex"),
        pytest.param(CLAUDE, {"tools": [{"name": "WebFetch"}, {"type": "bash_20250124", "name": "bash"}]}, id="claude"),
        pytest.param(GEMINI, {"tools": [{"functionDeclarations": [{"name": "google_web_search"}]}]}, id="gemini"),
        pytest.param(CHAT, {"messages": said({"type": "image_url", "image_url": {"url": PIXEL}})}, id="its-own-image"),
        pytest.param(
            CLAUDE,
            {"messages": said({"type": "tool_use", "input": {"type": "mcp", "tools": [{"type": "mcp"}], "url": AWAY}})},
            id="a-call-with-a-url",
        ),
        pytest.param(CHAT, {"messages": said({"type": "text", "text": f"see {AWAY}"})}, id="a-url-in-the-text"),
    ],
)
def test_what_an_agent_does_itself_is_nobodys_errand(wire: Wire, body: Any) -> None:
    assert read_request(wire, raw(body)).came == raw(body)
