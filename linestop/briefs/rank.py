"""Which of what is remembered is told first (SPEC.md section 6). Lazy: what is never reached is never looked at twice.

A file is hashed once for a brief, and only where an item about it may still be told.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeVar

from linestop.briefs.play import InPlay
from linestop.memory.cautions.model import Caution
from linestop.memory.lessons.model import Lesson, Tier, Trust
from linestop.memory.tickets.model import Correction, Reflection, Sign
from linestop.text import plain
from linestop.watch.firing import Severity

MAX_DETAIL = 500  # characters of a caution
MOST_HASHED = 800  # files of a brief, as many as memory gives; beyond them nothing counts as fresh

Note = TypeVar("Note", Correction, Reflection)


class Freshness(StrEnum):
    """Whether what is remembered of a file is still about the file that is there."""

    FRESH = "fresh"  # the file has the same content as then
    STALE = "stale"  # it changed, or is gone
    GENERAL = "general"  # it is about no file, or about none of this repository


@dataclass(frozen=True)
class Ranked:
    """A lesson or a caution in its place. `times`: how often a caution was seen, among those that were looked at."""

    item: Lesson | Caution
    freshness: Freshness
    times: int = 1


class Staleness:
    """Hashes files again, each once."""

    def __init__(self, hashes: Callable[[str], str]) -> None:
        self._hashes = hashes
        self._seen: dict[str, str] = {}

    def of(self, item: Lesson | Caution) -> Freshness:
        """Return whether the file of an item is as it was; a global lesson was written of no repository's file."""
        if not item.file or (isinstance(item, Lesson) and item.tier is Tier.GLOBAL):
            return Freshness.GENERAL
        same = bool(item.file_hash) and self._hash(item.file) == item.file_hash
        return Freshness.FRESH if same else Freshness.STALE

    def _hash(self, file: str) -> str:
        if file not in self._seen:
            self._seen[file] = self._hashes(file) if len(self._seen) < MOST_HASHED else ""
        return self._seen[file]


def signs_of(signs: Iterable[Sign], chunk: str) -> list[Sign]:
    """Return the signs: unsolved first, those of the chunk, the most frequent, the newest.

    A solved one is told too: it stands in every later brief of its ticket, and once more the failure escalates.
    """
    return sorted(signs, key=lambda one: (not one.solved, one.chunk == chunk, one.times, _when(one.at)), reverse=True)


def corrections_of(corrections: Iterable[Correction], chunk: str) -> list[Correction]:
    """Return the corrections for a chunk, newest first; of two at the same time the later one."""
    return _newest(one for one in corrections if one.chunk in ("", chunk))


def reflections_of(reflections: Iterable[Reflection], chunk: str) -> list[Reflection]:
    """Return what was said of failed attempts at a chunk, newest first."""
    return _newest(one for one in reflections if one.chunk == chunk)


def lessons_of(lessons: Iterable[Lesson], role: str, play: InPlay, stale: Staleness) -> Iterator[Ranked]:
    """Yield the lessons for a role: of files in play first, then fresh before stale, then the newest.

    What no person stands behind and what was superseded is never among them, whatever the store gave.
    """
    told = [one for one in lessons if one.trust is Trust.PERSON and not one.superseded_by and _for(one, role)]
    told.sort(key=lambda one: (_when(one.updated), one.id), reverse=True)
    yield from _by_file(told, play, stale)


def cautions_of(cautions: Iterable[Caution], play: InPlay, stale: Staleness) -> Iterator[Ranked]:
    """Yield cautions: of files in play first, then fresh before stale, warnings before infos, the newest; each once.

    Of those that say the same the first in this order is told: a file may be again what it was.
    """
    newest = sorted(cautions, key=lambda one: (_when(one.at), one.id), reverse=True)
    times, told = Counter(map(_sameness, newest)), set[tuple[str, ...]]()
    for inside in (True, False):
        those = [(one, stale.of(one)) for one in newest if play.covers(one.file) is inside]
        for one, freshness in sorted(those, key=lambda pair: _place(*pair)):
            if (same := _sameness(one)) not in told:
                told.add(same)
                yield Ranked(one, freshness, times[same])


def _place(caution: Caution, freshness: Freshness) -> tuple[bool, bool]:
    return freshness is Freshness.STALE, caution.severity is Severity.INFO


def _for(lesson: Lesson, role: str) -> bool:
    return not lesson.roles or role in lesson.roles


def _by_file(newest: list[Lesson], play: InPlay, stale: Staleness) -> Iterator[Ranked]:
    for inside in (True, False):
        later: list[Lesson] = []
        for one in newest:
            if play.covers(one.file) is not inside:
                continue
            if (freshness := stale.of(one)) is Freshness.STALE:
                later.append(one)
            else:
                yield Ranked(one, freshness)
        yield from (Ranked(one, Freshness.STALE) for one in later)


def _sameness(caution: Caution) -> tuple[str, ...]:
    said = caution.signature or plain(caution.detail, MAX_DETAIL).lower()
    return (caution.kind, caution.detector, caution.file, said)


def _newest(notes: Iterable[Note]) -> list[Note]:
    return sorted(notes, key=lambda one: _when(one.at))[::-1]


def _when(at: datetime) -> datetime:
    """Return a time that can be compared: one that a person's file gives without a zone is UTC."""
    return at if at.tzinfo else at.replace(tzinfo=UTC)
