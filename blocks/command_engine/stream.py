"""What an agent's command line says, turned into events while it says it. Formats are linestop/events/formats.

Keeps what the verdict needs (verdict.py): the last messages, the session, how the stream ended. Memory is
bounded whatever comes: an endless line is cut out and named.
"""

import json
import re
import threading
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Any

from linestop.events import EventKind, Fault, Outcome
from linestop.events.formats import Format, Said, recognise
from linestop.watch import LiveLog

MAX_LINE = 16 * 2**20
_APART = 50  # lines of one read that are talk and written each by itself
_SESSION = re.compile(r"(?!.*\.\.)[A-Za-z0-9_][A-Za-z0-9_.:@/+=-]{0,199}")  # it becomes a word of a command
_LOOKED_AT = 20  # lines until a stream that isn't recognised is taken as text
_MESSAGES = 20
_WITH_END = frozenset({"claude", "cline", "codex", "gemini", "pi", "qwen"})
_MAX_MESSAGE = 400_000  # characters of a message that are kept for its answer
_TEXT_CHUNK = 8_000


@dataclass
class Heard:
    """What the stream said that matters for the verdict."""

    messages: deque[str] = field(default_factory=lambda: deque(maxlen=_MESSAGES))
    session: str = ""
    calls: int = 0
    has_end: bool = False  # it is of a format that has a last event
    ended: bool = False  # it had its last event
    ok: bool = False  # which says that all went well
    reason: str = ""
    fault: Fault | None = None  # of its last error, until something succeeds after it
    fault_text: str = ""
    retry_at: datetime | None = None
    error: str = ""  # its last error, until something succeeds after it
    at: float = field(default_factory=monotonic)  # when something was last heard


class CommandStream:
    """Reads a command's stdout. Usage that the stream tells is dropped: the meter counts it.

    Its events are written with the step `role`. `reader` is None where the format is to be recognised; `aside` says
    that stdout is only talk, beside a trajectory that is given to `document`.
    """

    def __init__(self, events: LiveLog, *, role: str, reader: Format | None, aside: bool = False) -> None:
        self._events, self._role, self._reader, self._aside = events, role, reader, aside
        self._torn = bytearray()
        self._skipping = False
        self._first: list[bytes] = []
        self._text = False
        self._seen = 0
        self._talk: list[str] = []
        self._lock = threading.Lock()
        self.heard = Heard()

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes of stdout."""
        with self._lock:
            self.heard.at = monotonic()
            lines = chunk.split(b"\n")
            for line in lines[:-1]:
                self._part(line)
                self._line_ends()
            self._part(lines[-1])
            self._talk_ends()

    def document(self, text: bytes, *, last: bool) -> None:
        """Take a trajectory as it stands now; what it said before is known. Its end counts only when it is the last."""
        record = _json(text)
        if record is None or self._reader is None:
            return
        reader = type(self._reader)()
        said = [*reader.feed(record), *(reader.finish() if last else ())]
        if not last:
            said = [one for one in said if one["kind"] is not EventKind.END]
        with self._lock:
            fresh, self._seen = said[self._seen :], max(self._seen, len(said))
            if fresh:
                self.heard.at = monotonic()
            self._append(fresh)

    def finish(self) -> None:
        """Take that stdout is closed."""
        with self._lock:
            if self._torn or self._skipping:
                self._line_ends()
            if self._first:
                self._settle(None)
            self._talk_ends()
            if self._reader and not self._aside:
                self._append(self._reader.finish())

    def _part(self, piece: bytes) -> None:
        if self._skipping or not piece:
            return
        if len(self._torn) + len(piece) > MAX_LINE:
            self._torn.clear()
            self._skipping = True
            return
        self._torn += piece

    def _line_ends(self) -> None:
        line = bytes(self._torn)
        self._torn.clear()
        if self._skipping:
            self._skipping = False
            self._say(f"a line of more than {MAX_LINE} bytes was left out", Fault.MALFORMED)
        elif line.strip():
            self._line(line)

    def _line(self, line: bytes) -> None:
        if self._aside or self._text:
            self._plain(line)
        elif self._reader:
            self._record(line)
        else:
            self._first.append(line)
            found = recognise(self._first)
            if found or len(self._first) >= _LOOKED_AT:
                self._settle(found)

    def _settle(self, found: Format | None) -> None:
        """Take the stream for what its first lines are, for text where they are no format."""
        first, self._first = self._first, []
        self._reader, self._text = found, found is None
        self.heard.has_end = found is not None and found.name in _WITH_END
        for line in first:
            self._line(line)

    def _record(self, line: bytes) -> None:
        record = _json(line)
        if record is None:  # a warning of its runtime between the records
            self._plain(line)
        elif self._reader is not None:
            self._append(self._reader.feed(record))

    def _plain(self, line: bytes) -> None:
        if text := line.decode("utf-8", "replace").strip():
            self._talk.append(text)

    def _talk_ends(self) -> None:
        """Write the lines that are no records: each by itself, but not a flood of them, which would fill the disk."""
        talk, self._talk = self._talk, []
        if talk and self._text:  # all of it is one message
            self._one_message(talk)
        if len(talk) > _APART:
            whole = "\n".join(talk)
            talk = [whole[at : at + _TEXT_CHUNK] for at in range(0, len(whole), _TEXT_CHUNK)]
        for text in talk:
            self._events.append(EventKind.MESSAGE, step=self._role, text=text[:_TEXT_CHUNK], plain=True)

    def _one_message(self, talk: Sequence[str]) -> None:
        before = [self.heard.messages.pop()] if self.heard.messages else []
        self.heard.messages.append("\n".join([*before, *talk])[-_MAX_MESSAGE:])

    def _append(self, said: Iterable[Said]) -> None:
        for one in said:
            if one["kind"] is EventKind.USAGE:
                continue
            self._note(one)
            self._talk_ends()
            self._events.append(step=self._role, **one)

    def _note(self, said: Mapping[str, Any]) -> None:
        heard, text = self.heard, str(said.get("text", ""))
        if _SESSION.fullmatch(session := str(said.get("session") or "")):
            heard.session = session
        match said["kind"]:
            case EventKind.MESSAGE:
                heard.messages.append(text[-_MAX_MESSAGE:])
                heard.fault, heard.error = None, ""
            case EventKind.TOOL_CALL:
                heard.calls += 1
                heard.fault, heard.error = None, ""
            case EventKind.ERROR if not (said.get("warning") or said.get("retried")):
                heard.error = text
                self._blamed(said, text)
            case EventKind.ERROR:
                self._blamed(said, text)
            case EventKind.END:
                heard.ended, heard.ok = True, said.get("outcome") is Outcome.OK
                heard.reason = str(said.get("reason", ""))
                heard.fault = None if heard.ok else said.get("fault") or heard.fault
                heard.fault_text = text or heard.fault_text
                heard.retry_at = said.get("retry_at") or heard.retry_at
                if text and text not in heard.messages:  # mini has no other way to give its answer
                    heard.messages.append(text[-_MAX_MESSAGE:])

    def _blamed(self, said: Mapping[str, Any], text: str) -> None:
        if said.get("fault"):
            self.heard.fault, self.heard.fault_text = said["fault"], text
            self.heard.retry_at = said.get("retry_at")

    def _say(self, text: str, fault: Fault) -> None:
        self._talk_ends()
        self._events.append(EventKind.ERROR, step=self._role, text=text, fault=fault)


def _json(text: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None
