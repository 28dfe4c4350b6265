"""Tables as plain text for stdout: the same on a terminal and in a pipe, safe whatever a cell holds."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from linestop.text import plain

MAX_CELL_CHARS = 100


def text_table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Return aligned columns under their headings; numbers to the right, cells cut at 100 characters."""
    cells = [[_cell(value) for value in row] for row in rows]
    headings = [column.replace("_", " ") for column in columns]
    widths = [max(len(line[index]) for line in [headings, *cells]) for index in range(len(columns))]
    right = [bool(rows) and all(_is_number(row[index]) for row in rows) for index in range(len(columns))]
    lines = [headings, ["-" * width for width in widths], *cells]
    return "\n".join(_line(line, widths, right) for line in lines)


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    padded = (
        cell.rjust(width) if to_right else cell.ljust(width)
        for cell, width, to_right in zip(cells, widths, right, strict=True)
    )
    return "  ".join(padded).rstrip()


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return plain(str(value), limit=MAX_CELL_CHARS)


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, (int, float)) and not isinstance(value, bool))
