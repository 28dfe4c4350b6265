"""Lines that fit a terminal of any width, counted in its cells: a Chinese character takes two."""

import re
from collections.abc import Iterable, Iterator

from rich.cells import cell_len, chop_cells

NARROWEST = 24  # cells; below that a page only breaks
MIN_TEXT = 12  # cells that text keeps beside its indentation
_INDENT = 4
_LABEL = re.compile(r" *(?:\S+(?: \S+)* {2,})?")  # what a line's text stands behind: blanks, and a name in a column


def wrapped(text: str, width: int, *, first: str = "") -> Iterator[str]:
    """Yield `text` broken at blanks into lines of at most `width` cells; `first` stands before the first of them.

    Further lines are indented below the text, as far as there is room.
    """
    width = max(width, NARROWEST)
    indent = " " * min(cell_len(first), max(width - MIN_TEXT, 0), max(width // 3, 4))
    lead, room = first, width - cell_len(first)
    if room < MIN_TEXT:
        yield first.rstrip()
        lead, room = indent, width - len(indent)
    for line in _broken(text, room, width - len(indent)):
        yield f"{lead}{line}".rstrip()
        lead = indent


def hanging(text: str, width: int, *, indent: int) -> Iterator[str]:
    """Yield `text` broken into lines, all but the first indented."""
    for number, line in enumerate(_broken(text, max(width, NARROWEST), max(width, NARROWEST) - indent)):
        yield " " * indent * bool(number) + line


def fitted(lines: Iterable[str], width: int) -> Iterator[str]:
    """Yield lines; one that is too wide as several, below its text where a third of the width is left for its name."""
    for line in lines:
        if cell_len(line) <= width:
            yield line
        else:
            label = _LABEL.match(line)
            below = cell_len(label[0]) if label else 0
            yield from hanging(line, width, indent=below if _INDENT <= below <= width // 3 else _INDENT)


def _broken(text: str, first: int, rest: int) -> Iterator[str]:
    """Yield pieces of at most `first`, then `rest` cells; a word that is too long is cut, indentation is kept."""
    room, line = first, ""
    for word in _words(text):
        if line and cell_len(line) + cell_len(word) > room:
            yield line.rstrip()
            room, line, word = rest, "", word.lstrip(" ")  # noqa: PLW2901  # the blank stays at the end of the line
        while cell_len(line) + cell_len(word) > room:
            piece = chop_cells(word, room)[0]
            yield line + piece
            room, line, word = rest, "", word[len(piece) :]  # noqa: PLW2901
        line += word
    yield line.rstrip()


def _words(text: str) -> Iterator[str]:
    """Yield words with the blanks before them."""
    word = ""
    for char in text:
        if char == " " and word.strip(" "):
            yield word
            word = ""
        word += char
    if word:
        yield word
