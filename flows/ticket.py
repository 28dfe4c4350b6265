"""The ticket flow: one ticket, in its own worktree, from claim to delivery or line stop."""

import asyncio

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from linestop.blocks.line import Line
from linestop.blocks.station import Station
from linestop.execution.order import TicketOrder, TicketOutcome
from linestop.execution.ruling import reject
from linestop.plans import Chunk
from linestop.tasks.baseline import red_base
from linestop.tasks.checker import checker
from linestop.tasks.chronicler import chronicler
from linestop.tasks.clerk import deliver, discover, note, petition, stop_line
from linestop.tasks.goal_checker import goal_checker
from linestop.tasks.maker import maker
from linestop.tasks.opinion import reviewer, second_look
from linestop.tasks.station_master import manned_station
from linestop.tickets import TicketState


@flow(name="ticket", flow_run_name="{order.ticket}", persist_result=False, validate_parameters=True)
async def ticket(order: TicketOrder) -> State[TicketOutcome]:
    """Carry out one ticket: maker, guards, checks, checker per chunk; then the goal-checker; then delivery."""
    return await bring_to_end(Line(order.repository, roles=order.chosen), order)


async def bring_to_end(line: Line, order: TicketOrder) -> State[TicketOutcome]:
    """Do what the flow does, on a line with whatever engine it has."""
    async with manned_station(line, order) as station:
        if station is None:
            return Completed(name="Taken", message="the ticket isn't open: another run has it, or it ended")
        if stop := await red_base(station):
            return Failed(name="LineStop", message=stop)
        for chunk in station.remaining():
            if stop := await carry_out(station, chunk):
                incident = await stop_line(station, what=stop)
                return Failed(name="LineStop", message=f"{stop}; incident {incident.id}")
        goal = await goal_checker(station)
        state = await deliver(station, goal, await reviewer(station) if goal.met else None)
        outcome = TicketOutcome.of(station.ticket)
    if state is TicketState.DONE:
        return Completed(data=outcome, message=f"delivered on {outcome.branch or 'the base: nothing was left to do'}")
    return Completed(data=outcome, name="Petitioned", message=outcome.reason)


async def carry_out(station: Station, chunk: Chunk) -> str | None:
    """Bring one chunk to a commit that the checker approves; return why the line stops, or nothing."""
    attempts = station.line.policy.execution.attempts
    for attempt in range(1, attempts + 1):
        made = await maker(station, chunk, attempt)
        station.could_not += [text for text in made.work.could_not if text not in station.could_not]
        await discover(station, made.work.discovered)
        if made.stops:
            await chronicler(station, chunk, attempt, made, reject(made.fault, by="maker"))
            return made.fault
        if made.work.petition:
            await petition(station, chunk, made.work.petition)
            return None
        if made.commit is None and not made.fault:
            await note(station, chunk, f"refused: {made.work.summary}")
            return None
        verdict = await checker(station, chunk, made.commit) if made.commit else reject(made.fault, by="maker")
        if verdict.approved and made.commit:
            verdict = await second_look(station, chunk, made.commit, attempt) or verdict
        if verdict.approved and made.commit:
            await note(station, chunk, made.commit)
            return None
        tally = await chronicler(station, chunk, attempt, made, verdict)  # before the attempt is thrown away
        if stop := await asyncio.to_thread(station.fail, "; ".join(verdict.reasons), tally):
            return stop
    get_run_logger().warning("chunk.refused ticket=%s chunk=%s", station.ticket.id, chunk.id)
    await note(station, chunk, f"refused: {attempts} attempts were rejected")
    return None
