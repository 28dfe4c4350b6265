"""Hands a provider's answer on to the client of the model proxy, counts it, and notes what went wrong."""

import logging
from dataclasses import dataclass, field
from datetime import datetime

import httpx

from linestop.blocks.model_proxy.connection import Reply
from linestop.blocks.model_proxy.requests import Asked, client_headers
from linestop.blocks.model_proxy.usage import BYTES_A_TOKEN, UsageOnlyEvents, UsageReader
from linestop.engines import Wire
from linestop.engines.provider_faults import fault_of, retry_at
from linestop.events import Fault, Usage
from linestop.spending import Meter

logger = logging.getLogger(__name__)

MAX_ANSWER_BYTES = 64 * 2**20
_MAX_ERROR_BYTES = 2**20
_MAX_ASKED = 100  # names of models that are remembered
_UNKNOWN_FIELD = {400, 422}


@dataclass
class Record:
    """What the calls of a proxy met so far. Written in its thread, read from any."""

    last_fault: Fault | None = None
    busy_until: datetime | None = None
    unknown: bool = False
    refused: str = ""
    asked: dict[str, int] = field(default_factory=dict)
    faults: set[Fault] = field(default_factory=set)

    def ask(self, model: str) -> None:
        """Note that a model was asked for."""
        if model in self.asked or len(self.asked) < _MAX_ASKED:
            self.asked[model] = self.asked.get(model, 0) + 1

    def met(self, fault: Fault | None, until: datetime | None = None, *, unknown: bool = False) -> None:
        """Note how a call ended; one that went well clears what was before, but from `faults`."""
        if fault is not None:
            self.faults.add(fault)
        self.last_fault, self.busy_until, self.unknown = fault, until, unknown


class Count:
    """Counts one call, once: when its answer's last event was seen, at the latest when it broke off."""

    def __init__(self, meter: Meter, asked: Asked, provider: str, record: Record) -> None:
        self._meter, self._asked, self._provider, self._record = meter, asked, provider, record
        self._done = False

    def ended(self, reader: UsageReader) -> None:
        """Count an answer that came to its end, and note how, before the client has all of it."""
        self.once(reader)
        self._record.met(reader.fault)

    def once(self, reader: UsageReader) -> None:
        """Count what the reader knows, unless that was done."""
        if not self._done:
            self._done = True
            self._meter.add(self._asked.model, reader.usage(len(self._asked.body)), self._provider)

    def unanswered(self) -> None:
        """Count a call that was given up before it was answered, unless it was counted: its input, by its size."""
        if not self._done:
            self._done = True
            self._meter.add(self._asked.model, Usage(input=len(self._asked.body) // BYTES_A_TOKEN), self._provider)


async def relay(response: httpx.Response, wire: Wire, asked: Asked, reply: Reply, *, count: Count | None) -> None:
    """Hand on an answer that is no error. `count` is None for calls that use no tokens.

    Raises:
        httpx.HTTPError: the answer broke off.
        OSError: the client is gone.
    """
    encoding = str(response.headers.get("content-encoding", "")).strip().lower()
    reader = UsageReader(wire, response.headers.get("content-type", ""), encoding)
    strip = UsageOnlyEvents() if asked.adds_usage and reader.streams and not reader.packed else None
    try:
        await reply.start(response.status_code, client_headers(response.headers.raw, keeps_length=strip is None))
        await _copy(response, reader, strip, count, reply)
    finally:
        if count:
            count.once(reader)
    await reply.end()


async def _copy(
    response: httpx.Response, reader: UsageReader, strip: UsageOnlyEvents | None, count: Count | None, reply: Reply
) -> None:
    """Copy the body. A client never has the end of an answer before it was counted."""
    size, last = 0, b""
    async for chunk in response.aiter_raw():
        size += len(chunk)
        if size > MAX_ANSWER_BYTES:
            raise httpx.ReadError("the answer is too large")
        reader.feed(chunk)
        if count and reader.ended and reader.wire is not Wire.GEMINI:  # whose usage may come after it
            count.ended(reader)
        if reader.streams:
            await reply.write(strip.feed(chunk) if strip else chunk)
        else:
            await reply.write(last)
            last = chunk
    reader.close()
    if count:
        count.ended(reader)
    await reply.write(strip.close() if strip else last)


async def relay_error(response: httpx.Response, asked: Asked, reply: Reply, *, key: str, record: Record) -> bool:
    """Hand on an error, without the key should it echo it.

    Returns:
        False where nothing was sent because the endpoint can't be asked for usage in a stream: ask again without.
    """
    body = b""
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > _MAX_ERROR_BYTES:
            break
    if asked.adds_usage and response.status_code in _UNKNOWN_FIELD and b"stream_options" in body:
        return False
    fault = fault_of(response.status_code, body)
    until = retry_at(response.headers, body) if fault in {Fault.RATE_LIMIT, Fault.OVERLOAD} else None
    record.met(fault, until, unknown=response.status_code == httpx.codes.NOT_FOUND)
    logger.info("proxy.fault status=%d fault=%s until=%s", response.status_code, fault, until)
    body = body.replace(key.encode(), b"[key]") if key else body
    headers = [one for one in client_headers(response.headers.raw, keeps_length=False) if _harmless(one, key)]
    await reply.whole(response.status_code, [*headers, (b"content-length", str(len(body)).encode())], body)
    return True


def _harmless(header: tuple[bytes, bytes], key: str) -> bool:
    """Return whether a header of an error may pass: its body was unpacked, and none may echo the key."""
    return header[0] != b"content-encoding" and (not key or key.encode() not in header[1])
