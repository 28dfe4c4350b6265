"""The page of what the watch saw of one dispatch, as markdown that nothing an agent wrote can change."""

from collections.abc import Sequence
from pathlib import Path

from linestop.execution.report import cell
from linestop.watch import Firing, Rung

MAX_ROWS = 100


def watch_page(run_id: str, folder: Path, seen: Sequence[tuple[Firing, Rung]]) -> str:
    """Return a table of firings, the newest last, with the record they belong to."""
    rows = [_row(firing, rung) for firing, rung in seen[-MAX_ROWS:]]
    head = ["| UTC | detector | severity | done about it | what | file |", "|---|---|---|---|---|---|"]
    left_out = [f"{len(seen) - MAX_ROWS} earlier ones are in the record."] if len(seen) > MAX_ROWS else []
    where = f"Record `{cell(run_id)}` in `{cell(str(folder))}`; `linestop run show {cell(run_id)}` shows all of it."
    return "\n".join([where, "", *left_out, *head, *rows, ""])


def _row(firing: Firing, rung: Rung) -> str:
    done = rung.name.lower().replace("_", " ")
    words = (
        f"{firing.at:%H:%M:%S}",
        cell(firing.detector),
        firing.severity,
        done,
        cell(firing.detail),
        cell(firing.file),
    )
    return f"| {' | '.join(words)} |"
