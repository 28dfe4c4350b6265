"""What a ticket costs over the bare git, tool and test commands it contains. Needs a server.

Each pair starts from one state: the ticket's flow runs while every process it starts is seen; then the state is put
back and the same commands run again, bare, one after the other.
"""

from pathlib import Path

from linestop.blocks.line import Line
from linestop.deployments.bench.commands import Command, replay, seen_commands
from linestop.deployments.bench.pairs import Measure, measure, timed_async
from linestop.deployments.bench.snapshots import Snapshot, restore_with_objects
from linestop.execution.order import TicketOrder
from linestop.flows.ticket import ticket
from linestop.ready import ready

GOAL = 1.5  # issue 2, part 7


async def ticket_cost(repository: Path, store: Path, *, tickets: int, pairs: int) -> tuple[Measure, ...]:
    """Return the cost of the first `tickets` ready tickets of a repository whose plans are filed already."""
    line = Line(repository)
    names = [one.id for one in ready(line.tracker.list())][:tickets]
    snapshot = Snapshot([repository, line.layout.worktrees], store)
    measures = []
    for name in names:
        order = TicketOrder(repository=str(repository), ticket=name)
        await _ours(order)  # builds what later runs find in a cache
        snapshot.restore()
        measures.append(await _measured(order, snapshot, store, pairs=pairs))
    return tuple(measures)


async def _measured(order: TicketOrder, snapshot: Snapshot, store: Path, *, pairs: int) -> Measure:
    found: list[tuple[float, float]] = []
    commands: list[Command] = []
    lost = 0
    for _ in range(pairs):
        ours, commands = await _ours(order)
        restore_with_objects(snapshot, Path(order.repository), store)
        bare, failed = replay(commands)
        snapshot.restore()
        found.append((ours, bare))
        lost = max(lost, failed)
    note = f"{len(commands)} commands" + (f", {lost} of them could not be run again" if lost else "")
    measured = measure(f"ticket `{order.ticket}` over its bare commands", found, note=note)
    return measured.model_copy(update={"goal": f"≤ {GOAL}", "met": measured.ratio <= GOAL})


async def _ours(order: TicketOrder) -> tuple[float, list[Command]]:
    with seen_commands() as commands:
        seconds = await timed_async(lambda: ticket(order, return_state=True))
    return seconds, list(commands)
