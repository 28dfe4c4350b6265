"""The book of one ticket: `<state>/tickets/<ticket>.jsonl`, appended under a lock, on disk when a call returns.

Owns the file. What its lines come to is folding.py; what a run uses, which never raises, is memory/ticket_memory.py.
"""

import json
import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from linestop.errors import RecordError, UsageError
from linestop.events.lines import LineFeed
from linestop.events.redaction import redactor
from linestop.files import APPEND, READ, append_lines, sync_folder
from linestop.locks import lock
from linestop.memory.tickets.folding import SOLVED, Folded, newest, sign_id
from linestop.memory.tickets.model import SIGN_AT, Correction, Failure, Reflection, Sign, Tally
from linestop.memory.tickets.signature import signature
from linestop.paths import Layout
from linestop.text import plain, plain_lines

SCHEMA = 1
MAX_TEXT = 2_000  # characters of a failure, reflection or correction
MAX_WORD = 500  # characters of a name, a path or a run's id
MAX_LINE = 2**16  # bytes; a longer line is none of ours
MAX_FILE = 16 * 2**20  # bytes: some 8,000 notes, far beyond what people let one ticket cost
MAX_WAIT_SECONDS = 5  # for whoever writes the same book: a process that hangs must not hold up every run
_TICKET = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")
N = TypeVar("N", Failure, Reflection, Correction)


class TicketBook:
    """What one ticket learned. Cheap to make; each call opens the file, so that processes and threads may share it."""

    def __init__(self, layout: Layout, ticket_id: str) -> None:
        if not _TICKET.fullmatch(ticket_id):
            raise UsageError(
                f"{plain(ticket_id)!r} is no ticket",
                found="not a ticket's id",
                todo="`linestop ticket list` names them",
            )
        self.ticket = ticket_id
        self._layout = layout
        self.path = layout.tickets / f"{ticket_id}.jsonl"

    def fail(self, failure: Failure) -> Tally:
        """Note a failed attempt; return how often it came in this ticket, over all its runs, and its sign.

        Its signature is worked out where it brings none.

        Raises:
            RecordError: the file can't be read or written.
        """
        sign_of = failure.signature or signature(failure.text, failure.source)
        noted = _harmless(failure.model_copy(update={"signature": sign_of}))
        with self._open() as file:
            folded = _folded(file)
            folded.add(_line("failure", noted))
            times = folded.times(noted)
            sign = next((one for one in folded.signs(self.ticket) if one.id == sign_id(noted)), None) if times else None
            # The sign's line is for those who read the file with SQL; here signs follow from failures alone.
            self._append(file, _line("failure", noted), *([_line("sign", sign)] if sign else []))
        return Tally(times=times, sign=sign, is_new=times == SIGN_AT)

    def reflect(self, reflection: Reflection) -> None:
        """Keep what a maker said of an attempt that failed; nothing where it said nothing.

        Raises:
            RecordError: as `fail`.
        """
        if reflection.text.strip():
            self._write(_line("reflection", _harmless(reflection)))

    def correct(self, correction: Correction) -> None:
        """Keep a note of a reviewer or a person.

        Raises:
            RecordError: as `fail`.
        """
        self._write(_line("correction", _harmless(correction)))

    def solve(self, chunk_id: str) -> None:
        """Note that a chunk was approved: the signs of its failures are solved, unless they come again.

        Raises:
            RecordError: as `fail`.
        """
        if any(not sign.solved and sign.chunk == chunk_id for sign in self.signs()):
            self._write({"schema": SCHEMA, "kind": SOLVED, "chunk": chunk_id})

    def signs(self, *, all: bool = False) -> tuple[Sign, ...]:  # noqa: A002  # the word of the command line
        """Return the unsolved signs, or all of them, the oldest first.

        Raises:
            RecordError: the file can't be read.
        """
        return tuple(sign for sign in self._read().signs(self.ticket) if all or not sign.solved)

    def corrections(self, chunk: str = "") -> tuple[Correction, ...]:
        """Return the corrections, oldest first: all, or those of a chunk with those that are for the whole ticket.

        What says the same of the same chunk twice is there once.

        Raises:
            RecordError: the file can't be read.
        """
        return tuple(one for one in newest(self._read().corrections) if not chunk or one.chunk in {"", chunk})

    def reflections(self, chunk: str = "") -> tuple[Reflection, ...]:
        """Return the reflections, oldest first, of a chunk where one is named.

        Raises:
            RecordError: the file can't be read.
        """
        return tuple(one for one in self._read().reflections if chunk in {"", one.chunk})

    def failures(self) -> tuple[Failure, ...]:
        """Return every failure, oldest first.

        Raises:
            RecordError: the file can't be read.
        """
        return tuple(self._read().failures)

    def _read(self) -> Folded:
        """Return what the file holds, nothing where there is none: reading never makes it."""
        try:
            file = os.open(self.path, READ)
        except FileNotFoundError:
            return Folded()
        except OSError as error:
            raise self._refused("read", error) from error
        try:
            return _folded(file)
        except OSError as error:
            raise self._refused("read", error) from error
        finally:
            os.close(file)

    def _write(self, record: Mapping[str, Any]) -> None:
        with self._open() as file:
            self._append(file, record)

    @contextmanager
    def _open(self) -> Iterator[int]:
        """Open the file for reading and appending, made where it isn't there, and hold its lock."""
        self._layout.ensure()
        try:
            self.path.parent.mkdir(exist_ok=True)
            file = os.open(self.path, APPEND, 0o644)
            try:
                lock(file, seconds=MAX_WAIT_SECONDS)
                yield file
            finally:
                os.close(file)
        except OSError as error:
            raise self._refused("write", error) from error

    def _append(self, file: int, *records: Mapping[str, Any]) -> None:
        size = os.fstat(file).st_size
        lines = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
        block = lines.encode("utf-8", "replace")
        if size + len(block) > MAX_FILE:
            raise RecordError(
                f"{self.path} is full",
                found=f"{size:,} bytes",
                todo="give the work to a new ticket: this one went wrong",
            )
        append_lines(file, block)
        if not size:
            sync_folder(self.path.parent)

    def _refused(self, verb: str, error: OSError) -> RecordError:
        return RecordError(f"can't {verb} {self.path}", found=str(error), todo="check the disk and the file's rights")


def kept(text: str) -> str:
    """Return a text as a book keeps it: without secrets and control characters, its first 2,000 characters."""
    return plain_lines(redactor().start(text, MAX_TEXT), MAX_TEXT)


def books(layout: Layout) -> Iterator[TicketBook]:
    """Yield the book of every ticket that learned something, by the ticket's name."""
    folder = layout.tickets
    if folder.is_symlink() or not folder.is_dir():
        return
    for path in sorted(folder.glob("*.jsonl")):
        if _TICKET.fullmatch(path.stem) and not path.is_symlink():
            yield TicketBook(layout, path.stem)


def _folded(file: int) -> Folded:
    """Fold a file's lines, torn, huge and foreign ones left out.

    Raises:
        OSError: it is no file, or too large to be one of ours.
    """
    known = os.fstat(file)
    if not stat.S_ISREG(known.st_mode) or known.st_size > MAX_FILE:
        raise OSError(f"no file of at most {MAX_FILE:,} bytes")
    folded, feed = Folded(), LineFeed(max_line=MAX_LINE)
    for line in (*feed.push(os.pread(file, known.st_size, 0)), *feed.finish()):
        if line.record is not None:
            folded.add(line.record)
    return folded


def _line(kind: str, note: Failure | Reflection | Correction | Sign) -> dict[str, Any]:
    return {"schema": SCHEMA, "kind": kind, **note.model_dump(mode="json")}


def _harmless(note: N) -> N:
    """Return a note fit to be kept: without secrets and control characters, every text bounded."""
    changes: dict[str, Any] = {}
    for name, value in note:
        if isinstance(value, str) and name != "signature":
            limit = MAX_TEXT if name == "text" else MAX_WORD
            changes[name] = kept(value) if name == "text" else plain(redactor().start(value, limit), limit)
    return note.model_copy(update=changes)
