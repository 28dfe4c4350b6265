"""Lessons as a table, as a page and as JSON. Their texts may be a stranger's: proposals are agents' words."""

import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from linestop.deployments.cli.text_table import text_table
from linestop.deployments.cli.wrapping import wrapped
from linestop.memory.lessons import Former, Lesson, Lessons, Tier, Trust
from linestop.text import plain, plain_lines

COLUMNS = ("lesson", "state", "tier", "for", "about", "title")
NOT_A_TERMINAL = 160  # columns where there is none to ask
States = dict[str, str]  # by id
MAX_FORMER = 20  # changes that a page shows
_CHANGED = ("title", "body", "why", "file", "file_hash", "roles", "trust", "contradicts", "superseded_by")


def width() -> int:
    """Return how many columns there are."""
    return shutil.get_terminal_size((NOT_A_TERMINAL, 24)).columns


def state_of(lesson: Lesson, lessons: Lessons) -> str:
    """Return one word for how much a lesson counts: proposed, superseded, changed, gone or fresh."""
    if lesson.superseded_by:
        return "superseded"
    return "proposed" if lesson.trust is Trust.PROPOSED else lessons.staleness(lesson) or "fresh"


def states_of(found: Sequence[Lesson], lessons: Lessons) -> States:
    """Return the state of each lesson by its id; hashes the files, so it is asked once."""
    return {one.id: state_of(one, lessons) for one in found}


def as_json(found: Sequence[Lesson], states: States) -> str:
    """Return lessons as a JSON array, each with its state."""
    return json.dumps([_values(one, states[one.id]) for one in found], indent=2, ensure_ascii=False)


def values(lesson: Lesson, lessons: Lessons) -> dict[str, Any]:
    """Return a lesson as JSON values, with its state."""
    return _values(lesson, state_of(lesson, lessons))


def say_of(lesson: Lesson, lessons: Lessons, text: str, *, json_: bool) -> int:
    """Print a lesson as JSON, or what became of it in words; return the exit code of a verb that is done."""
    told = json.dumps(values(lesson, lessons), indent=2, ensure_ascii=False) if json_ else text
    sys.stdout.write(told + "\n")
    return 0


def _values(lesson: Lesson, state: str) -> dict[str, Any]:
    return {**lesson.model_dump(mode="json"), "state": state}


def table(found: Sequence[Lesson], states: States, columns: int) -> str:
    """Return a row for each lesson; where the terminal is too narrow for rows, a few lines each."""
    rows = [
        (one.id, states[one.id], one.tier, ", ".join(one.roles) or "all", one.file or "-", one.title) for one in found
    ]
    text = text_table(COLUMNS, rows)
    if all(len(line) <= columns for line in text.splitlines()):
        return text
    return "\n".join(line for row in rows for line in _folded(row, columns))


def _folded(row: tuple[str, ...], columns: int) -> Iterator[str]:
    name, state, tier, roles, about, title = (plain(cell) for cell in row)
    yield from wrapped(f"{name}  {state}, {tier}", columns)
    yield from wrapped(title, columns, first="  ")
    yield from wrapped(f"for {roles}" + (f", about {about}" if about != "-" else ""), columns, first="  ")


def page(lesson: Lesson, lessons: Lessons, former: Sequence[Former], columns: int, *, removed: bool = False) -> str:
    """Return all of a lesson as a person reads it."""
    return "\n".join(_lines(lesson, lessons, former, columns, removed=removed))


def _lines(one: Lesson, lessons: Lessons, former: Sequence[Former], columns: int, *, removed: bool) -> Iterator[str]:
    yield from wrapped(f"{one.id}  {'removed' if removed else state_of(one, lessons)}", columns)
    yield from wrapped(plain(one.title), columns, first="  ")
    yield from _text("why", one.why, columns)
    if one.body:
        yield from _text("more", one.body, columns)
    against = [other.id for other in lessons.list(all=True) if one.id in other.contradicts]
    facts = {
        "about": _about(one, lessons),
        "told to": ", ".join(one.roles) or "every role",
        "where": "all repositories of yours" if one.tier is Tier.GLOBAL else "this repository",
        "source": one.source,
        "runs": ", ".join(one.runs),
        "disagrees": ", ".join(dict.fromkeys((*one.contradicts, *against))),
        "superseded": f"by {one.superseded_by}" if one.superseded_by else "",
        "written": f"{one.created:%Y-%m-%d %H:%M} UTC",
        "changed": f"{one.updated:%Y-%m-%d %H:%M} UTC" if one.updated != one.created else "",
    }
    for name, fact in facts.items():
        if fact:
            yield from wrapped(plain(fact, limit=2_000), columns, first=f"  {name:<11}")
    yield from _history(one, former, columns)


def _about(one: Lesson, lessons: Lessons) -> str:
    stale = {"changed": ", which changed since: confirm it, or correct it", "gone": ", which isn't there any more"}
    return f"{one.file}{stale.get(lessons.staleness(one), '')}" if one.file else "no file in particular"


def _text(name: str, text: str, columns: int) -> Iterator[str]:
    first = f"  {name:<11}"
    for line in plain_lines(text).splitlines():
        yield from wrapped(line, columns, first=first)
        first = " " * len(first)


def _history(one: Lesson, former: Sequence[Former], columns: int) -> Iterator[str]:
    """Yield what each change changed, newest first: the value that was there before."""
    after = one
    for change in reversed(former[-MAX_FORMER:]):
        yield from wrapped(
            f"until {change.until:%Y-%m-%d %H:%M} UTC: {_was(change.lesson, after)}", columns, first="  "
        )
        after = change.lesson


def _was(before: Lesson, after: Lesson) -> str:
    names = [name for name in _CHANGED if getattr(before, name) != getattr(after, name)]
    if names == ["file_hash"]:
        return "the file as it was before it was confirmed again"
    return "; ".join(f"{name} was {_short(getattr(before, name))}" for name in names) or "the same text"


def _short(value: object) -> str:
    text = ", ".join(value) if isinstance(value, tuple) else str(value)
    return repr(plain(text, limit=120)) if text else "empty"
