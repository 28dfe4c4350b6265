"""The wire of OpenAI's responses."""

import json
import time
from collections.abc import Iterator
from typing import Any

from linestop.deployments.lab_server.asking import Ask, Offer, dict_of, dicts_in, is_system, offer_of, text_in, told_of
from linestop.deployments.lab_server.openai_errors import openai_refusal
from linestop.deployments.lab_server.replies import Refusal, Reply, ToolCall, new_id, pieces
from linestop.scenarios import FaultKind

_BY_MODEL = {"function_call", "custom_tool_call", "local_shell_call", "shell_call", "reasoning"}
_SHELLS = {"local_shell", "shell"}


class OpenAiResponses:
    """`POST /v1/responses`."""

    def ask(self, body: dict[str, Any], path: str) -> Ask:
        """Read a request."""
        del path
        items = dicts_in(body.get("input"))
        begun = next((at for at, one in enumerate(items) if _by_model(one)), len(items))
        system = [one for one in items[:begun] if is_system(one)]  # later ones are what hooks say
        said = [one for one in items[:begun] if not is_system(one)] + items[begun:]
        spoken = [(_by_model(one), text_in(one)) for one in said]
        if isinstance(body.get("input"), str):
            spoken = [(False, body["input"])]
        tools: dict[str, Offer] = {}
        for tool in _tools(body, items):
            kind = str(tool.get("type", "function"))
            if kind in {"function", "custom", *_SHELLS}:
                tools |= offer_of(tool.get("name", kind if kind in _SHELLS else None), tool.get("parameters"), kind)
        return Ask(
            model=str(body.get("model", "")),
            told=told_of(spoken),
            system="\n".join([text_in(body.get("instructions")), *map(text_in, system)]),
            tools=tools,
            stream=body.get("stream") is True,
            wants_json=dict_of(dict_of(body.get("text")).get("format")).get("type") in {"json_object", "json_schema"},
        )

    def whole(self, reply: Reply) -> dict[str, Any]:
        """Return an answer as one object."""
        return _response(reply, _items(reply), "completed")

    def stream(self, ask: Ask, reply: Reply) -> Iterator[bytes]:
        """Yield an answer as server-sent events."""
        del ask
        frames, response = _Frames(), _response(reply, [], "in_progress")
        yield frames("response.created", {"response": response})
        yield frames("response.in_progress", {"response": response})
        items = _items(reply)
        for index, item in enumerate(items):
            place = {"output_index": index}
            yield frames("response.output_item.added", {**place, "item": _opening(item)})
            yield from _inside(frames, item, {**place, "item_id": item["id"]})
            yield frames("response.output_item.done", {**place, "item": item})
        done = {**_response(reply, items, "completed"), "id": response["id"]}
        yield frames("response.completed", {"response": done})

    def failed(self, reply: Reply) -> Iterator[bytes]:
        """Yield a stream that fails at once: how this wire tells a prompt that is too long, once it streams."""
        frames, error = _Frames(), openai_refusal(reply).body["error"]
        response = _response(reply, [], "in_progress")
        yield frames("response.created", {"response": response})
        told = {"code": error["code"], "message": error["message"]}
        yield frames("response.failed", {"response": {**response, "status": "failed", "error": told}})

    def refusal(self, reply: Reply) -> Refusal:
        """Return the error of a reply's fault."""
        return openai_refusal(reply)

    def bad_request(self, message: str, status: int = 400) -> Refusal:
        """Return the error of a request that can't be read."""
        error = {"message": message, "type": "invalid_request_error", "param": None, "code": None}
        return Refusal(status, {"error": error})

    def fails_in_stream(self, kind: FaultKind) -> bool:
        """Whether a fault is told inside the stream."""
        return kind is FaultKind.CONTEXT


class _Frames:
    """Numbers the events of a stream."""

    def __init__(self) -> None:
        self._number = -1

    def __call__(self, event: str, value: dict[str, Any]) -> bytes:
        self._number += 1
        body = {"type": event, "sequence_number": self._number, **value}
        return f"event: {event}\ndata: {json.dumps(body)}\n\n".encode()


def _tools(body: dict[str, Any], items: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the tools that are offered: beside the conversation, or in it, there in namespaces."""
    added = (tool for one in items if one.get("type") == "additional_tools" for tool in dicts_in(one.get("tools")))
    for tool in (*dicts_in(body.get("tools")), *added):
        yield from dicts_in(tool.get("tools")) if tool.get("type") == "namespace" else (tool,)


def _by_model(item: dict[str, Any]) -> bool:
    return item.get("type") in _BY_MODEL or item.get("role") == "assistant"


def _items(reply: Reply) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    if reply.think:
        summary = [{"type": "summary_text", "text": reply.think}]
        sealed = {"encrypted_content": "c2NyaXB0ZWQ="}
        items.append({"type": "reasoning", "id": new_id("rs_"), "summary": summary, **sealed})
    if reply.say or not reply.calls:
        text = {"type": "output_text", "text": reply.say, "annotations": [], "logprobs": []}
        items.append(
            {"type": "message", "id": new_id("msg_"), "status": "completed", "role": "assistant", "content": [text]}
        )
    return items + [_call(call) for call in reply.calls]


def _call(call: ToolCall) -> dict[str, Any]:
    head = {"call_id": new_id("call_"), "status": "completed"}
    if call.kind in _SHELLS:
        action = {"type": "exec", "command": list(call.args.get("command", [])), "env": {}}
        return {"type": "local_shell_call", "id": new_id("lsh_"), **head, "action": action}
    if call.text is not None:
        return {"type": "custom_tool_call", "id": new_id("ctc_"), **head, "name": call.name, "input": call.text}
    arguments = json.dumps(dict(call.args))
    return {"type": "function_call", "id": new_id("fc_"), **head, "name": call.name, "arguments": arguments}


def _opening(item: dict[str, Any]) -> dict[str, Any]:
    empty: dict[str, Any] = {"content": [], "summary": [], "arguments": "", "input": "", "status": "in_progress"}
    return {key: empty.get(key, value) for key, value in item.items()}


def _inside(frames: _Frames, item: dict[str, Any], place: dict[str, Any]) -> Iterator[bytes]:
    if item["type"] == "message":
        yield from _text(frames, item["content"][0], {**place, "content_index": 0})
    elif item["type"] == "reasoning":
        yield from _summary(frames, item["summary"][0]["text"], {**place, "summary_index": 0})
    elif item["type"] in {"function_call", "custom_tool_call"}:
        key, event = (
            ("arguments", "response.function_call_arguments")
            if item["type"] == "function_call"
            else ("input", "response.custom_tool_call_input")
        )
        for piece in pieces(item[key]):
            yield frames(f"{event}.delta", {**place, "delta": piece})
        yield frames(f"{event}.done", {**place, key: item[key], "name": item["name"]})


def _text(frames: _Frames, part: dict[str, Any], place: dict[str, Any]) -> Iterator[bytes]:
    yield frames("response.content_part.added", {**place, "part": {**part, "text": ""}})
    for piece in pieces(part["text"]):
        yield frames("response.output_text.delta", {**place, "delta": piece, "logprobs": []})
    yield frames("response.output_text.done", {**place, "text": part["text"], "logprobs": []})
    yield frames("response.content_part.done", {**place, "part": part})


def _summary(frames: _Frames, text: str, place: dict[str, Any]) -> Iterator[bytes]:
    empty = {"type": "summary_text", "text": ""}
    yield frames("response.reasoning_summary_part.added", {**place, "part": empty})
    for piece in pieces(text):
        yield frames("response.reasoning_summary_text.delta", {**place, "delta": piece})
    yield frames("response.reasoning_summary_text.done", {**place, "text": text})
    yield frames("response.reasoning_summary_part.done", {**place, "part": {**empty, "text": text}})


def _response(reply: Reply, items: list[dict[str, Any]], status: str) -> dict[str, Any]:
    usage = reply.usage
    counted = {
        "input_tokens": usage.input,
        "input_tokens_details": {"cached_tokens": usage.cache_read, "cache_write_tokens": usage.cache_write},
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": usage.input + usage.output,
    }
    return {
        "id": new_id("resp_"),
        "object": "response",
        "created_at": int(time.time()),
        "status": status,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "model": reply.model,
        "output": items,
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "usage": counted if status == "completed" else None,
    }
