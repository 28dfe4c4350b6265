"""How answers of `linestop insight` are written: tables, JSON, CSV, pictures. All of it is safe to look at."""

import csv
import io
import json
import sys
from datetime import datetime
from math import isfinite
from pathlib import Path
from typing import Any

from linestop.deployments.cli.text_table import terminal_width, text_table
from linestop.deployments.cli.wrapping import hanging
from linestop.insight import Query, Table
from linestop.text import plain

MAX_CSV_CHARS = 32_000  # of a cell: what spreadsheets take
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # of full width too


def as_text(query: Query, answer: Table) -> str:
    """Return an answer as a table under its name and purpose."""
    width = terminal_width()
    table = text_table(answer.columns, answer.rows, width=width) if answer.rows else "(nothing)"
    title = f"{folded(f'{query.name}: {query.purpose}', indent=4)}\n\n" if query.purpose else ""
    return f"{title}{table}\n"


def folded(line: str, *, indent: int) -> str:
    """Return a line broken where the terminal is too narrow for it, further lines indented."""
    width = terminal_width()
    return line if width is None else "\n".join(hanging(line, width, indent=indent))


def as_json(answers: list[tuple[Query, Table]]) -> str:
    """Return answers as JSON: one object a query, one a row. What is no number (NaN, infinite) is null."""
    return json.dumps([_object(query, answer) for query, answer in answers], indent=2, default=str, allow_nan=False)


def as_csv(answer: Table) -> str:
    """Return an answer as CSV with its headings. A text that a spreadsheet would run as a formula gets a `'` first."""
    with io.StringIO(newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([_csv_cell(column) for column in answer.columns])
        writer.writerows([_csv_cell(value) for value in row] for row in answer.rows)
        return file.getvalue().removesuffix("\n")


def draw(query: Query, answer: Table, path: Path) -> None:
    """Write an answer as a picture, and say where it lies."""
    from linestop.insight.drawing import chart_of, write_picture  # noqa: PLC0415  # as needed

    sys.stderr.write(f"written to {plain(str(write_picture(chart_of(query, answer), path)), limit=500)}\n")


def say(text: str) -> None:
    """Write to stdout; what no console can show is written as an escape."""
    sys.stdout.write(text + "\n")


def _object(query: Query, answer: Table) -> dict[str, Any]:
    rows = [dict(zip(answer.columns, map(_json_value, row), strict=True)) for row in answer.rows]
    return {"query": query.name, "purpose": query.purpose, "rows": rows}


def _json_value(value: Any) -> Any:
    """Return a value as JSON has it; DuckDB's maps may have keys of any kind."""
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): _json_value(one) for key, one in value.items()}
    return [_json_value(one) for one in value] if isinstance(value, (list, tuple)) else value


def _csv_cell(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    text = plain(str(value), limit=MAX_CSV_CHARS)
    return f"'{text}" if text.startswith(_FORMULA) else text
