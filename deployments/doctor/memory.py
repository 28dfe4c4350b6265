"""Looks at what is remembered of a repository: how much, how large, in which schema, what is broken, what waits.

Changes nothing. No line is a problem: a run goes on without its memory, and says so.
"""

import os
import shlex
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from linestop.blocks.memory_gate import require_own
from linestop.deployments.doctor.diagnosis import Diagnosis, ok, warning
from linestop.errors import LinestopError
from linestop.memory.faults import expected, in_words
from linestop.memory.lessons import LessonStore, Tier
from linestop.memory.lessons.file import LessonFile
from linestop.paths import Layout, global_lessons
from linestop.policy import MemoryPolicy

PATIENCE_SECONDS = 3.0
_BESIDE = ("", "-wal", "-shm")
_LARGE = 100_000  # bytes, from which they are told in megabytes


def look_at_memory(layout: Layout, policy: MemoryPolicy) -> Iterator[Diagnosis]:
    """Yield a line for each room of the memory; a single one where memory is off."""
    if not policy.enabled:
        yield ok("memory", "off: memory.enabled of the policy is false")
        return
    try:
        require_own(layout)
    except LinestopError as error:
        yield warning("memory", f"off: {error.what}: {error.found}", error.todo)
        return
    yield _writable(layout)
    yield _room("lessons", lambda: _lessons(layout.lessons, Tier.REPOSITORY))
    yield _room("lessons", lambda: _lessons(global_lessons(), Tier.GLOBAL))
    yield _room("cautions", lambda: _cautions(layout))
    yield _room("signs", lambda: _signs(layout))
    yield _room("debriefs", lambda: _debriefs(layout))


def _room(name: str, look: Callable[[], Diagnosis]) -> Diagnosis:
    """Return what a look found, or that the room is broken: each is looked at, whatever the one before it was like."""
    try:
        return look()
    except expected() as error:
        if isinstance(error, LinestopError):
            return warning(name, f"{error.what}: {error.found}", error.todo)
        return warning(name, in_words(error), "check the disk")


def _writable(layout: Layout) -> Diagnosis:
    there = next(folder for folder in (layout.state, layout.root) if folder.is_dir())
    if os.access(there, os.W_OK | os.X_OK):
        return ok("memory", f"on, in {layout.state}")
    return warning("memory", f"{there} can't be written: nothing new is remembered", "make the folder writable")


def _lessons(path: Path, tier: Tier) -> Diagnosis:
    if not path.exists():
        return ok("lessons", f"{tier}: none")
    told = LessonStore(path, tier, patience_seconds=PATIENCE_SECONDS).list()
    rest = len(LessonStore(path, tier, patience_seconds=PATIENCE_SECONDS).list(all=True)) - len(told)
    schema = LessonFile(path).read(lambda connection: int(connection.execute("PRAGMA user_version").fetchone()[0]), 0)
    more = f", {rest} superseded or only proposed" if rest else ""
    size = _size(path.with_name(f"{path.name}{end}") for end in _BESIDE)
    return ok("lessons", f"{tier}: {len(told)} told to agents{more}; {size}, schema {schema}, {path}")


def _cautions(layout: Layout) -> Diagnosis:
    files = [path for path in layout.cautions.rglob("*") if path.is_file()] if layout.cautions.is_dir() else []
    if not files:
        return ok("cautions", "none")
    days = {path.parent.name for path in files if path.suffix == ".jsonl"}
    compacted = sum(path.suffix == ".parquet" for path in files)
    return ok(
        "cautions",
        f"{len(files) - compacted} runs of {len(days)} days, {compacted} compacted files; {_size(files)}",
    )


def _signs(layout: Layout) -> Diagnosis:
    from linestop.memory.tickets import books  # noqa: PLC0415  # as needed

    known = list(books(layout))
    signs = [sign for book in known for sign in book.signs()]
    if not known:
        return ok("signs", "no ticket learned anything yet")
    named = f": linestop sign list --repo {shlex.quote(str(layout.root))}" if signs else ""
    return ok("signs", f"{len(known)} tickets learned something; {len(signs)} signs unsolved{named}")


def _debriefs(layout: Layout) -> Diagnosis:
    from linestop.debrief import Debriefs  # noqa: PLC0415

    debriefs = Debriefs(layout)
    if broken := debriefs.unreadable():
        return warning(
            "debriefs", f"{len(broken)} candidates can't be read: {broken[0]}", "mend the files or remove them"
        )
    waiting = len(debriefs.waiting())
    how = f"; decide: linestop debrief --repo {shlex.quote(str(layout.root))}" if waiting else ""
    return ok("debriefs", f"{waiting} candidates for lessons wait for a person{how}")


def _size(paths: Iterable[Path]) -> str:
    """Return what files take in all, in words."""
    total = sum(path.stat().st_size for path in paths if path.exists())
    return f"{total / 1e6:.1f} MB" if total >= _LARGE else f"{total / 1e3:.1f} kB"
