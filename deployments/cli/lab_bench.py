"""`linestop lab bench`: how good the detectors are, on traces that a person labelled."""

import sys
from pathlib import Path
from typing import Literal

from linestop.deployments.cli.options import Json

TRACES = Path(__file__).resolve().parents[2] / "tests" / "traces"
INTERVAL = "95 %"
COLUMNS = ("detector", "precision", INTERVAL, "recall", INTERVAL, "hits", "missed", "false alarms", "quiet", "info")


def bench(
    what: Literal["detectors"] = "detectors",  # noqa: ARG001  # one thing so far; the command names it
    /,
    *,
    traces: Path | None = None,
    json_: Json = False,
) -> int:
    """Hold each detector against labelled traces: precision and recall, with counts and intervals.

    Examples:
        linestop lab bench detectors
        linestop lab bench detectors --traces ~/my-traces --json | jq '.detectors[] | {detector, precision, recall}'

    A firing counts where it is a warning or a stop; info is counted beside. Intervals are Wilson's, 95 %.

    Parameters
    ----------
    what
        What is held against its traces; there is one thing so far.
    traces
        A folder with traces of any format and a labels.json; by default those of linestop's own repository.
    json_
        Print it as JSON, with every trace about which a detector erred.
    """
    from linestop.errors import UsageError  # noqa: PLC0415  # after --help
    from linestop.watch.scoring import score  # noqa: PLC0415

    folder = traces or TRACES
    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}", found="no traces", todo="name one: --traces DIR")
    found = score(folder)
    if json_:
        sys.stdout.write(found.model_dump_json(indent=2) + "\n")
        return 0
    from linestop.deployments.cli.text_table import terminal_width, text_table  # noqa: PLC0415
    from linestop.text import plain  # noqa: PLC0415

    rows = [
        (one.detector, _share(one.precision), _interval(one.precision_interval), _share(one.recall),
         _interval(one.recall_interval), one.hits, one.misses, one.false_alarms, one.quiet, one.info)
        for one in found.detectors
    ]  # fmt: skip
    table, width = text_table(COLUMNS, rows), terminal_width()
    if width is not None and max(map(len, table.splitlines())) > width:  # the intervals are in --json as well
        kept = [place for place, column in enumerate(COLUMNS) if column != INTERVAL]
        table = text_table([COLUMNS[one] for one in kept], [[row[one] for one in kept] for row in rows], width=width)
    sys.stdout.write(table + "\n")
    sys.stderr.write(
        f"{found.traces} traces: {found.stuck_kinds} kinds of being stuck, {found.honest_kinds} of honest work\n"
    )
    for one in found.wrong:
        words = [*(f"missed {name}" for name in one.missed), *(f"false alarm {name}" for name in one.false)]
        words += [f"{name} broke: {why}" for name, why in one.broken.items()]
        sys.stderr.write(f"  {plain(one.label.file)}: {plain(', '.join(words))}\n")
    return 0


def _share(value: float | None) -> str | None:
    return None if value is None else f"{value:.2f}"


def _interval(value: tuple[float, float] | None) -> str | None:
    return None if value is None else f"{value[0]:.2f} to {value[1]:.2f}"
