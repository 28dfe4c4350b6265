"""Which chart shows an answer: bars of one column, with an interval where there is one, or lines over time.

A named query says it in its `picture:` note; of any other the first numbers are drawn. Where what stands is layout.py.
"""

from collections.abc import Sequence
from datetime import date, datetime
from math import isfinite
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from linestop.errors import UsageError
from linestop.insight.analysis import Table
from linestop.insight.queries import Query
from linestop.text import plain

MAX_BARS = 30
MAX_POINTS = 400
MAX_LINES = 6  # as many colours as can be told apart
MAX_LABEL_CHARS = 90
_LARGEST = 1e100  # beyond, the distance of two numbers may be none
_TIMES = {"week", "day", "month", "audited", "moment", "started"}


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)

    title: str
    purpose: str = ""
    note: str = Field(default="", description="what the chart leaves out")


class Bar(BaseModel):
    """One bar; `low` and `high` are the ends of its interval."""

    model_config = ConfigDict(frozen=True)

    label: str
    value: float
    low: float | None = None
    high: float | None = None


class Bars(_Frozen):
    """Bars of one column, from the top."""

    unit: str
    bars: tuple[Bar, ...]


class Lines(_Frozen):
    """Lines over the same points; a missing value is None."""

    points: tuple[str, ...]
    lines: dict[str, tuple[float | None, ...]]


Chart = Bars | Lines


def chart_of(query: Query, answer: Table) -> Chart:
    """Return the chart of an answer.

    Raises:
        UsageError: there is no row, or no number to draw.
    """
    if not answer.rows:
        raise UsageError(
            "there is nothing to draw",
            found=f"{query.name} has no rows",
            todo="ask it without --picture; or of a longer time, with --since",
        )
    kind, labels, values = _told(query.picture) if query.picture else _guessed(answer)
    return _lines(query, answer, labels[0], values) if kind == "lines" else _bars(query, answer, labels, values)


def _told(note: str) -> tuple[str, list[str], list[str]]:
    left, _, right = note.partition("|")
    kind, *labels = left.split()
    return kind, labels, right.split()


def _guessed(answer: Table) -> tuple[str, list[str], list[str]]:
    numbers = [name for name in answer.columns if _is_numeric(_column(answer, name))]
    if not numbers:
        raise UsageError(
            "there is nothing to draw", found=f"no column of numbers among {plain(', '.join(answer.columns))}",
            todo="count or sum something, or ask for --csv",
        )  # fmt: skip
    first = answer.columns[0]
    if first in _TIMES or all(isinstance(value, date) for value in _column(answer, first)):
        return "lines", [first], [name for name in numbers if name != first][:MAX_LINES]
    words = [name for name in answer.columns if name not in numbers][:2]
    return "bars", words, numbers[:1]


def _bars(query: Query, answer: Table, labels: Sequence[str], values: Sequence[str]) -> Bars:
    columns = [[_number(value) for value in _column(answer, name)] for name in values]
    columns += [[None] * len(answer.rows)] * (3 - len(columns))
    names = [_column(answer, name) for name in labels]
    found = []
    for number, (value, low, high) in enumerate(zip(*columns[:3], strict=True)):
        if value is not None:
            words = [_word(column[number]) for column in names]
            label = " · ".join(word for word in words if word) or ("(none)" if names else str(number + 1))
            found.append(Bar(label=plain(label, limit=MAX_LABEL_CHARS), value=value, low=low, high=high))
    if not found:
        raise UsageError("there is nothing to draw", found=f"no {values[0]} is known", todo="ask for the table")
    note = f"the first {MAX_BARS} of {len(found)}" if len(found) > MAX_BARS else ""
    return Bars(
        **_named(query), note=note, unit=plain(values[0].replace("_", " "), limit=60), bars=tuple(found[:MAX_BARS])
    )


def _lines(query: Query, answer: Table, over: str, values: Sequence[str]) -> Lines:
    points = [plain(_word(value), limit=30) for value in _column(answer, over)]
    series = {plain(name.replace("_", " ")): [_number(one) for one in _column(answer, name)] for name in values}
    if points != sorted(points):
        order = sorted(range(len(points)), key=points.__getitem__)
        points = [points[number] for number in order]
        series = {name: [line[number] for number in order] for name, line in series.items()}
    note = f"the last {MAX_POINTS} of {len(points)}" if len(points) > MAX_POINTS else ""
    kept = {name: tuple(line[-MAX_POINTS:]) for name, line in series.items()}
    return Lines(**_named(query), note=note, points=tuple(points[-MAX_POINTS:]), lines=kept)


def _named(query: Query) -> dict[str, str]:
    return {"title": plain(query.name), "purpose": plain(query.purpose, limit=160)}


def _column(answer: Table, name: str) -> list[Any]:
    place = answer.columns.index(name)
    return [row[place] for row in answer.rows]


def _is_numeric(values: Sequence[Any]) -> bool:
    known = [value for value in values if value is not None]
    return bool(known) and all(_number(value) is not None for value in known)


def _number(value: Any) -> float | None:
    """Return a finite number, None where the value is none; DuckDB's decimals are numbers too."""
    if value is None or isinstance(value, (bool, str, bytes, date)) or not hasattr(value, "__float__"):
        return None
    try:
        number = float(value)
    except (OverflowError, ValueError):
        return None
    return number if isfinite(number) and abs(number) < _LARGEST else None


def _word(value: Any) -> str:
    if value is None:
        return ""
    return value.strftime("%Y-%m-%d %H:%M") if isinstance(value, datetime) else str(value)
