"""The server's application: finds the wire of a request by its path, answers it, plays the faults.

Whatever is sent, it answers: what can't be read is a bad request in the words of its wire. It never dies of a request.
"""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive

from linestop.deployments.lab_server.answering import Answer, Answering
from linestop.deployments.lab_server.asking import Ask
from linestop.deployments.lab_server.breaking import CutResponse, broken_off, reset_connection
from linestop.deployments.lab_server.replies import Refusal, Reply
from linestop.deployments.lab_server.wire_anthropic import Anthropic
from linestop.deployments.lab_server.wire_gemini import Gemini
from linestop.deployments.lab_server.wire_openai_chat import OpenAiChat
from linestop.deployments.lab_server.wire_openai_responses import OpenAiResponses
from linestop.scenarios import FaultKind, Scenario

MOST_BYTES = 32 * 2**20  # of one request
MOST_KEPT = 500  # requests
MOST_KEPT_BYTES = 2**20  # of one request's body; a larger one is kept without it
_TELLS = {FaultKind.RATE_LIMIT, FaultKind.OVERLOAD, FaultKind.SERVER_ERROR, FaultKind.AUTH, FaultKind.CONTEXT}
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]


class Wire(Protocol):
    """One provider's format of requests, answers and errors."""

    def ask(self, body: dict[str, Any], path: str) -> Ask:
        """Read a request."""
        ...

    def whole(self, reply: Reply) -> dict[str, Any]:
        """Return an answer as one object."""
        ...

    def stream(self, ask: Ask, reply: Reply) -> Iterator[bytes]:
        """Yield an answer as server-sent events."""
        ...

    def refusal(self, reply: Reply) -> Refusal:
        """Return the error of a reply's fault."""
        ...

    def bad_request(self, message: str, status: int = 400) -> Refusal:
        """Return the error of a request that can't be read."""
        ...


@dataclass(frozen=True)
class Asked:
    """A request that was answered. `body` is empty where it was very large; `place` is None for what isn't played."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    session: str
    place: tuple[int, int] | None
    fault: FaultKind | None


class Application:
    """Serves one scenario. `requests` are the last MOST_KEPT that were answered."""

    def __init__(self, scenario: Scenario) -> None:
        self._answering, self._scenario = Answering(scenario), scenario
        self.requests: deque[Asked] = deque(maxlen=MOST_KEPT)
        self.answered = 0
        self.closing = asyncio.Event()
        self.app = Starlette(routes=[Route("/{path:path}", self._serve, methods=_METHODS)])

    async def _serve(self, request: Request) -> Response:
        path = request.url.path
        wire = _wire_of(path)
        if request.method != "POST" or wire is None:
            return self._about(request.method, path)
        try:
            body = json.loads(await _body(request))
        except ClientDisconnect:
            return Response(status_code=499)
        except (ValueError, RecursionError) as error:
            return _refused(wire.bad_request(f"the body is no JSON: {error}"))
        if not isinstance(body, dict):
            return _refused(wire.bad_request("the body is no JSON object"))
        if path.endswith(("/count_tokens", ":countTokens")):
            return JSONResponse({"input_tokens": _tokens(body), "totalTokens": _tokens(body)})
        return await self._answered(request, wire, body)

    async def _answered(self, request: Request, wire: Wire, body: dict[str, Any]) -> Response:
        path = request.url.path
        try:
            ask = wire.ask(body, path)
            answer = await asyncio.to_thread(self._answering.answer, ask)
        except Exception as error:  # noqa: BLE001  # an edge: whatever a client sends, the server lives on
            return _refused(wire.bad_request(f"the request can't be read: {type(error).__name__}: {error}"))
        self._keep(request, body, answer)
        return await self._response(request, wire, ask, answer.reply)

    async def _response(self, request: Request, wire: Wire, ask: Ask, reply: Reply) -> Response:
        kind = reply.fault.kind if reply.fault else None
        if await self._gone(request.receive, None if kind is FaultKind.HANG else reply.seconds):
            return Response(status_code=499)
        if kind is FaultKind.CRASH:
            return reset_connection(request)
        if kind in _TELLS:
            if isinstance(wire, OpenAiResponses) and ask.stream and wire.fails_in_stream(FaultKind(kind)):
                return StreamingResponse(wire.failed(reply), media_type="text/event-stream")
            return _refused(wire.refusal(reply))
        return _streamed(request, wire, ask, reply, kind) if ask.stream else _whole(request, wire, reply, kind)

    async def _gone(self, receive: Receive, seconds: float | None) -> bool:
        """Wait so long, for ever where None; return whether the client left or the server closes meanwhile."""
        if seconds == 0:
            return False
        waits = {asyncio.ensure_future(_left(receive)), asyncio.ensure_future(self.closing.wait())}
        done, pending = await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        return bool(done)

    def _keep(self, request: Request, body: dict[str, Any], answer: Answer) -> None:
        large = int(request.headers.get("content-length") or 0) > MOST_KEPT_BYTES
        fault = answer.reply.fault.kind if answer.reply.fault else None
        kept = {} if large else body
        self.answered += 1
        self.requests.append(Asked(request.url.path, dict(request.headers), kept, answer.session, answer.place, fault))

    def _about(self, method: str, path: str) -> Response:
        if method in {"GET", "HEAD"} and path.rstrip("/").endswith("/models"):
            name, window = self._scenario.model, self._scenario.window
            model = {"id": name, "object": "model", "created": 0, "owned_by": "scripted", "context_length": window}
            return JSONResponse(
                {
                    "object": "list",
                    "data": [{**model, "type": "model", "display_name": name}],
                    "models": [{"name": f"models/{name}", "displayName": name, "inputTokenLimit": window}],
                }
            )
        if method in {"GET", "HEAD"} and path == "/":
            return JSONResponse({"scenario": self._scenario.name, "about": self._scenario.about})
        return JSONResponse({"error": {"message": f"nothing is served at {path}", "type": "not_found"}}, 404)


async def _body(request: Request) -> bytes:
    content = bytearray()
    async for piece in request.stream():
        content += piece
        if len(content) > MOST_BYTES:
            raise ValueError(f"it is over {MOST_BYTES} bytes")
    return bytes(content)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _wire_of(path: str) -> Wire | None:
    if path.endswith("/chat/completions"):
        return OpenAiChat()
    if path.endswith("/responses"):
        return OpenAiResponses()
    if path.endswith(("/messages", "/messages/count_tokens")):
        return Anthropic()
    if path.endswith((":generateContent", ":streamGenerateContent", ":countTokens")):
        return Gemini()
    return None


def _tokens(body: dict[str, Any]) -> int:
    return max(1, len(json.dumps(body)) // 4)


def _refused(refusal: Refusal) -> Response:
    return JSONResponse(refusal.body, refusal.status, headers=dict(refusal.headers))


def _whole(request: Request, wire: Wire, reply: Reply, kind: FaultKind | None) -> Response:
    content = json.dumps(wire.whole(reply)).encode()
    if kind is FaultKind.CUT:
        return CutResponse(content, request)
    if kind is FaultKind.MALFORMED:
        content = content[: len(content) // 2]
    return Response(content, media_type="application/json")


def _streamed(request: Request, wire: Wire, ask: Ask, reply: Reply, kind: FaultKind | None) -> Response:
    frames = wire.stream(ask, reply)
    if kind is FaultKind.MALFORMED:
        frames = iter([b'data: {"id": "scripted", "choices": [\n\n', b"data: }{\n\n"])
    body: AsyncIterator[bytes] | Iterator[bytes] = frames
    if kind is FaultKind.CUT:
        body = broken_off(list(frames), request)
    return StreamingResponse(body, media_type="text/event-stream", headers={"cache-control": "no-cache"})
