"""The table of measures, as markdown, and its place in docs/benchmarks.md."""

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from linestop import __version__
from linestop.deployments.bench.pairs import Measure
from linestop.errors import InfraError

BEGIN = "<!-- bench: begin -->"
END = "<!-- bench: end -->"
_TENTH = 0.1


def as_markdown(measures: Sequence[Measure]) -> str:
    """Return the measures as a markdown table, with the machine and the day below."""
    rows = [
        f"| {one.name} | {_seconds(one.ours)} | {_seconds(one.bare)} | {_ratio(one.ratio)} | {_goal(one)} | "
        f"{one.pairs} | {one.note} |"
        for one in measures
    ]
    head = ["| measure | ours | bare | ratio | goal | pairs | |", "|---|--:|--:|--:|---|--:|---|"]
    return "\n".join([*head, *rows, "", _machine()])


def write_table(page: Path, text: str) -> None:
    """Put the table between the page's two markers.

    Raises:
        InfraError: the page can't be read or written, or has no markers.
    """
    try:
        before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
        _, found, after = rest.partition(END)
        if not found:
            raise InfraError(f"{page} has no place for the table", found=f"no {BEGIN} … {END}", todo="add the markers")
        page.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")
    except OSError as error:
        raise InfraError(f"{page} can't be written", found=str(error), todo="print the table instead") from error


def _seconds(value: float | None) -> str:
    if value is None:
        return ""
    return (
        f"{value:.2f} s"
        if value >= _TENTH
        else f"{value * 1000:.2g} ms"
        if value < _TENTH / 10
        else f"{value * 1000:.0f} ms"
    )


def _ratio(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.2f}" if value < 10 else f"{value:,.0f}"  # noqa: PLR2004  # two digits tell nothing above ten


def _goal(one: Measure) -> str:
    return f"{one.goal} {'✓' if one.met else '✗'}" if one.goal else ""


def _machine() -> str:
    day = datetime.now(UTC).strftime("%Y-%m-%d")
    return (
        f"linestop {__version__}, {day}: {platform.system()} {platform.release()}, {os.cpu_count()} cores,"
        f" Python {platform.python_version()}. Medians of interleaved pairs."
    )
