"""Which runs belong together, from the records of a repository: for links between audit, tickets and documentation."""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

from linestop.files import read_whole
from linestop.paths import Layout
from linestop.records import MAX_JSON, Inputs, RunKind, inputs_in, result_in
from linestop.verdicts import GoalVerdict

_RUN = re.compile(r"[A-Za-z0-9-]{1,100}")
ESCALATION = "escalation.md"  # what a person reads of a failure that came too often
MAX_RUNS = 300  # a page links what is recent; older runs are found in the history


def newest(layout: Layout, kind: RunKind) -> Iterator[tuple[Path, Inputs]]:
    """Yield folder and inputs of a kind's runs that have a flow run, newest first; the unreadable is passed over."""
    for folder in islice(sorted(layout.runs.glob(f"*-{kind}-*"), reverse=True), MAX_RUNS):
        inputs = inputs_in(folder)
        if inputs and inputs.flow_run:
            yield folder, inputs


def last_flow_run(layout: Layout, kind: RunKind) -> str:
    """Return the flow run of the newest run of a kind, empty where there is none."""
    return next((inputs.flow_run for _, inputs in newest(layout, kind)), "")


def ticket_flow_runs(layout: Layout) -> dict[str, str]:
    """Return the newest flow run of each ticket."""
    runs = [(str(inputs.parameters.get("ticket", "")), inputs.flow_run) for _, inputs in newest(layout, "ticket")]
    return dict(reversed(runs))


def flow_runs_of(layout: Layout, runs: Iterable[str]) -> dict[str, str]:
    """Return the flow run of each run's record; a dispatch is shown by the run that started it. Unknown ones lack."""
    found: dict[str, str] = {}
    for run in runs:
        inputs = _inputs(layout, run)
        if inputs and not inputs.flow_run and inputs.parent:
            inputs = _inputs(layout, inputs.parent)
        if inputs and inputs.flow_run:
            found[run] = inputs.flow_run
    return found


def _inputs(layout: Layout, run: str) -> Inputs | None:
    return inputs_in(layout.runs / run) if _RUN.fullmatch(run) else None


def last_verdict(layout: Layout, ticket: str) -> GoalVerdict | None:
    """Return what the goal-checker said last about a ticket, None where it was never asked."""
    for folder, inputs in newest(layout, "ticket"):
        if inputs.parameters.get("ticket") == ticket:
            with suppress(OSError, ValueError):
                return GoalVerdict.model_validate_json(read_whole(folder / "verdict.json", most=MAX_JSON))
    return None


def last_report(layout: Layout, ticket: str) -> Path | None:
    """Return the report of the escalation that a ticket's last run ended with, None where it ended otherwise."""
    own = (folder for folder, inputs in newest(layout, "ticket") if inputs.parameters.get("ticket") == ticket)
    path = next((folder / ESCALATION for folder in own), None)
    return path if path and path.is_file() and not path.is_symlink() else None


def audit_of(layout: Layout, plan: str) -> str:
    """Return the flow run of the audit that wrote a plan, empty where it is unknown."""
    return next((inputs.flow_run for folder, inputs in newest(layout, "audit") if plan in _plans(folder)), "")


def _plans(folder: Path) -> tuple[str, ...]:
    result = result_in(folder)
    plans = result.values.get("plans") if result else None
    return tuple(str(plan) for plan in plans) if isinstance(plans, list) else ()
