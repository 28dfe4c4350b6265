"""The chronicler: writes down what came to nothing, while the worktree still shows it. Nothing here fails a ticket.

What is written is linestop/execution/setbacks.py; where it goes, and that it never raises, is linestop/memory.
"""

import asyncio
import logging

from prefect import task
from prefect.cache_policies import NO_CACHE

from linestop.blocks.station import Station
from linestop.checks import regressions
from linestop.execution.setbacks import MAX_DETAIL, Setback
from linestop.memory.cautions.model import Caution, CautionKind
from linestop.memory.tickets import Correction, Failure, Tally
from linestop.paths import workspace_name
from linestop.plans import Chunk
from linestop.ports.engine import MAKER
from linestop.tasks.maker import Made
from linestop.tasks.run_log import say
from linestop.text import plain
from linestop.verdicts import GoalVerdict, TestCase, Verdict
from linestop.watch.firing import Severity

MAX_BROKEN = 200  # tests of one attempt that are named; more of them are one failure all the same


@task(name="chronicler", task_run_name="chronicler {chunk.id} #{attempt}", cache_policy=NO_CACHE, persist_result=False)
async def chronicler(station: Station, chunk: Chunk, attempt: int, made: Made, verdict: Verdict) -> Tally:
    """Remember an attempt that came to nothing; return how often it failed this way in the ticket's life."""
    tally = await asyncio.to_thread(remember, station, chunk, attempt, made, verdict)
    if tally.sign:
        action = "sign.written" if tally.is_new else "sign.ignored"
        say(
            action, tally.sign.failure, station,
            level=logging.WARNING, chunk=chunk.id, attempt=attempt, sign=tally.sign.id, times=tally.times,
        )  # fmt: skip
    return tally


def remember(station: Station, chunk: Chunk, attempt: int, made: Made, verdict: Verdict) -> Tally:
    """Write cautions, failure, reflection and correction of an attempt, before its worktree is thrown away."""
    if made.record is None and not made.commit:  # nobody was dispatched: the budget is spent
        _stopped(station, made.fault, chunk=chunk.id, detector="budget")
        return Tally(times=0)
    engine, memory = station.line.engine, station.line.memory
    setback = Setback(
        ticket=station.ticket.id, chunk=chunk, attempt=attempt, verdict=verdict,
        run=made.record.id if made.record else station.record.id, engine=engine.name, model=engine.model,
        said=(made.work.summary, *made.work.could_not),
        output=_output(station, verdict),
        broken=memory.attempt("what broke can't be named", lambda: _broken(station, verdict), ()),
    )  # fmt: skip
    for caution in setback.cautions():
        memory.caution(caution, workspace=station.worktree)
    tally = station.book.fail(setback.failure())
    station.escalated = tally.sign if tally.escalates else None
    station.book.reflect(setback.reflection())
    station.book.correct(setback.correction())
    return tally


def remember_stop(station: Station, what: str, *, detector: str = "line-stop") -> None:
    """Remember that the line stopped for the ticket, or that its base is red."""
    _stopped(station, what, detector=detector)


def remember_end(station: Station, goal: GoalVerdict, review: Verdict | None) -> None:
    """Remember what stood in the way at the end: the reviewer's objections, the finish line's unmet items.

    A ticket that nothing stands in the way of has solved what its reviewer said before.
    """
    if review and not review.approved:
        text = "; ".join(review.reasons) or "the reviewer rejects it"
        attempt, run = max(1, station.ticket.attempts), station.record.id
        station.book.fail(Failure(source="reviewer", text=text, chunk="", attempt=attempt, run=run))
        station.book.correct(Correction(text=text, by="reviewer", run=run))
        _stopped(station, text, kind=CautionKind.REJECTION, detector="reviewer")
    elif goal.met:
        station.book.solve("")
    for line in goal.lines:
        if not line.met:
            _stopped(station, f"{line.item}: {line.detail}", kind=CautionKind.CHECK, detector="goal-checker")


def _stopped(
    station: Station, what: str, *, detector: str, kind: CautionKind = CautionKind.STOP, chunk: str = ""
) -> None:
    engine, severity = station.line.engine, Severity.STOP if kind is CautionKind.STOP else Severity.WARNING
    station.line.memory.caution(
        Caution(
            kind=kind, detector=detector, severity=severity, detail=plain(what, MAX_DETAIL), run=station.record.id,
            ticket=station.ticket.id, chunk=chunk, role=MAKER, engine=engine.name, model=engine.model,
        ),
        workspace=station.worktree,
    )  # fmt: skip


def _output(station: Station, verdict: Verdict) -> str:
    """Return what the checks said, where they are a command that names no tests; empty where it ran out of time."""
    if verdict.checks is None or verdict.approved or verdict.checks.tests:
        return ""
    said = next((run.output for run in verdict.checks.runs if not run.ok and not run.timed_out), "")
    return _at_home(station, said)


def _at_home(station: Station, text: str) -> str:
    """Return a text with paths of the checks' checkout as paths of the repository: whoever is told works elsewhere."""
    return text.replace(f"{station.line.layout.worktrees / workspace_name(station.ticket.id, 'check')}/", "")


def _broken(station: Station, verdict: Verdict) -> tuple[TestCase, ...]:
    """Return the tests that a candidate broke, by the names that a person types; their messages where they failed."""
    if verdict.checks is None or verdict.approved:
        return ()
    cases = {case.id: case for case in (*station.baseline.tests, *verdict.checks.tests)}
    split = (entry.removesuffix(")").rpartition(" (") for entry in regressions(station.baseline, verdict.checks))
    broken = {name: how for name, _, how in split if name in cases}
    broken = {name: broken[name] for name in sorted(broken)[:MAX_BROKEN]}
    typed = station.checks.names(station.worktree, list(broken))
    return tuple(
        TestCase(
            id=plain(shown, MAX_DETAIL),
            outcome="failed",
            message=_at_home(station, cases[name].message) if how == "fails" else how,
        )
        for shown, (name, how) in zip(typed, broken.items(), strict=True)
    )
