"""What a ticket costs over the bare git, tool and test commands it contains. Needs a server.

Each pair starts from one state: the ticket's flow runs while every process it starts is seen; then the state is put
back and the same commands run again, bare, one after the other.
"""

from collections.abc import Sequence
from pathlib import Path
from statistics import median
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from pydantic import BaseModel, ConfigDict

from linestop.audit.order import AuditOrder
from linestop.blocks.line import Line
from linestop.deployments.bench.commands import Seen, replay, seen_commands
from linestop.deployments.bench.pairs import Measure, measure, timed_async
from linestop.deployments.bench.snapshots import Snapshot, restore_with_objects
from linestop.errors import RepositoryError
from linestop.execution.order import ExecutionOrder, TicketOrder
from linestop.flows.audit import audit
from linestop.flows.ticket import ticket
from linestop.ready import ready
from linestop.tasks.planner import file_tickets

GOAL = 1.5  # issue 2, part 7


class TicketRun(BaseModel):
    """One run of a ticket's flow: its wall time, what it did, and its page in Prefect."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    seconds: float
    seen: Seen
    flow_run: UUID | None


async def ticket_cost(repository: Path, store: Path, *, tickets: int, pairs: int) -> tuple[list[Measure], list[UUID]]:
    """Return the cost of the first `tickets` ready tickets of a repository, and the flow runs that were measured."""
    line = Line(repository)
    await audit(AuditOrder(repository=str(repository), again=True))
    file_tickets(line, ExecutionOrder(repository=str(repository)))
    names = [one.id for one in ready(line.tracker.list())][:tickets]
    if not names:
        raise RepositoryError(f"{repository} has no ticket to measure", found="no open ticket", todo="name another one")
    snapshot = Snapshot([repository, line.layout.worktrees], store)
    measures: list[Measure] = []
    flow_runs: list[UUID] = []
    for name in names:
        order = TicketOrder(repository=str(repository), ticket=name)
        await _run(order, store)  # builds what later runs find in a cache
        snapshot.restore()
        runs = [await _pair(order, snapshot, store) for _ in range(pairs)]
        measures.append(_measure(repository.name, name, runs))
        flow_runs += [run.flow_run for run, _, _ in runs if run.flow_run]
    return measures, flow_runs


async def machinery_share(
    tickets: Sequence[Measure], flow_runs: Sequence[UUID], *, task: float, subflow: float
) -> Measure:
    """Return what the machinery takes of a ticket: its task runs and its flow run, at their measured seconds."""
    async with get_client() as client:
        found = [
            len(await client.read_task_runs(flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=[flow_run]))))
            for flow_run in flow_runs
        ]
    tasks = median(found)
    note = f"{tasks:.0f} tasks at {task * 1000:.1f} ms, one flow at {subflow * 1000:.0f} ms"
    wall = median(one.ours for one in tickets)
    return measure("the machinery's share of a ticket", [(tasks * task + subflow, wall)], note=note)


async def _pair(order: TicketOrder, snapshot: Snapshot, store: Path) -> tuple[TicketRun, float, int]:
    run = await _run(order, store)
    restore_with_objects(snapshot, Path(order.repository), store)
    bare, lost = replay(run.seen.steps)
    snapshot.restore()
    return run, bare, lost


async def _run(order: TicketOrder, store: Path) -> TicketRun:
    with seen_commands(store / "check-folders") as seen:
        states: list[UUID | None] = []
        seconds = await timed_async(lambda: _carry_out(states, order))
    return TicketRun(seconds=seconds - seen.hook_seconds, seen=seen, flow_run=states[0])


async def _carry_out(found: list[UUID | None], order: TicketOrder) -> None:
    state = await ticket(order, return_state=True)
    found.append(state.state_details.flow_run_id)


def _measure(repository: str, name: str, runs: Sequence[tuple[TicketRun, float, int]]) -> Measure:
    lost = max(failed for _, _, failed in runs)
    note = f"{len(runs[-1][0].seen.commands)} commands" + (f", {lost} of them could not be run again" if lost else "")
    title = f"{repository}'s ticket `{name}` over its bare commands"
    found = measure(title, [(run.seconds, bare) for run, bare, _ in runs], note=note)
    return found.model_copy(update={"goal": f"≤ {GOAL}", "met": (found.ratio or 0) <= GOAL})
