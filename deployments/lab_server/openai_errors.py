"""How OpenAI's wires tell an error: status, body, headers. Both of its wires tell it alike."""

from linestop.deployments.lab_server.replies import Refusal, Reply, new_id
from linestop.scenarios import FaultKind


def openai_refusal(reply: Reply) -> Refusal:
    """Return the error of a reply's fault."""
    kind = reply.fault.kind if reply.fault else FaultKind.SERVER_ERROR
    seconds = reply.fault.reset_seconds if reply.fault else 0
    status, type_, code, message = {
        FaultKind.RATE_LIMIT: (
            429,
            "requests",
            "rate_limit_exceeded",
            (
                f"Rate limit reached for {reply.model} on requests per min (RPM): Limit 3, Used 3, Requested 1. "
                f"Please try again in {seconds:g}s."
            ),
        ),
        FaultKind.OVERLOAD: (503, "server_error", "server_overloaded", "The server is overloaded. Try again later."),
        FaultKind.AUTH: (401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided."),
        FaultKind.CONTEXT: (
            400,
            "invalid_request_error",
            "context_length_exceeded",
            (
                f"This model's maximum context length is {reply.window} tokens. However, your messages resulted in "
                f"{reply.window + 1000} tokens. Please reduce the length of the messages."
            ),
        ),
    }.get(kind, (500, "server_error", None, "The server had an error while processing your request."))
    headers = {"x-request-id": new_id("req_")}
    if kind in {FaultKind.RATE_LIMIT, FaultKind.OVERLOAD}:
        headers["retry-after"] = f"{seconds:g}"
    if kind is FaultKind.RATE_LIMIT:
        headers |= {
            "x-ratelimit-limit-requests": "3",
            "x-ratelimit-remaining-requests": "0",
            "x-ratelimit-reset-requests": f"{seconds:g}s",
        }
    return Refusal(status, {"error": {"message": message, "type": type_, "param": None, "code": code}}, headers)
