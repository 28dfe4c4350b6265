"""The wire of Gemini's generateContent, streamed or not."""

import json
from collections.abc import Iterator
from typing import Any

from linestop.deployments.lab_server.asking import Ask, Offer, dict_of, dicts_in, offer_of, text_in, told_of
from linestop.deployments.lab_server.replies import Refusal, Reply, ToolCall, new_id, pieces
from linestop.scenarios import FaultKind

_TYPE = "type.googleapis.com/google.rpc."


class Gemini:
    """`POST /v1beta/models/M:generateContent` and `:streamGenerateContent`."""

    def ask(self, body: dict[str, Any], path: str) -> Ask:
        """Read a request; the model and whether it streams stand in the path."""
        tools: dict[str, Offer] = {}
        for group in dicts_in(body.get("tools")):
            for one in dicts_in(group.get("functionDeclarations", group.get("function_declarations"))):
                tools |= offer_of(one.get("name"), one.get("parametersJsonSchema") or one.get("parameters"))
        contents = dicts_in(body.get("contents"))
        generation = dict_of(body.get("generationConfig"))
        return Ask(
            model=path.rpartition("/")[2].partition(":")[0],
            told=told_of((one.get("role") == "model", text_in(one.get("parts"))) for one in contents),
            system=text_in(dict_of(body.get("systemInstruction")).get("parts")),
            tools=tools,
            stream=":streamGenerateContent" in path,
            thinks=dict_of(generation.get("thinkingConfig")).get("includeThoughts") is True,
            wants_json="responseJsonSchema" in generation or "responseSchema" in generation,
        )

    def whole(self, reply: Reply) -> dict[str, Any]:
        """Return an answer as one object."""
        parts = [part for part in ({"text": reply.think, "thought": True}, {"text": reply.say}) if part["text"]]
        calls = [_call(call) for call in reply.calls]
        return {**_chunk(reply, [*parts, *calls] or [{"text": ""}], finish="STOP"), "usageMetadata": _usage(reply)}

    def stream(self, ask: Ask, reply: Reply) -> Iterator[bytes]:
        """Yield an answer as server-sent events."""
        del ask
        for piece in pieces(reply.think):
            yield _frame(_chunk(reply, [{"text": piece, "thought": True}]))
        for piece in pieces(reply.say):
            yield _frame(_chunk(reply, [{"text": piece}]))
        last = [_call(call) for call in reply.calls] or [{"text": ""}]
        yield _frame({**_chunk(reply, last, finish="STOP"), "usageMetadata": _usage(reply)})

    def refusal(self, reply: Reply) -> Refusal:
        """Return the error of a reply's fault."""
        kind = reply.fault.kind if reply.fault else FaultKind.SERVER_ERROR
        seconds = reply.fault.reset_seconds if reply.fault else 0
        status, name, message = {
            FaultKind.RATE_LIMIT: (429, "RESOURCE_EXHAUSTED", f"Quota exceeded. Please retry in {seconds:g}s."),
            FaultKind.OVERLOAD: (503, "UNAVAILABLE", "The model is overloaded. Please try again later."),
            FaultKind.AUTH: (401, "UNAUTHENTICATED", "API key not valid. Please pass a valid API key."),
            FaultKind.CONTEXT: (
                400,
                "INVALID_ARGUMENT",
                (
                    f"The input token count ({reply.window + 1000}) exceeds the maximum number of tokens allowed "
                    f"({reply.window})."
                ),
            ),
        }.get(kind, (500, "INTERNAL", "An internal error has occurred. Please retry."))
        return _error(status, name, message, _details(kind, seconds))

    def bad_request(self, message: str, status: int = 400) -> Refusal:
        """Return the error of a request that can't be read."""
        return _error(status, "INVALID_ARGUMENT", message, [])


def _error(status: int, name: str, message: str, details: list[dict[str, Any]]) -> Refusal:
    return Refusal(status, {"error": {"code": status, "message": message, "status": name, "details": details}})


def _details(kind: FaultKind, seconds: float) -> list[dict[str, Any]]:
    if kind is FaultKind.AUTH:
        return [{"@type": _TYPE + "ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com"}]
    if kind is not FaultKind.RATE_LIMIT:
        return []
    violation = {"quotaMetric": "generate_content_requests", "quotaId": "GenerateRequestsPerMinutePerProjectPerModel"}
    return [
        {"@type": _TYPE + "QuotaFailure", "violations": [violation]},
        {"@type": _TYPE + "RetryInfo", "retryDelay": f"{seconds:g}s"},
    ]


def _call(call: ToolCall) -> dict[str, Any]:
    arguments = {"input": call.text} if call.text is not None else dict(call.args)
    return {"functionCall": {"id": new_id("call_"), "name": call.name, "args": arguments}}


def _chunk(reply: Reply, parts: list[dict[str, Any]], finish: str | None = None) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": parts}, "index": 0}
    if finish:
        candidate["finishReason"] = finish
    return {"candidates": [candidate], "modelVersion": reply.model, "responseId": new_id("")}


def _usage(reply: Reply) -> dict[str, Any]:
    usage = reply.usage
    return {
        "promptTokenCount": usage.input,
        "candidatesTokenCount": usage.output,
        "totalTokenCount": usage.input + usage.output,
        "cachedContentTokenCount": usage.cache_read,
    }


def _frame(value: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\r\n\r\n"
