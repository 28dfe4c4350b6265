"""Reads ruff's JSON report. Positions stay as ruff gives them, rows and columns from 1; edits.py makes them offsets."""

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from linestop.errors import ToolError
from linestop.fixes.edits import Edit, Fix, Lines

SYNTAX = "invalid-syntax"


class Place(NamedTuple):
    """A position as ruff gives it."""

    row: int
    column: int


class Reported(NamedTuple):
    """One finding of ruff's report. `edits` is empty where ruff has no fix for it."""

    rule: str
    file: str
    message: str
    at: Place
    applicability: str
    edits: tuple[tuple[Place, Place, str], ...]

    def fix(self, lines: Lines, *, newline: str) -> Fix:
        """Return its fix as offsets into the text that `lines` are of, with the text's own newlines."""
        edits = [
            Edit(lines.offset(*start), lines.offset(*end), _with(newline, content))
            for start, end, content in self.edits
        ]
        return Fix(self.rule, lines.offset(*self.at), tuple(sorted(edits)))


def read_report(text: str) -> tuple[Reported, ...]:
    """Return the findings of a report.

    Raises:
        ToolError: the text is no such report.
    """
    try:
        return tuple(_reported(item) for item in json.loads(text))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ToolError(
            "ruff's report can't be read", found=f"{error}: {text[:200]!r}", todo="run `linestop doctor`"
        ) from error


def _reported(item: dict[str, Any]) -> Reported:
    fix = item.get("fix") or {"applicability": "", "edits": ()}
    return Reported(
        rule=item["code"] or SYNTAX,
        file=item["filename"],
        message=item["message"],
        at=_place(item["location"]),
        applicability=fix["applicability"],
        edits=tuple(_edits(fix["edits"])),
    )


def _edits(edits: Iterable[dict[str, Any]]) -> Iterable[tuple[Place, Place, str]]:
    return ((_place(edit["location"]), _place(edit["end_location"]), edit["content"] or "") for edit in edits)


def _place(location: dict[str, int]) -> Place:
    return Place(location["row"], location["column"])


def _with(newline: str, content: str) -> str:
    return content.replace("\r\n", "\n").replace("\n", newline) if newline == "\r\n" else content
