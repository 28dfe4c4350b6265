"""Cautions as a table, as entries and as JSON lines. Their texts are agents' and repositories' words."""

import json
import shutil
from collections.abc import Iterator, Sequence

from rich.cells import cell_len

from linestop.deployments.cli.text_table import text_table
from linestop.deployments.cli.wrapping import hanging, wrapped
from linestop.memory.cautions.model import Caution
from linestop.text import plain

COLUMNS = ("when", "severity", "kind", "seen by", "ticket", "file", "detail")
NOT_A_TERMINAL = 200  # columns where there is none to ask
MAX_DETAIL = 500


def width() -> int:
    """Return how many columns there are."""
    return shutil.get_terminal_size((NOT_A_TERMINAL, 24)).columns


def as_json(caution: Caution) -> str:
    """Return a caution as a line of JSON; nothing in it moves a terminal's cursor."""
    return json.dumps(caution.model_dump(mode="json", by_alias=True))


def table(found: Sequence[Caution], columns: int) -> str:
    """Return a row for each caution; where the terminal is too narrow for rows, a few lines each."""
    text = text_table(COLUMNS, [_row(one) for one in found])
    if all(cell_len(line) <= columns for line in text.splitlines()):
        return text
    return "\n".join(entry(one, columns) for one in found)


def entry(caution: Caution, columns: int) -> str:
    """Return a caution as a few lines that fit."""
    return "\n".join(_entry(caution, columns))


def _entry(caution: Caution, columns: int) -> Iterator[str]:
    when, severity, kind, seen_by, ticket, file, _ = (plain(cell) for cell in _row(caution))
    yield from hanging("  ".join(filter(None, (when, severity, f"{kind} {seen_by}", ticket, file))), columns, indent=2)
    yield from wrapped(plain(caution.detail, MAX_DETAIL), columns, first="  ")


def _row(caution: Caution) -> tuple[str, ...]:
    when = f"{caution.at.astimezone():%Y-%m-%d %H:%M:%S}"
    what = (str(caution.severity), str(caution.kind), caution.detector, caution.ticket, caution.file)
    return (when, *what, caution.detail)
