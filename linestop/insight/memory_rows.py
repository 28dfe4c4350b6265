"""Rows for the analysis out of memory: lessons, what tickets learned, candidates.

Read through the models that wrote them; what can't be read is said, never raised. Cautions are DuckDB's to read:
caution_files.py. Rows of run records are rows.py.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeVar

from linestop.debrief.debriefs import Debriefs
from linestop.debrief.model import Candidate
from linestop.insight.rows import Row, Say, stamp
from linestop.memory.faults import expected, in_words
from linestop.memory.lessons import Lesson, LessonStore, Tier
from linestop.memory.tickets import TicketBook, books
from linestop.paths import Layout, global_lessons
from linestop.watch.file_hash import file_hash

T = TypeVar("T")


def lesson_rows(layout: Layout, say: Say, *, hashed: Callable[[Path, str], str] = file_hash) -> Iterator[Row]:
    """Yield a row for each lesson of both tiers, with its file as it is now; each file is hashed once."""
    now = cache(partial(hashed, layout.root))
    for path, tier in ((layout.lessons, Tier.REPOSITORY), (global_lessons(), Tier.GLOBAL)):
        store = LessonStore(path, tier)
        for lesson in _read(f"the lessons in {path}", lambda: store.list(all=True), say):  # noqa: B023  # called at once
            yield {**lesson.model_dump(mode="json"), **_times(lesson, "created", "updated"), **_now(lesson, now)}


def failure_rows(layout: Layout, say: Say) -> Iterator[Row]:
    """Yield a row for each attempt that failed."""
    return _noted(layout, TicketBook.failures, say)


def sign_rows(layout: Layout, say: Say) -> Iterator[Row]:
    """Yield a row for each sign, solved ones too."""
    return _noted(layout, lambda book: book.signs(all=True), say)


def correction_rows(layout: Layout, say: Say) -> Iterator[Row]:
    """Yield a row for each correction."""
    return ({**row, "said_by": row["by"]} for row in _noted(layout, TicketBook.corrections, say))


def reflection_rows(layout: Layout, say: Say) -> Iterator[Row]:
    """Yield a row for each reflection."""
    return _noted(layout, TicketBook.reflections, say)


def candidate_rows(layout: Layout, say: Say) -> Iterator[Row]:
    """Yield a row for each candidate, those that wait first."""
    debriefs = Debriefs(layout)
    for name, ask in (("wait", debriefs.waiting), ("are decided", debriefs.decided)):
        for candidate in _read(f"the candidates that {name}", ask, say):
            yield _candidate(candidate)


def _noted(layout: Layout, read: Callable[[TicketBook], Iterable[Any]], say: Say) -> Iterator[Row]:
    for book in books(layout):
        for note in _read(f"what ticket {book.ticket} learned", lambda: read(book), say):  # noqa: B023  # called at once
            row = note.model_dump(mode="json")
            yield {**row, "ticket": book.ticket, "run_id": note.run, "moment": stamp(note.at)}


def _candidate(candidate: Candidate) -> Row:
    row = candidate.model_dump(mode="json", exclude={"decided"}) | {"drafted": stamp(candidate.drafted)}
    decided = candidate.decided
    if decided is None:
        return row
    return {
        **row, "ruling": decided.ruling.value, "decided": stamp(decided.at), "decided_by": decided.by,
        "lesson": decided.lesson,
    }  # fmt: skip


def _now(lesson: Lesson, hashed: Callable[[str], str]) -> Row:
    """Return the lesson's file as it is in the main checkout, and whether the lesson is stale."""
    if not lesson.file:
        return {"hash_now": None, "stale": None}
    now = hashed(lesson.file)
    return {"hash_now": now or None, "stale": now != lesson.file_hash if lesson.file_hash else None}


def _times(note: object, *names: str) -> Row:
    return {name: stamp(getattr(note, name)) for name in names}


def _read(what: str, ask: Callable[[], Iterable[T]], say: Say) -> tuple[T, ...]:
    try:
        return tuple(ask())
    except expected() as error:  # one broken store hides no other answer; whoever asks is told
        say(f"{what} can't be read: {in_words(error)}")
        return ()


ROWS = {
    "lessons": lesson_rows,
    "failures": failure_rows,
    "signs": sign_rows,
    "corrections": correction_rows,
    "reflections": reflection_rows,
    "candidates": candidate_rows,
}
