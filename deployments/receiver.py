"""The webhook receiver: `POST /hooks/<repository>` of GitHub, GitLab and Gitea, and `GET /health`.

It answers once a delivery is safe on disk (inbox.py); the run is started behind its back (draining.py).
"""

import asyncio
import json
import logging
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import parse_qs

import uvicorn
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse

from linestop.deployments.deliveries import DELIVERY, Envelope, Garbage, Ignored, envelope, proven, reading
from linestop.deployments.draining import StartRun, drain, start_documentation
from linestop.deployments.inbox import Inbox
from linestop.deployments.registry import Registered, registered, secret_of
from linestop.deployments.settings import machine_settings
from linestop.errors import InfraError
from linestop.home import home

BODY_SECONDS = 10.0  # a sender that dribbles is cut off

log = logging.getLogger(__name__)


def receiver_app(
    inbox: Inbox,
    *,
    start_run: StartRun = start_documentation,
    repositories: Callable[[], Mapping[str, Registered]] = registered,
    max_bytes: int = 5_000_000,
) -> FastAPI:
    """Return the application. `repositories` is asked at each delivery, so a new one needs no restart."""
    wake = asyncio.Event()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        draining = asyncio.create_task(drain(inbox, start_run, wake))
        yield
        draining.cancel()
        with suppress(asyncio.CancelledError):
            await draining

    app = FastAPI(title="linestop receiver", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.post("/hooks/{key}")
    async def hook(key: str, request: Request) -> JSONResponse:
        repository = repositories().get(key)
        if repository is None:
            raise HTTPException(404, "no such repository here")
        sent, body = await _trusted(request, repository, max_bytes)
        return await _take(inbox, repository, sent, _payload(body), wake)

    @app.exception_handler(InfraError)
    async def broken(_: Request, error: InfraError) -> JSONResponse:
        log.error("delivery.refused error=%s found=%s", error.what, error.found)
        return JSONResponse({"detail": "the receiver's disk refused; send it again"}, 503)

    return app


async def _trusted(request: Request, repository: Registered, max_bytes: int) -> tuple[Envelope, bytes]:
    """Return headers and body of a request whose sender knows the secret."""
    sent = envelope(request.headers)
    if sent is None:
        raise HTTPException(400, "not a webhook of GitHub, GitLab or Gitea")
    body = await _body(request, max_bytes)
    if not proven(sent, body, secret_of(repository)):
        log.warning("delivery.refused repository=%s provider=%s reason=signature", repository.key, sent.provider)
        raise HTTPException(401, "the signature or token is wrong")
    return sent, body


async def _body(request: Request, max_bytes: int) -> bytes:
    """Return the body, counted while it comes: what Content-Length claims is only a claim."""
    claimed = request.headers.get("content-length", "")
    if claimed.isdigit() and int(claimed) > max_bytes:
        raise HTTPException(413, f"more than {max_bytes} bytes")
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for part in request.stream():
                body += part
                if len(body) > max_bytes:
                    raise HTTPException(413, f"more than {max_bytes} bytes")
    except TimeoutError as error:
        raise HTTPException(408, "the body took too long") from error
    return bytes(body)


def _payload(body: bytes) -> Mapping[str, Any]:
    """Return the payload; GitHub sends a form unless told otherwise. The content type is only a claim."""
    try:
        text = body.decode()
        if text.startswith("payload="):
            text = parse_qs(text, strict_parsing=True, max_num_fields=10)["payload"][0]
        payload = json.loads(text)
    except (ValueError, KeyError, RecursionError) as error:
        raise HTTPException(400, "the body is no JSON") from error
    if not isinstance(payload, dict):
        raise HTTPException(400, "the body is no JSON object")
    return payload


async def _take(
    inbox: Inbox, repository: Registered, sent: Envelope, payload: Mapping[str, Any], wake: asyncio.Event
) -> JSONResponse:
    if sent.event == "ping":
        return JSONResponse({"status": "pong"})
    if not DELIVERY.fullmatch(sent.delivery):
        raise HTTPException(400, "the delivery has no id")
    try:
        read = reading(sent, payload, base=repository.base)
    except Garbage as error:
        raise HTTPException(400, str(error)) from error
    if isinstance(read, Ignored):
        return JSONResponse({"status": "ignored", "reason": read.reason}, 202)
    new = await asyncio.to_thread(
        inbox.accept, repository.key, provider=sent.provider, delivery=sent.delivery, commit=read.commit
    )
    wake.set()
    log.info("delivery.taken repository=%s commit=%s new=%s", repository.key, read.commit, new)
    if not new:
        return JSONResponse({"status": "already seen"})
    return JSONResponse({"status": "accepted", "commit": read.commit}, 202)


def main(port: int) -> None:
    """Serve until told to stop."""
    import prefect.client.orchestration  # noqa: F401, PLC0415  # takes seconds: before the first delivery, not with it

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    settings = machine_settings()
    app = receiver_app(Inbox(home() / "inbox.db"), max_bytes=settings.receiver_max_bytes)
    uvicorn.run(app, host=settings.receiver_host, port=port, log_config=None, access_log=False, timeout_keep_alive=5)


if __name__ == "__main__":
    main(int(sys.argv[1]))
