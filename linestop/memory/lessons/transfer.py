"""Lessons as a file: a line of JSON each, in the order of their ids, the same bytes whenever the lessons are the same.

Which tier they are of isn't in it: that is the place they are imported into.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from linestop.errors import LinestopError, UsageError
from linestop.memory.lessons.contradictions import Clash, clashes
from linestop.memory.lessons.drafting import checked
from linestop.memory.lessons.model import Lesson, Tier, Trust
from linestop.memory.lessons.rows import values_of
from linestop.memory.lessons.store import LessonStore
from linestop.text import plain

MAX_BYTES = 64 * 2**20  # of a file; ten thousand lessons have about 10 MiB
MAX_LINE_BYTES = 200_000
_MAX_NAMED = 5


class Imported(NamedTuple):
    """What an import did, as ids. `kept`: proposals that stood against a person's lesson, and didn't come."""

    new: tuple[str, ...]
    replaced: tuple[str, ...]
    same: tuple[str, ...]
    kept: tuple[str, ...]
    clashes: tuple[tuple[str, Clash], ...]


def exported(lessons: Iterable[Lesson]) -> bytes:
    """Return lessons as JSON Lines, UTF-8, sorted by id, each line with its keys sorted."""
    ordered = sorted(lessons, key=lambda one: one.id)
    lines = (json.dumps(values_of(one), sort_keys=True, ensure_ascii=False) for one in ordered)
    return "".join(f"{line}\n" for line in lines).encode()


def parsed(content: bytes, tier: Tier) -> tuple[Lesson, ...]:
    """Return the lessons of an exported file, in its order.

    Raises:
        UsageError: a line is no lesson that may be kept, or two have one id; names the line.
    """
    if len(content) > MAX_BYTES:
        raise UsageError(
            "the file is too large", found=f"{len(content):,} bytes; {MAX_BYTES:,} at most", todo="split it"
        )
    found: dict[str, Lesson] = {}
    for number, line in enumerate(content.split(b"\n"), start=1):
        if line.strip():
            one = _lesson(line, number, tier)
            if one.id in found:
                raise UsageError(
                    f"line {number}: {one.id} is there twice", found="two lessons of one id", todo="remove one"
                )
            found[one.id] = one
    return tuple(found.values())


def bring(store: LessonStore, lessons: Sequence[Lesson], elsewhere: Collection[str]) -> Imported:
    """Write lessons into a store in one transaction and return what came of it; `elsewhere` are the other tier's ids.

    Raises:
        UsageError: one may not be kept, is the other tier's already, or they supersede each other in a circle.
    """
    if taken := [one.id for one in lessons if one.id in elsewhere]:
        raise UsageError(
            "lessons of the other tier can't be imported into this one",
            found=", ".join(taken[:_MAX_NAMED]),
            todo="`linestop lesson remove` them there first, or import without --global or with it",
        )
    before = {one.id: one for one in store.list(all=True)}
    _require_ends({**before, **{one.id: one for one in lessons}})
    changed = store.put_all(lessons, replaces)
    new = [one for one in lessons if one.id in changed and changed[one.id] is None]
    left = [one for one in lessons if one.id not in changed]
    now = store.list()
    return Imported(
        new=tuple(one.id for one in new),
        replaced=tuple(name for name, old in changed.items() if old),
        same=tuple(one.id for one in left if replaces(before.get(one.id, one), one)),
        kept=tuple(one.id for one in left if not replaces(before.get(one.id, one), one)),
        clashes=tuple((one.id, clash) for one in new if one.is_told for clash in clashes(one, now)),
    )


def replaces(old: Lesson, new: Lesson) -> bool:
    """Return whether an imported lesson may stand in place of one that is there: never a proposal for a person's."""
    return new.trust is Trust.PERSON or old.trust is Trust.PROPOSED


def _require_ends(lessons: Mapping[str, Lesson]) -> None:
    """Refuse lessons that supersede each other in a circle: none of them would ever be told.

    Raises:
        UsageError: names the circle.
    """
    settled: set[str] = set()
    for start in lessons:
        path: dict[str, None] = {}
        name = start
        while name in lessons and name not in settled:
            if name in path:
                raise UsageError(
                    "lessons supersede each other in a circle",
                    found=" → ".join([*path, name]),
                    todo="break it in the file",
                )
            path[name] = None
            name = lessons[name].superseded_by
        settled.update(path)


def _lesson(line: bytes, number: int, tier: Tier) -> Lesson:
    if len(line) > MAX_LINE_BYTES:
        raise UsageError(f"line {number} is too long", found=f"{len(line):,} bytes", todo="a lesson has far less")
    values = _values(line, number)
    try:
        return checked({**values, "tier": tier})
    except LinestopError as error:
        raise UsageError(f"line {number}: {error.what}", found=error.found, todo=error.todo) from error


def _values(line: bytes, number: int) -> dict[str, Any]:
    try:
        values = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"line {number} is no JSON", found=plain(str(error)), todo="`lesson export` writes such files"
        ) from error
    if not isinstance(values, dict) or {"created", "updated", "id", "trust"} - values.keys():
        raise UsageError(
            f"line {number} is no lesson",
            found=plain(", ".join(values) if isinstance(values, dict) else type(values).__name__),
            todo="a lesson has at least id, title, why, trust, created and updated",
        )
    return values
