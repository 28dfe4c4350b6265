"""Tables as plain text for stdout, safe whatever a cell holds. On a terminal that is too narrow they give way."""

import shutil
import sys
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from rich.cells import cell_len, set_cell_size

from linestop.deployments.cli.wrapping import fitted, wrapped
from linestop.text import plain

MAX_CELL_CHARS = 100
_NARROWEST = 20  # cells that a text keeps in a table; less of a path or a name tells nothing
_GAP = 2


def terminal_width() -> int | None:
    """Return the cells of a line where stdout is a terminal, None where it is none and a line may have any length."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def for_terminal(text: str, width: int | None) -> str:
    """Return a page for `width` cells, each line that is too wide as several; as it is where there is no terminal."""
    return text if width is None else "\n".join(fitted(text.split("\n"), width))


def text_table(
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    width: int | None = None,
    whole: Collection[str] = (),
) -> str:
    """Return aligned columns under their headings; numbers to the right, cells cut at 100 characters.

    With a width no line is longer: long texts are cut, and where that isn't enough each row becomes a paragraph.
    Columns named in `whole`, such as ids that are typed again, are not cut for it. A moment of a known zone is shown by
    the clock on the reader's wall.
    """
    cells = [[_cell(value) for value in row] for row in rows]
    headings = [column.replace("_", " ") for column in columns]
    widths = [max(cell_len(line[index]) for line in [headings, *cells]) for index in range(len(columns))]
    right = [bool(rows) and all(_is_number(row[index]) for row in rows) for index in range(len(columns))]
    if width is not None:
        rigid = [
            right[index] or column in whole or any(isinstance(row[index], datetime) for row in rows)
            for index, column in enumerate(columns)
        ]
        fitting = _narrowed(widths, rigid, [cell_len(one) for one in headings], width)
        if fitting is None:
            return "\n".join(_paragraphs(headings, cells, width))
        widths = fitting
    lines = [headings, ["-" * one for one in widths], *cells]
    return "\n".join(_line(line, widths, right) for line in lines)


def _narrowed(widths: list[int], rigid: list[bool], headings: list[int], width: int) -> list[int] | None:
    """Return widths that fit, the widest texts cut first; None where what must be whole is too wide already."""
    least = [
        one if whole else min(one, max(_NARROWEST, heading))
        for one, whole, heading in zip(widths, rigid, headings, strict=True)
    ]
    over = sum(widths) + _GAP * (len(widths) - 1) - width
    widths = list(widths)
    while over > 0:
        spare = [one - lowest for one, lowest in zip(widths, least, strict=True)]
        place = max(range(len(widths)), key=lambda index: (spare[index] > 0, widths[index]))
        if spare[place] <= 0:
            return None
        widths[place] -= 1
        over -= 1
    return widths


def _paragraphs(headings: Sequence[str], cells: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    names = max(len(heading) for heading in headings)
    for number, row in enumerate(cells):
        if number:
            yield ""
        for heading, cell in zip(headings, row, strict=True):
            yield from wrapped(cell, width, first=f"{heading.ljust(names)}  ")


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    padded = (_padded(cell, width, right=to_right) for cell, width, to_right in zip(cells, widths, right, strict=True))
    return (" " * _GAP).join(padded).rstrip()


def _padded(cell: str, width: int, *, right: bool) -> str:
    room = width - cell_len(cell)
    if room < 0:
        return set_cell_size(cell, width - 1) + "…"
    return " " * room + cell if right else cell + " " * room


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, datetime):
        shown = value.astimezone() if value.tzinfo else value
        return shown.strftime("%Y-%m-%d %H:%M:%S")
    return plain(str(value), limit=MAX_CELL_CHARS)


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, (int, float)) and not isinstance(value, bool))
