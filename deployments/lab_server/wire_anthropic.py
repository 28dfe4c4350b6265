"""The wire of Anthropic's messages."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from linestop.deployments.lab_server.asking import Ask, Offer, dict_of, dicts_in, offer_of, text_in, told_of
from linestop.deployments.lab_server.replies import Refusal, Reply, ToolCall, new_id, pieces
from linestop.scenarios import FaultKind

_REFUSED = {
    FaultKind.RATE_LIMIT: (429, "rate_limit_error", "This request would exceed your account's rate limit."),
    FaultKind.OVERLOAD: (529, "overloaded_error", "Overloaded"),
    FaultKind.AUTH: (401, "authentication_error", "invalid x-api-key"),
}


class Anthropic:
    """`POST /v1/messages`."""

    def ask(self, body: dict[str, Any], path: str) -> Ask:
        """Read a request."""
        del path
        tools: dict[str, Offer] = {}
        for tool in dicts_in(body.get("tools")):
            tools |= offer_of(tool.get("name"), tool.get("input_schema"))
        messages = dicts_in(body.get("messages"))
        return Ask(
            model=str(body.get("model", "")),
            told=told_of((one.get("role") == "assistant", text_in(one.get("content"))) for one in messages),
            system=text_in(body.get("system")),
            tools=tools,
            stream=body.get("stream") is True,
            thinks=dict_of(body.get("thinking")).get("type") in {"enabled", "adaptive"},
            wants_json="format" in dict_of(body.get("output_config")),
        )

    def whole(self, reply: Reply) -> dict[str, Any]:
        """Return an answer as one object."""
        return {
            **_head(reply),
            "content": _blocks(reply),
            "stop_reason": _stop(reply),
            "usage": {**_usage_in(reply), "output_tokens": reply.usage.output},
        }

    def stream(self, ask: Ask, reply: Reply) -> Iterator[bytes]:
        """Yield an answer as server-sent events."""
        del ask
        start = {**_head(reply), "content": [], "usage": {**_usage_in(reply), "output_tokens": 1}}
        yield _frame("message_start", {"message": start})
        yield _frame("ping", {})
        for index, block in enumerate(_blocks(reply)):
            yield _frame("content_block_start", {"index": index, "content_block": _opening(block)})
            for delta in _deltas(block):
                yield _frame("content_block_delta", {"index": index, "delta": delta})
            yield _frame("content_block_stop", {"index": index})
        ending = {"delta": {"stop_reason": _stop(reply), "stop_sequence": None}}
        yield _frame("message_delta", {**ending, "usage": {"output_tokens": reply.usage.output}})
        yield _frame("message_stop", {})

    def refusal(self, reply: Reply) -> Refusal:
        """Return the error of a reply's fault."""
        kind = reply.fault.kind if reply.fault else FaultKind.SERVER_ERROR
        if kind is FaultKind.CONTEXT:
            message = f"prompt is too long: {reply.window + 1000} tokens > {reply.window} maximum"
            return _error(400, "invalid_request_error", message)
        seconds = reply.fault.reset_seconds if reply.fault else 0
        return _error(*_REFUSED.get(kind, (500, "api_error", "Internal server error")), headers=_limits(kind, seconds))

    def bad_request(self, message: str, status: int = 400) -> Refusal:
        """Return the error of a request that can't be read."""
        return _error(status, "invalid_request_error", message)


def _error(status: int, type_: str, message: str, headers: dict[str, str] | None = None) -> Refusal:
    request_id = new_id("req_")
    body = {"type": "error", "error": {"type": type_, "message": message}, "request_id": request_id}
    return Refusal(status, body, {"request-id": request_id, **(headers or {})})


def _limits(kind: FaultKind, seconds: float) -> dict[str, str]:
    if kind is FaultKind.OVERLOAD:
        return {"retry-after": f"{seconds:g}"}
    if kind is not FaultKind.RATE_LIMIT:
        return {}
    reset = (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "retry-after": f"{seconds:g}",
        "anthropic-ratelimit-requests-limit": "50",
        "anthropic-ratelimit-requests-remaining": "0",
        "anthropic-ratelimit-requests-reset": reset,
        "anthropic-ratelimit-tokens-limit": "50000",
        "anthropic-ratelimit-tokens-remaining": "0",
        "anthropic-ratelimit-tokens-reset": reset,
    }


def _head(reply: Reply) -> dict[str, Any]:
    head = {"id": new_id("msg_"), "type": "message", "role": "assistant", "model": reply.model}
    return {**head, "stop_reason": None, "stop_sequence": None}


def _stop(reply: Reply) -> str:
    return "tool_use" if reply.calls else "end_turn"


def _usage_in(reply: Reply) -> dict[str, Any]:
    """Return the input side; on this wire what was cached isn't counted as input."""
    usage = reply.usage
    return {
        "input_tokens": max(0, usage.input - usage.cache_read - usage.cache_write),
        "cache_read_input_tokens": usage.cache_read,
        "cache_creation_input_tokens": usage.cache_write,
        "service_tier": "standard",
    }


def _blocks(reply: Reply) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = []
    if reply.think:
        blocks.append({"type": "thinking", "thinking": reply.think, "signature": "c2NyaXB0ZWQ="})
    if reply.say or not reply.calls:
        blocks.append({"type": "text", "text": reply.say})
    return blocks + [_tool_use(call) for call in reply.calls]


def _tool_use(call: ToolCall) -> dict[str, Any]:
    arguments = {"input": call.text} if call.text is not None else dict(call.args)
    return {"type": "tool_use", "id": new_id("toolu_"), "name": call.name, "input": arguments}


def _opening(block: dict[str, Any]) -> dict[str, Any]:
    empty: dict[str, Any] = {"thinking": "", "signature": "", "text": "", "input": {}}
    return {key: empty.get(key, value) if key != "type" else value for key, value in block.items()}


def _deltas(block: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if block["type"] == "text":
        yield from ({"type": "text_delta", "text": piece} for piece in pieces(block["text"]))
    elif block["type"] == "thinking":
        yield from ({"type": "thinking_delta", "thinking": piece} for piece in pieces(block["thinking"]))
        yield {"type": "signature_delta", "signature": block["signature"]}
    else:
        yield from ({"type": "input_json_delta", "partial_json": one} for one in pieces(json.dumps(block["input"])))


def _frame(event: str, value: dict[str, Any]) -> bytes:
    return f"event: {event}\ndata: {json.dumps({'type': event, **value})}\n\n".encode()
