"""Looks at what is remembered of a repository: how much, how large, in which schema, what is broken, what waits.

Changes nothing. No line is a problem: a run goes on without its memory, and says so.
"""

import os
import shlex
from collections.abc import Callable, Iterator, Sequence, Sized
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
        yield warning("memory", f"off: {error.gist}", error.todo)
        return
    yield _writable(layout)
    yield _room("lessons", lambda: _lessons(layout.lessons, Tier.REPOSITORY))
    yield _room("lessons", lambda: _lessons(global_lessons(), Tier.GLOBAL))
    yield _room("cautions", lambda: _cautions(layout))
    yield _room("signs", lambda: _signs(layout))
    yield _room("debriefs", lambda: _debriefs(layout))
    yield _room("skills", lambda: _skills(layout, policy))


def _room(name: str, look: Callable[[], Diagnosis]) -> Diagnosis:
    """Return what a look found, or that the room is broken: each is looked at, whatever the one before it was like."""
    try:
        return look()
    except expected() as error:
        if isinstance(error, LinestopError):
            return warning(name, error.gist, error.todo)
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
    files = [path.with_name(f"{path.name}{end}") for end in _BESIDE]
    size = _size(sum(file.stat().st_size for file in files if file.exists()))
    return ok("lessons", f"{tier}: {len(told)} told to agents{more}; {size}, schema {schema}, {path}")


def _cautions(layout: Layout) -> Diagnosis:
    from linestop.memory.cautions.parquet import parquet_files  # noqa: PLC0415  # as needed
    from linestop.memory.cautions.segments import days, look  # noqa: PLC0415

    for day in days(layout):
        _inside(layout.cautions / day)
    loose, compacted = list(look(layout)), parquet_files(layout)
    if not (loose or compacted):
        return ok("cautions", "none")
    size = sum(found.size for found in loose) + sum(path.stat().st_size for path in compacted)
    runs = f"{_number(loose, 'run')} of {_number({found.segment.day for found in loose}, 'day')}"
    return ok("cautions", f"{', '.join(filter(None, (runs, _compacted(compacted))))}; {_size(size)}")


def _compacted(files: Sequence[Path]) -> str:
    """Return how many cautions were compacted, in words; empty where none were."""
    from linestop.memory.cautions.parquet import SOURCE, database  # noqa: PLC0415

    if not files:
        return ""
    with database() as db:
        row = db.execute(f"SELECT count(*) FROM {SOURCE}", {"files": list(map(str, files))}).fetchone()  # noqa: S608
    return f"{row[0] if row else 0:,} compacted cautions"


def _signs(layout: Layout) -> Diagnosis:
    from linestop.memory.tickets import books  # noqa: PLC0415  # as needed

    _inside(layout.tickets)
    known = list(books(layout))
    signs = [sign for book in known for sign in book.signs()]
    if not known:
        return ok("signs", "no ticket learned anything yet")
    named = f": linestop sign list --repo {shlex.quote(str(layout.root))}" if signs else ""
    return ok("signs", f"{_number(known, 'ticket')} learned something; {_number(signs, 'sign')} unsolved{named}")


def _debriefs(layout: Layout) -> Diagnosis:
    from linestop.debrief import Debriefs  # noqa: PLC0415

    debriefs = Debriefs(layout)
    if broken := debriefs.unreadable():
        return warning(
            "debriefs", f"{len(broken)} candidates can't be read: {broken[0]}", "mend the files or remove them"
        )
    waiting = debriefs.waiting()
    how = f"; decide: linestop debrief --repo {shlex.quote(str(layout.root))}" if waiting else ""
    return ok("debriefs", f"{_number(waiting, 'candidate')} for a lesson{how}")


def _skills(layout: Layout, policy: MemoryPolicy) -> Diagnosis:
    """Return how many skills there are beside ours, or the first that can't be told."""
    from linestop.execution.order import ROLES  # noqa: PLC0415  # as needed
    from linestop.skills import Origin, skills, skills_for  # noqa: PLC0415

    problems = dict.fromkeys(problem for role in ROLES for problem in skills_for(role, layout, policy)[1])
    if problems:
        more = f", and {len(problems) - 1} more" if len(problems) > 1 else ""
        return warning(
            "skills", f"{next(iter(problems))}{more}", "linestop skill list; docs/skills.md says what is read"
        )
    own = [one for one in skills(layout)[0].values() if one.origin is not Origin.SHIPPED]
    return ok("skills", f"{_number(own, 'skill')} of your own, beside those that are shipped")


def _inside(folder: Path) -> tuple[Path, ...]:
    """Return what lies in a folder, nothing where there is none.

    Raises:
        OSError: something else stands in its place, or it can't be read.
    """
    return tuple(folder.iterdir()) if os.path.lexists(folder) else ()


def _number(things: Sized, noun: str) -> str:
    return f"{len(things)} {noun}{'s' * (len(things) != 1)}"


def _size(total: int) -> str:
    """Return bytes in words."""
    return f"{total / 1e6:.1f} MB" if total >= _LARGE else f"{total / 1e3:.1f} kB"
