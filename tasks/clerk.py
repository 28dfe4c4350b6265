"""The clerk: tells the tracker, and through artifacts the reader, how a ticket began and ended."""

import asyncio
from collections.abc import Sequence

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from linestop.blocks.station import PETITION, Station
from linestop.execution.learned_page import learned_page
from linestop.execution.report import paragraphs
from linestop.incidents import Incident
from linestop.memory.tickets import learned_by
from linestop.plans import Chunk
from linestop.ports import Discovered
from linestop.tasks.artifacts import fenced, publish_markdown
from linestop.tasks.chronicler import remember_end, remember_stop
from linestop.tasks.escalation import report_escalation
from linestop.tasks.run_log import say
from linestop.tasks.ticket_pages import publish_ticket
from linestop.text import plain
from linestop.tickets import TicketState
from linestop.verdicts import CommandRun, GoalVerdict, Verdict


async def note(station: Station, chunk: Chunk, word: str) -> None:
    """Keep a chunk's result: its commit, `nothing` or `refused: …`."""
    await asyncio.to_thread(station.keep, chunk, word)


async def petition(station: Station, chunk: Chunk, why: str) -> None:
    """Take a maker's word that a test or the plan is wrong: nothing of the attempt is kept, a person decides."""
    await asyncio.to_thread(station.drop)
    await note(station, chunk, f"{PETITION}{why}")
    get_run_logger().warning(
        "chunk.petitioned ticket=%s chunk=%s %s", station.ticket.id, chunk.id, plain(why),
        extra={"action": "chunk.petitioned"},
    )  # fmt: skip


async def discover(station: Station, found: Sequence[Discovered]) -> None:
    """File what an agent came across as tickets of the batch, gated: its words are no plan until a person says so."""
    for ticket in await asyncio.to_thread(station.file_discovered, found):
        say("ticket.discovered", ticket.title, station, filed=ticket.id)


@task(name="deliver", task_run_name="deliver", cache_policy=NO_CACHE, persist_result=False)
async def deliver(station: Station, verdict: GoalVerdict, review: Verdict | None = None) -> TicketState:
    """End the ticket: Done where its finish line is met, else with a person, who is told what is left and why.

    A reviewer that rejects gives it to a person too: the commits stay on the branch.
    """
    objections = () if review is None or review.approved else review.reasons or ("the reviewer rejects it",)
    done = verdict.met and not station.petitions and not objections
    why = "; ".join((*objections, *filter(None, [_petition(station, verdict)])))
    state, reason = (TicketState.DONE, "") if done else (TicketState.PETITIONED, why)
    await asyncio.to_thread(remember_end, station, verdict, review)
    await asyncio.to_thread(station.end, state, reason=reason, verdict=verdict if done else None)
    station.record.write("verdict.json", verdict.model_dump_json(indent=2))
    await _publish(station, verdict)
    get_run_logger().info(
        "ticket.%s ticket=%s branch=%s %s", state, station.ticket.id, station.ticket.branch, plain(reason),
        extra={"action": f"ticket.{state}"},
    )  # fmt: skip
    return state


@task(name="line stop", task_run_name="line stop", cache_policy=NO_CACHE, persist_result=False)
async def stop_line(station: Station, *, what: str, run: CommandRun | None = None) -> Incident:
    """Open an incident for the ticket and give the ticket to a person, with a report where a failure escalated."""
    await asyncio.to_thread(remember_stop, station, what)
    incident = await asyncio.to_thread(
        station.line.incidents.open,
        scope="ticket",
        subject=station.ticket.id,
        what=what,
        evidence=run,
        run=station.record.id,
    )
    reason = f"{what} (incident {incident.id})"
    await asyncio.to_thread(station.end, TicketState.STOPPED, reason=reason)
    learned = learned_page(await asyncio.to_thread(learned_by, station.line.layout, station.ticket.id))
    page = paragraphs(fenced(incident.model_dump_json(indent=2), "json"), learned)
    await publish_markdown(f"stop-{station.ticket.id}", page, title=what)
    if station.escalated:
        await report_escalation(station, station.escalated, incident)
    get_run_logger().error(
        "ticket.stopped ticket=%s incident=%s %s", station.ticket.id, incident.id, plain(what),
        extra={"action": "ticket.stopped"},
    )  # fmt: skip
    return incident


def _petition(station: Station, verdict: GoalVerdict) -> str:
    left = [line for line in verdict.lines if not line.met]
    said = " ".join(f"{line.item} {line.detail}" for line in left)
    # A maker also names what the plan never asked for: only what stands in the way of the finish line is told here.
    why = [f"the maker could not: {text}" for text in station.could_not if text.split()[0].rstrip(":") in said]
    unmet = ["the finish line is not met: " + "; ".join(f"{line.item}: {line.detail}" for line in left)] if left else []
    return "; ".join([*(f"the maker petitions: {text}" for text in station.petitions), *unmet, *why])


async def _publish(station: Station, verdict: GoalVerdict) -> None:
    ticket, workspaces = station.ticket, station.line.workspaces
    diff = await asyncio.to_thread(workspaces.diff, station.worktree, ticket.base, station.tip)
    station.record.write("diff.patch", diff)
    problems = station.line.memory.problems
    await publish_ticket(station.line.layout, ticket, verdict, diff, record=station.record.id, memory=problems)
