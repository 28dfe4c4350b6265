"""Links between the runs of a repository, and the keys of pages that more than one kind of run links."""

from linestop.execution.runs import last_flow_run
from linestop.paths import Layout
from linestop.records import RunKind
from linestop.tasks.artifacts import run_link


def last_runs(layout: Layout, *kinds: RunKind) -> tuple[str, ...]:
    """Return a markdown link to the newest run of each kind that has one."""
    found = ((kind, last_flow_run(layout, kind)) for kind in kinds)
    return tuple(run_link(f"last {kind}", run) for kind, run in found if run)


def ticket_key(layout: Layout, ticket: str) -> str:
    """Return the key of a ticket's page; other repositories may have a ticket of that name."""
    return f"{layout.key}-ticket-{ticket}"


def plan_key(layout: Layout, plan: str) -> str:
    """Return the key of a plan's page."""
    return f"{layout.key}-plan-{plan}"
