"""The files of debriefs: `<state>/debriefs/<id>.json` for what waits, `decided/<id>.json` beside it for what is over.

Written whole or not at all and on disk before it counts, without secrets, through no link. Rules are debriefs.py.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pydantic import ValidationError

from linestop.debrief.model import Candidate
from linestop.errors import RecordError, UsageError
from linestop.events.redaction import redactor
from linestop.files import read_whole, write_whole
from linestop.locks import locked
from linestop.paths import Layout
from linestop.text import plain

LOCK_SECONDS = 20.0  # that another process may take to decide or to gather
MAX_BYTES = 1_000_000  # of one candidate's file
MAX_WAIT_SECONDS = 30  # for whoever drafts or decides now; one that hangs is not waited for
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")


class DebriefFolder:
    """Reads and writes candidates. Reading creates nothing."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._open = layout.debriefs
        self._over = layout.debriefs / "decided"

    def open_ids(self) -> tuple[str, ...]:
        """Return the ids of what was drafted and isn't over, sorted."""
        return _ids(self._open)

    def over_ids(self, group: str = "*") -> tuple[str, ...]:
        """Return the ids of what was decided, or of a group of it."""
        return _ids(self._over, f"*-{group}-*")

    def get(self, candidate_id: str) -> Candidate | None:
        """Return a candidate, None where there is none of that id. What was decided is never read as waiting.

        Raises:
            RecordError: its file can't be read.
        """
        if not _ID.fullmatch(candidate_id):
            return None
        return _read(self._over / f"{candidate_id}.json") or _read(self._open / f"{candidate_id}.json")

    def readable(self, candidate_id: str) -> Candidate | None:
        """Return a candidate, None also where its file can't be read."""
        try:
            return self.get(candidate_id)
        except RecordError:
            return None

    def trouble(self, candidate_id: str) -> str:
        """Return why a candidate's file can't be read, empty where it can."""
        try:
            self.get(candidate_id)
        except RecordError as error:
            return error.gist
        return ""

    def put(self, candidate: Candidate) -> Candidate:
        """Write a candidate where it belongs and return it as it was written, without secrets. Needs the lock.

        Raises:
            RecordError: the disk refused: what stood there stays.
        """
        kept = Candidate.model_validate(redactor().value(candidate.model_dump(mode="json")))
        folder = self._over if kept.decided else self._open
        self._layout.ensure()
        _write(folder / f"{kept.id}.json", kept.model_dump_json(indent=2) + "\n")
        if kept.decided:
            with suppress(OSError):  # both there: the decided one counts
                (self._open / f"{kept.id}.json").unlink(missing_ok=True)
        return kept

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder against other processes.

        Raises:
            RecordError: the folder can't be written.
        """
        self._layout.ensure()
        try:
            lock = locked(self._open / ".lock", seconds=MAX_WAIT_SECONDS)
            with lock:
                yield
        except OSError as error:
            raise RecordError(
                f"can't write in {self._open}", found=str(error), todo="make it writable or free disk space"
            ) from error


def _ids(folder: Path, pattern: str = "*") -> tuple[str, ...]:
    if folder.is_symlink():
        return ()
    return tuple(sorted(path.stem for path in folder.glob(f"{pattern}.json") if _ID.fullmatch(path.stem)))


def _read(path: Path) -> Candidate | None:
    try:
        found = Candidate.model_validate(json.loads(read_whole(path, most=MAX_BYTES)))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, ValidationError, RecursionError) as error:
        raise _broken(path, str(error)[:300]) from error
    if found.id != path.stem:
        raise _broken(path, f"the candidate in it is {plain(found.id)}")
    return found


def _broken(path: Path, found: str) -> RecordError:
    return RecordError(
        f"the candidate {path} can't be read", found=found, todo="mend the file, or remove it to do without"
    )


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text.encode())
    except OSError as error:
        raise RecordError(f"can't write {path}", found=str(error), todo="free disk space") from error


def no_such(candidate_id: str) -> UsageError:
    """Return the error of an id that nobody has."""
    return UsageError(f"there is no candidate {plain(candidate_id)}", todo="`linestop debrief` lists what waits")
