"""What the model proxy says when it says no: each wire's own form of an error, so that any client shows the message.

A refusal of ours is final: clients stop at a 400, and go on trying after 408, 409, 429, 5xx and some after 401
(docs/decisions/094). Two kinds of client also obey `x-should-retry`.
"""

import json
from typing import Any

from linestop.blocks.model_proxy.requests import Headers
from linestop.engines import Wire
from linestop.events import Fault

_TYPES = {
    400: ("invalid_request_error", "INVALID_ARGUMENT"),
    403: ("permission_error", "PERMISSION_DENIED"),
    404: ("not_found_error", "NOT_FOUND"),
    502: ("api_error", "UNAVAILABLE"),
    504: ("api_error", "DEADLINE_EXCEEDED"),
}
_FINAL_BELOW = 500


class Refused(Exception):  # noqa: N818  # an answer, not an error
    """An answer of ours in place of the provider's. `fault` is noted where the dispatch must hear of it."""

    def __init__(self, status: int, message: str, fault: Fault | None = None) -> None:
        super().__init__(message)
        self.status, self.fault = status, fault


def refusal(wire: Wire, refused: Refused) -> tuple[Headers, bytes]:
    """Return headers and body of a refusal in the form of `wire`."""
    status, message = refused.status, str(refused)
    kind, google = _TYPES[status]
    body: dict[str, Any]
    if wire is Wire.ANTHROPIC:
        body = {"type": "error", "error": {"type": kind, "message": message}}
    elif wire is Wire.GEMINI:
        body = {"error": {"code": status, "message": message, "status": google}}
    else:
        body = {"error": {"message": message, "type": kind, "param": None, "code": f"linestop_{status}"}}
    raw = json.dumps(body).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(raw)).encode())]
    if status < _FINAL_BELOW:
        headers.append((b"x-should-retry", b"false"))
    return headers, raw
