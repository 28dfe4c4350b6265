"""The wire of OpenAI's chat completions, which most servers and clients speak."""

import json
import time
from collections.abc import Iterator
from typing import Any

from linestop.deployments.lab_server.asking import Ask, Offer, dict_of, dicts_in, is_system, offer_of, text_in, told_of
from linestop.deployments.lab_server.openai_errors import openai_refusal
from linestop.deployments.lab_server.replies import Refusal, Reply, ToolCall, new_id, pieces


class OpenAiChat:
    """`POST /v1/chat/completions`."""

    def ask(self, body: dict[str, Any], path: str) -> Ask:
        """Read a request."""
        del path
        messages = dicts_in(body.get("messages"))
        begun = next((at for at, one in enumerate(messages) if one.get("role") == "assistant"), len(messages))
        system = [one for one in messages[:begun] if is_system(one)]  # later ones are what hooks say
        spoken = [one for one in messages[:begun] if not is_system(one)] + messages[begun:]
        tools: dict[str, Offer] = {}
        for tool in dicts_in(body.get("tools")):
            function = dict_of(tool.get("function"))
            tools |= offer_of(function.get("name"), function.get("parameters"))
        return Ask(
            model=str(body.get("model", "")),
            told=told_of((one.get("role") == "assistant", text_in(one.get("content"))) for one in spoken),
            system="\n".join(text_in(one.get("content")) for one in system),
            tools=tools,
            stream=body.get("stream") is True,
            usage_in_stream=dict_of(body.get("stream_options")).get("include_usage") is True,
            wants_json=dict_of(body.get("response_format")).get("type") in {"json_object", "json_schema"},
        )

    def whole(self, reply: Reply) -> dict[str, Any]:
        """Return an answer as one object."""
        message: dict[str, Any] = {"role": "assistant", "content": reply.say or None, "refusal": None}
        if reply.think:
            message["reasoning_content"] = reply.think
        if reply.calls:
            message["tool_calls"] = [_call(call, new_id("call_")) for call in reply.calls]
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _finish(reply)}
        return {**_head(reply, "chat.completion"), "choices": [choice], "usage": _usage(reply)}

    def stream(self, ask: Ask, reply: Reply) -> Iterator[bytes]:
        """Yield an answer as server-sent events."""
        head = _head(reply, "chat.completion.chunk")

        def chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
            choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
            return _frame({**head, "choices": [choice]})

        yield chunk({"role": "assistant", "content": ""})
        yield from (chunk({"reasoning_content": piece}) for piece in pieces(reply.think))
        yield from (chunk({"content": piece}) for piece in pieces(reply.say))
        for index, call in enumerate(reply.calls):
            made = _call(call, new_id("call_"))
            arguments = made["function"]["arguments"]
            first = {**made, "index": index, "function": {"name": call.name, "arguments": ""}}
            yield chunk({"tool_calls": [first]})
            for piece in pieces(arguments):
                yield chunk({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
        yield chunk({}, _finish(reply))
        if ask.usage_in_stream:
            yield _frame({**head, "choices": [], "usage": _usage(reply)})
        yield b"data: [DONE]\n\n"

    def refusal(self, reply: Reply) -> Refusal:
        """Return the error of a reply's fault."""
        return openai_refusal(reply)

    def bad_request(self, message: str, status: int = 400) -> Refusal:
        """Return the error of a request that can't be read."""
        return _bad(message, status)


def _bad(message: str, status: int) -> Refusal:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": None}
    return Refusal(status, {"error": error})


def _call(call: ToolCall, call_id: str) -> dict[str, Any]:
    arguments = call.text if call.text is not None else json.dumps(call.args)
    return {"id": call_id, "type": "function", "function": {"name": call.name, "arguments": arguments}}


def _finish(reply: Reply) -> str:
    return "tool_calls" if reply.calls else "stop"


def _head(reply: Reply, kind: str) -> dict[str, Any]:
    return {
        "id": new_id("chatcmpl-"),
        "object": kind,
        "created": int(time.time()),
        "model": reply.model,
        "service_tier": "default",
        "system_fingerprint": "fp_scripted",
    }


def _usage(reply: Reply) -> dict[str, Any]:
    usage = reply.usage
    return {
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cache_read, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    }


def _frame(value: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"
