"""Reads what an answer used out of its bytes, while they pass: JSON and event streams of the four wires.

Never changes a byte and never holds a stream back; the one exception, `UsageOnlyEvents`, says why. Where an answer
names no usage it is estimated, so that nobody gets around a budget by hanging up early.
"""

import json
import math
import re
import zlib
from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard

from linestop.engines import Wire
from linestop.events import Fault, Usage
from linestop.events.faults import fault_of

MAX_EVENT_BYTES = 8 * 2**20  # of one event: the last one of the Responses API repeats the whole answer
MAX_JSON_BYTES = 32 * 2**20
BYTES_A_TOKEN = 4  # of English text and code, as every provider's guide says
_STREAM_BYTES_A_TOKEN = 40  # of an event stream: each token comes in a wrapping of its own
_WORTH_READING = re.compile(
    rb'"usage|"error"|message_stop|response\.(?:completed|incomplete|failed)|finishReason|\[DONE\]'
)
_EVENT = re.compile(rb".*?(?:\r?\n\r?\n|$)", re.DOTALL)
_MAX_TOKENS = 10**9
_ERROR_WORDS = ("type", "code", "status", "message")
_ANSWERS = ("completion_tokens", "output_tokens", "candidatesTokenCount")
_LAST_EVENTS = {"message_stop", "response.completed", "response.incomplete", "response.failed"}


class UsageReader:
    """Is fed an answer's bytes and knows what it used. One for each answer."""

    def __init__(self, wire: Wire, content_type: str, encoding: str = "") -> None:
        self.wire = wire
        self.streams = content_type.partition(";")[0].strip().lower() == "text/event-stream"
        self.fault: Fault | None = None
        self.ended = False  # the answer's own last event was seen
        self.packed = encoding not in {"", "identity"}
        self._decoder = _Decoder(encoding) if self.packed else None
        self._found: dict[str, Any] = {}
        self._bytes = self._events = 0
        self._held: list[bytes] = []  # of the event under way, or of all JSON
        self._size = 0
        self._skipping = False

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes of the answer."""
        chunk = self._decoder.decode(chunk) if self._decoder else chunk
        self._bytes += len(chunk)
        if self.streams:
            self._feed_lines(chunk)
        else:
            self._hold(chunk, MAX_JSON_BYTES)

    def close(self) -> None:
        """Take it that no more bytes come."""
        if self.streams:
            self._feed_lines(b"\n")
            if not self.ended and self.fault is None:
                self.fault = Fault.NETWORK
        elif not self._skipping:
            self._read(b"".join(self._held))
            self.ended = True
        self._held = []

    def usage(self, request_bytes: int) -> Usage:
        """Return what the answer used; what it did not say is estimated from its size and the request's."""
        said = _usage(self.wire, self._found) if self._found else None
        guess = self._guess(request_bytes)
        if said is None:
            return guess
        if self.ended and said.input and all(_is_count(self._found.get(name, 0)) for name in _ANSWERS):
            return said
        return said.model_copy(
            update={"input": said.input or guess.input, "output": max(said.output, guess.output)}  # nobody asks nothing
        )

    def _guess(self, request_bytes: int) -> Usage:
        size = _STREAM_BYTES_A_TOKEN if self.streams else BYTES_A_TOKEN
        return Usage(input=request_bytes // BYTES_A_TOKEN, output=max(self._events, self._bytes // size))

    def _hold(self, chunk: bytes, limit: int) -> None:
        self._size += len(chunk)
        self._skipping = self._skipping or self._size > limit
        if self._skipping:
            self._held = []
        else:
            self._held.append(chunk)

    def _feed_lines(self, chunk: bytes) -> None:
        first, *others = chunk.split(b"\n")
        self._hold(first, MAX_EVENT_BYTES)
        for other in others:
            if not self._skipping:
                self._read_line(b"".join(self._held))
            self._held, self._size, self._skipping = [], 0, False
            self._hold(other, MAX_EVENT_BYTES)

    def _read_line(self, line: bytes) -> None:
        if line.startswith(b"data:"):
            self._events += 1
            self._read_event(line[5:].strip())

    def _read_event(self, text: bytes) -> None:
        if text == b"[DONE]":
            self.ended = True
        elif text[:1] not in {b"{", b"["}:
            self.fault = Fault.MALFORMED
        elif _WORTH_READING.search(text):
            self._read(text)

    def _read(self, text: bytes) -> None:
        try:
            answer = json.loads(text)
        except (ValueError, RecursionError):
            self.fault = Fault.MALFORMED
            return
        for one in answer if isinstance(answer, list) else [answer]:
            if isinstance(one, dict):
                self._take(one)

    def _take(self, answer: dict[str, Any]) -> None:
        self._found.update(_said(self.wire, answer))
        nested = answer.get("response")
        error = answer.get("error") or (nested.get("error") if isinstance(nested, dict) else None)
        if isinstance(error, dict):
            self.fault = fault_of(" ".join(str(error.get(key, "")) for key in _ERROR_WORDS)) or Fault.OTHER
        if answer.get("type") in _LAST_EVENTS or any("finishReason" in one for one in _dicts(answer, "candidates")):
            self.ended = True


def _said(wire: Wire, answer: dict[str, Any]) -> dict[str, Any]:
    """Return the usage object of one JSON value of an answer, empty where it has none; nulls are left out."""
    holders = [answer, answer.get("message"), answer.get("response")]
    name = "usageMetadata" if wire is Wire.GEMINI else "usage"
    found = (one[name] for one in holders if isinstance(one, dict) and isinstance(one.get(name), dict))
    return {key: value for key, value in next(found, {}).items() if value is not None}


def _usage(wire: Wire, said: Mapping[str, Any]) -> Usage:
    """Return a usage object of a wire as ours, where `input` counts cached tokens too."""
    if wire is Wire.ANTHROPIC:
        read, write = _number(said, "cache_read_input_tokens"), _number(said, "cache_creation_input_tokens")
        fresh = _number(said, "input_tokens")
        return Usage(
            input=fresh + read + write, output=_number(said, "output_tokens"), cache_read=read, cache_write=write
        )
    if wire is Wire.GEMINI:
        return Usage(
            input=_number(said, "promptTokenCount") + _number(said, "toolUsePromptTokenCount"),
            output=_number(said, "candidatesTokenCount") + _number(said, "thoughtsTokenCount"),
            cache_read=_number(said, "cachedContentTokenCount"),
        )
    details = next(_dicts(said, "prompt_tokens_details", "input_tokens_details"), {})
    cost = said.get("cost")  # OpenRouter's, in dollars
    return Usage(
        input=_number(said, "prompt_tokens") or _number(said, "input_tokens"),
        output=_number(said, "completion_tokens") or _number(said, "output_tokens"),
        cache_read=_number(details, "cached_tokens") or _number(said, "prompt_cache_hit_tokens"),
        cache_write=_number(details, "cache_write_tokens"),
        usd=float(cost) if isinstance(cost, int | float) and 0 <= cost < _MAX_TOKENS else None,
    )


def _number(said: Mapping[str, Any], name: str) -> int:
    value = said.get(name)
    return min(int(value), _MAX_TOKENS) if _is_count(value) else 0


def _is_count(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and math.isfinite(value) and value >= 0


def _dicts(said: Mapping[str, Any], *names: str) -> Iterator[Mapping[str, Any]]:
    for name in names:
        value = said.get(name)
        yield from (one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict))


class _Decoder:
    """Decodes a compressed answer for the reader: a server was asked for none, but may not listen."""

    def __init__(self, encoding: str) -> None:
        known = encoding.strip().lower() in {"gzip", "x-gzip", "deflate"}
        self._zlib = zlib.decompressobj(zlib.MAX_WBITS | 32) if known else None

    def decode(self, chunk: bytes) -> bytes:
        """Return the chunk decoded, at most MAX_EVENT_BYTES of it; nothing where that can't be done."""
        try:
            return self._zlib.decompress(chunk, MAX_EVENT_BYTES) if self._zlib else b""
        except zlib.error:
            self._zlib = None
            return b""


class UsageOnlyEvents:
    """Takes the event out of a chat stream that a client did not ask for: usage with no choice.

    The proxy asks for usage where the client didn't; clients that read `choices[0]` of every event would break at it.
    Holds back no more than the event under way.
    """

    def __init__(self) -> None:
        self._held: list[bytes] = []

    def feed(self, chunk: bytes) -> bytes:
        """Return what can be passed on."""
        self._held.append(chunk)
        if b"\n" not in chunk and sum(map(len, self._held)) <= MAX_EVENT_BYTES:
            return b""
        held = b"".join(self._held)
        ends = [at + len(mark) for mark in (b"\n\n", b"\r\n\r\n") if (at := held.rfind(mark)) >= 0]
        cut = max(ends, default=0 if len(held) <= MAX_EVENT_BYTES else len(held))
        self._held = [held[cut:]]
        if b'"usage"' not in held[:cut]:
            return held[:cut]
        return b"".join(event for event in _EVENT.findall(held[:cut]) if not _only_usage(event))

    def close(self) -> bytes:
        """Return what was held back last."""
        rest, self._held = b"".join(self._held), []
        return b"" if _only_usage(rest) else rest


def _only_usage(event: bytes) -> bool:
    if not event.startswith(b"data:") or b'"usage"' not in event:
        return False
    try:
        answer = json.loads(event[5:])
    except (ValueError, RecursionError):
        return False
    return isinstance(answer, dict) and answer.get("choices") == [] and isinstance(answer.get("usage"), dict)
