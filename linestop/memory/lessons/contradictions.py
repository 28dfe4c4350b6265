"""Points out lessons that a new one contradicts or repeats. No model is asked: words, and what a title is against.

It looks at titles only and errs towards silence: what it misses a person sees in `linestop lesson recall`, and every
alarm costs one. The cases that it is held to are tests/unit/test_lesson_contradictions.py.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from linestop.errors import UsageError
from linestop.memory.lessons.model import Lesson
from linestop.memory.lessons.statements import Statement, statement

ALIKE = 0.6  # shared words of all words, from which two titles speak of the same
ALIKE_IN_ONE_FILE = 0.3  # the same, where both lessons are about one file
NEARLY_THE_SAME = 0.8
ONE_WORD = 1 / 3  # where one title has a single word, and the other holds it


class Clash(NamedTuple):
    """A lesson that stands against another, and how."""

    other: Lesson
    why: str


def clashes(new: Lesson, others: Iterable[Lesson]) -> tuple[Clash, ...]:
    """Return the lessons that a lesson contradicts or repeats, without those that it names and those superseded."""
    said = statement(new.title)
    found = []
    for other in others:
        known = other.id in new.contradicts or new.id in other.contradicts or other.id == new.id
        if not known and other.is_told and _meet(new, other) and (why := _why(said, new, other)):
            found.append(Clash(other, why))
    return tuple(found)


def refuse(new: Lesson, others: Sequence[Lesson], *, supersedes: str = "") -> None:
    """Raise where a lesson contradicts or repeats another that it neither names nor supersedes.

    Raises:
        UsageError: names the others, how they differ, and the ways out.
    """
    found = [clash for clash in clashes(new, others) if clash.other.id != supersedes]
    if found:
        named = "; ".join(f"{clash.other.id} {clash.why}: {clash.other.title!r}" for clash in found[:3])
        first = found[0].other.id
        raise UsageError(
            f"the lesson {new.title!r} meets another",
            found=named + (f"; and {len(found) - 3} more" if len(found) > 3 else ""),  # noqa: PLR2004
            todo=f"--supersedes {first} puts it in that one's place, --contradicts {first} keeps both knowingly,"
            " --anyway keeps it as it is",
        )


def _meet(new: Lesson, other: Lesson) -> bool:
    """Return whether anybody is ever told both: roles and files in common."""
    roles = not new.roles or not other.roles or bool(set(new.roles) & set(other.roles))
    return roles and (not new.file or not other.file or new.file == other.file)


def _why(said: Statement, new: Lesson, other: Lesson) -> str:
    """Return how a lesson stands against another, empty where it doesn't."""
    if new.title.casefold() == other.title.casefold():
        return "says the same"
    there = statement(other.title)
    shared, both = said.words & there.words, said.words | there.words
    share, one_file = len(shared) / max(len(both), 1), bool(new.file and new.file == other.file)
    if not shared or not _alike(share, said, there, one_file=one_file):
        return ""
    if _opposed(said, there, shared):
        return "says the opposite"
    if _swapped(said, there):
        return "says the other order"
    return _repeats(said, there) if share >= NEARLY_THE_SAME else ""


def _repeats(one: Statement, two: Statement) -> str:
    """Return how two statements of nearly the same words differ; one with a number may be the finer of two."""
    if one.numbers == two.numbers:
        return "says nearly the same"
    return "says another number" if one.numbers and two.numbers else ""


def _alike(share: float, one: Statement, two: Statement, *, one_file: bool) -> bool:
    """Return whether two statements speak of the same."""
    small, large = sorted((one.words, two.words), key=len)
    if small <= large and (len(small) > 1 or share >= ONE_WORD):
        return True
    return share >= (ALIKE_IN_ONE_FILE if one_file else ALIKE)


def _opposed(one: Statement, two: Statement, shared: frozenset[str]) -> bool:
    """Return whether one is for what the other is against, or they name different ones of two kinds."""
    signed = [one.signs[word] * two.signs[word] for word in shared]
    sides = any(one.sides[family] != two.sides[family] for family in one.sides.keys() & two.sides.keys())
    alternatives = one.sides.keys() & two.sides.keys() & shared
    if alternatives:
        return sides
    return sum(signed) < 0


def _swapped(one: Statement, two: Statement) -> bool:
    return bool(one.earlier & two.later and one.later & two.earlier)
