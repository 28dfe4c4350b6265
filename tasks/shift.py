"""The shift: which tickets of a batch run now. Owns the running ticket flows of one execution run."""

import asyncio
from collections.abc import Awaitable
from typing import Any, Self

from prefect import Flow, tags
from prefect.client.schemas.objects import State

from linestop.blocks.line import Line
from linestop.blocks.run_tags import ticket_tags
from linestop.execution.order import ExecutionOrder, TicketOrder
from linestop.ready import ready
from linestop.records import RunRecord
from linestop.tickets import Ticket


class Shift:
    """Starts ready tickets, at most `parallel` at a time, and each at most once in a run: nothing is retried for ever.

    Leaving it waits for those that run: the oracle may say done while the last of them still writes its record and its
    debrief. Leaving it by an error ends them and waits; they give themselves back to the tracker.
    """

    def __init__(self, line: Line, order: ExecutionOrder, record: RunRecord, batch: str) -> None:
        self.line = line
        self.batch = batch
        self.ran: list[str] = []
        self.running: dict[asyncio.Task[State[Any]], str] = {}
        self._order = order
        self._record = record
        self._parallel = order.parallel or line.policy.execution.parallel

    def ready(self) -> tuple[Ticket, ...]:
        """Return the tickets that may start: open, dependencies Done, asked for, not yet run here."""
        chosen = self._order.tickets
        tickets = self.line.tracker.list()
        mine = [ticket for ticket in tickets if ticket.batch == self.batch]
        return tuple(
            ticket
            for ticket in ready(mine, others=[ticket for ticket in tickets if ticket.batch != self.batch])
            if ticket.id not in self.ran and (not chosen or ticket.id in chosen)
        )

    def start(self, flow: Flow[[TicketOrder], Any]) -> None:
        """Start ready tickets until the places are taken, each as a run of `flow`."""
        for ticket in self.ready()[: self._parallel - len(self.running)]:
            root = str(self.line.layout.root)
            order = TicketOrder(repository=root, ticket=ticket.id, parent=self._record.id, **self._order.chosen)
            self.ran.append(ticket.id)
            with tags(*ticket_tags(self.line.layout.root, batch=self.batch, ticket=ticket.id)):
                run: Awaitable[State[Any]] = flow(order, return_state=True)
                self.running[asyncio.ensure_future(run)] = ticket.id  # a task keeps the tags of where it was made

    async def next_end(self) -> None:
        """Wait until a running ticket ends. How it ended is in the tracker; what broke the run itself is raised."""
        ended, _ = await asyncio.wait(self.running, return_when=asyncio.FIRST_COMPLETED)
        for run in ended:
            del self.running[run]
            run.result()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, error: object, *more: object) -> None:
        try:
            while error is None and self.running:
                await self.next_end()
        finally:
            for run in self.running:
                run.cancel()
            await asyncio.gather(*self.running, return_exceptions=True)
