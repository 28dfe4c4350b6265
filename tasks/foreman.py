"""The foreman: opens an execution run's record, and closes it with a report that people read."""

import asyncio
from collections import Counter
from time import monotonic
from typing import Self

from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed, Failed

from linestop.blocks.line import Line
from linestop.done import Answer, OracleVerdict
from linestop.execution.order import ExecutionOrder, ExecutionReport, TicketOutcome
from linestop.execution.report import batch_page
from linestop.execution.runs import audit_of, ticket_flow_runs
from linestop.memory.cautions import upkeep
from linestop.records import RunRecord
from linestop.tasks.artifacts import key_link, publish_markdown, run_link
from linestop.tasks.debriefer import debriefer
from linestop.tasks.memory_log import problems_of
from linestop.tasks.planner import would_be
from linestop.tasks.related import last_runs, plan_key


class Foreman:
    """One execution run's record and clock. Leaving it by an error, or cancelled, ends the record as broken off."""

    def __init__(self, line: Line, order: ExecutionOrder) -> None:
        self.line = line
        self._order = order
        self.record = RunRecord(
            line.layout, "execution", flow_run=flow_run.id or "", **order.model_dump(exclude={"repository"})
        )
        self.filed: tuple[str, ...] = ()
        self._started = monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if error is not None:
            self.record.break_off("broken-off", error)

    async def nothing(self) -> State[ExecutionReport]:
        """End a run that found nothing to carry out, or may not file what it found."""
        waiting = len(would_be(self.line)) if self._order.dry_run else 0
        if waiting:
            report = self._report(None, Answer.NOT_DONE, (f"a dry run: {waiting} plans would be filed",), ())
        else:
            report = self._report(None, Answer.DONE, ("there are no plans and no tickets: run the audit first",), ())
        self.record.finish("nothing", summary=report.reasons[0], memory=list(report.memory))
        return Completed(data=report, name="DryRun" if waiting else "Nothing", message=report.reasons[0])

    async def finished(
        self, verdict: OracleVerdict, ran: list[str], *, stop: str | None = None
    ) -> State[ExecutionReport]:
        """End the run with the oracle's answer. What is not done is red; what waits on a person is not a failure."""
        reasons = (stop,) if stop else verdict.reasons
        report = self._report(verdict.batch, verdict.answer, reasons, tuple(ran))
        self.record.write("oracle.json", verdict.model_dump_json(indent=2))
        words = "; ".join(reasons) or _how_many(report)
        self.record.finish(
            str(verdict.answer), summary=words, batch=verdict.batch, filed=list(self.filed), ran=ran,
            memory=list(report.memory),
        )  # fmt: skip
        page = await asyncio.to_thread(self._page, report)
        await publish_markdown(f"{self.line.layout.key}-batch-{verdict.batch}", page, title=f"Batch {verdict.batch}")
        await asyncio.to_thread(self._upkeep)
        if ran:
            await debriefer(self.line, verdict.batch, others=True)
        if verdict.answer is Answer.DONE:
            return Completed(data=report, message="the oracle says done")
        if verdict.answer is Answer.WAITING:
            return Completed(data=report, name="WaitingOnAPerson", message="; ".join(reasons))
        if self._order.dry_run:
            return Completed(data=report, name="DryRun", message="; ".join(reasons))
        return Failed(data=report, name="LineStop" if stop else "NotDone", message="; ".join(reasons))

    def _upkeep(self) -> None:
        """Compact cautions where there are many, so that no later run waits for it; about a second at most."""
        layout = self.line.layout
        self.line.memory.attempt("cautions can't be compacted", lambda: upkeep(layout), None)

    def _page(self, report: ExecutionReport) -> str:
        layout = self.line.layout
        runs = {ticket: run_link(ticket, run) for ticket, run in ticket_flow_runs(layout).items()}
        idle = [ticket.id for ticket in report.tickets if ticket.id not in runs and audit_of(layout, ticket.id)]
        runs |= {ticket: key_link(ticket, plan_key(layout, ticket)) for ticket in idle}
        links = last_runs(layout, "audit", "documentation")
        return batch_page(
            report.tickets, answer=str(report.answer), reasons=report.reasons, runs=runs, links=links,
            memory=report.memory,
        )  # fmt: skip

    def _report(
        self, batch: str | None, answer: Answer, reasons: tuple[str, ...], ran: tuple[str, ...]
    ) -> ExecutionReport:
        tickets = (self.line.tracker.list(batch) if batch else ()) + (
            would_be(self.line) if self._order.dry_run else ()
        )
        return ExecutionReport(
            run_id=self.record.id,
            batch=batch,
            answer=answer,
            reasons=reasons,
            filed=self.filed,
            ran=ran,
            tickets=tuple(TicketOutcome.of(ticket) for ticket in tickets),
            seconds=round(monotonic() - self._started, 2),
            memory=tuple(dict.fromkeys((*self.line.memory.problems, *problems_of(self.line.layout, self.record)))),
        )


def _how_many(report: ExecutionReport) -> str:
    counts = Counter(str(ticket.state) for ticket in report.tickets)
    return f"batch {report.batch}: " + ", ".join(f"{count} {state}" for state, count in sorted(counts.items()))
