"""Edits on a text: ruff's positions become offsets, fixes become one new text, offsets lead back to their origin.

Texts keep their newlines as they are; a byte order mark is not part of a text (ruff doesn't count it either).
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple

# What ruff counts as the end of a line. Form feeds, vertical tabs and U+2028 are not, as str.splitlines would have it.
_LINE_END = re.compile(r"\r\n|\r|\n")
_FIRST = "F811"  # ruff applies it before all others, since F401 would remove what it refers to


class Edit(NamedTuple):
    """Replace `text[start:end]` by `content`. Offsets count characters from 0."""

    start: int
    end: int
    content: str


class Fix(NamedTuple):
    """What ruff offers for one finding: its edits in the order of their start, and where the finding stands."""

    rule: str
    at: int
    edits: tuple[Edit, ...]

    @property
    def start(self) -> int:
        """Return where its first edit starts."""
        return self.edits[0].start


class Lines:
    """The lines of a text, to translate between offsets and rows and columns that count from 1."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(end.end() for end in _LINE_END.finditer(text))]
        self._length = len(text)

    def offset(self, row: int, column: int) -> int:
        """Return the offset of a place; one beyond the end is the end."""
        if row > len(self._starts):
            return self._length
        return min(self._starts[row - 1] + column - 1, self._length)

    def row(self, offset: int) -> int:
        """Return the row that an offset lies in."""
        return bisect_right(self._starts, offset)


def choose(fixes: Iterable[Fix], *, limit: int | None = None) -> tuple[tuple[Fix, ...], tuple[Edit, ...]]:
    """Return the fixes that can be applied together, as ruff chooses them, and all their edits in order.

    A fix that touches or overlaps an earlier one waits for the next round; one whose edits are all there already
    (several unused names of one import share an edit) comes along. `limit` bounds the fixes that bring edits.
    """
    chosen, edits, last = list[Fix](), dict[Edit, None](), -1
    bringing = 0
    for fix in sorted(fixes, key=lambda fix: (fix.rule != _FIRST, fix.start)):
        new = [edit for edit in fix.edits if edit not in edits]
        if new:
            if new[0].start <= last or bringing == limit:
                continue
            bringing += 1
            edits.update(dict.fromkeys(new))
            last = new[-1].end
        chosen.append(fix)
    return tuple(chosen), tuple(edits)


def apply_edits(text: str, edits: Sequence[Edit]) -> str:
    """Return the text after edits that are in order and don't overlap."""
    parts, last = list[str](), 0
    for edit in edits:
        parts += [text[last : edit.start], edit.content]
        last = edit.end
    return "".join([*parts, text[last:]])


def origin(offset: int, history: Sequence[Sequence[Edit]]) -> int:
    """Return where an offset of the newest text lay in the first one; inside a replacement it is the edit's start."""
    for edits in reversed(history):
        offset = _before(offset, edits)
    return offset


def _before(offset: int, edits: Sequence[Edit]) -> int:
    grown = 0
    for edit in edits:
        start = edit.start + grown
        if offset < start:
            break
        if offset < start + len(edit.content):
            return edit.start
        grown += len(edit.content) - (edit.end - edit.start)
    return offset - grown
