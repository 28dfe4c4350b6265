"""One dispatch of a ticket, on the record: limits, toolbox, live log, costs. Who is dispatched and why is in tasks/."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from linestop.blocks.briefing import told_record
from linestop.blocks.dispatching import Ended, dispatched
from linestop.blocks.prices import GenaiPrices
from linestop.blocks.static_engine import StaticEngine
from linestop.blocks.station import Station
from linestop.blocks.witness import Witness
from linestop.blocks.worktree_state import WorktreeState
from linestop.briefs import Brief
from linestop.events import Outcome, Usage, read_events
from linestop.execution.costs import limits_for, usage_of
from linestop.plans import Chunk
from linestop.policy import policy_hash
from linestop.ports import Dispatch, Engine
from linestop.records import RunRecord
from linestop.verdicts import CheckReport
from linestop.watch import Firing, LiveLog, Rung, Watch
from linestop.watch.detectors import detectors_for
from linestop.watch.ladder import ladder_for
from linestop.watch.settings import settings_for

Told = Callable[[RunRecord, Firing, Rung], None]


@dataclass(frozen=True)
class Post:
    """A role in a workspace: who is dispatched, where, with which brief. `start` is its commit, empty the tip."""

    role: str
    engine: Engine
    workspace: Path
    chunk: Chunk
    attempt: int
    brief: Brief
    corrections: tuple[str, ...] = ()
    start: str = ""


@dataclass(frozen=True)
class Dispatched:
    """How a dispatch ended, its record (still open) and what it used."""

    ended: Ended
    record: RunRecord
    usage: Usage

    def finish(self, outcome: str, *, summary: str, **values: object) -> None:
        """Close the record with what it used, what the watch saw and all that the agent said."""
        said = self.ended.work.model_dump(mode="json", exclude={"summary"}, exclude_defaults=True)
        watched = self.record.events.report()
        self.record.finish(
            outcome, summary=summary, usage=self.usage.model_dump(mode="json"), watch=watched, **said, **values
        )  # fmt: skip


def dispatch(
    station: Station, post: Post, *, checks: Callable[[Path], CheckReport], told: Told | None = None
) -> Dispatched | str:
    """Run one dispatch on the record, or return why nothing more may be spent on the ticket.

    Raises:
        ToolError, PolicyError, InfraError, CommandCancelledError: as `dispatched`; the record is closed then.
    """
    limits = limits_for(station.line.policy, station.ticket.spent)
    if isinstance(limits, str):
        return limits
    with station.checks.toolbox(post.workspace) as toolbox:
        order = Dispatch(
            ticket=station.ticket.id, role=post.role, attempt=post.attempt, plan=station.ticket.plan, chunk=post.chunk,
            brief=post.brief.text, corrections=post.corrections, limits=limits, mounts=toolbox.mounts,
            path=toolbox.path,
        )  # fmt: skip
        record = _opened(station, post, order, told)
        try:
            done = _carried_out(station, post, order, record, checks)
        except BaseException as error:
            record.break_off("failed", error)
            raise
        if caution := _witness(station, post).ended(record, done.ended):
            station.line.memory.caution(caution, workspace=post.workspace)
        return done


def _witness(station: Station, post: Post) -> Witness:
    return Witness(station, role=post.role, engine=post.engine, chunk=post.chunk.id, attempt=post.attempt)


def _opened(station: Station, post: Post, order: Dispatch, told: Told | None) -> RunRecord:
    line = station.line
    budget, spent = line.policy.budget, station.ticket.spent
    whole = order.limits.model_copy(update={"tokens": budget.tokens, "usd": budget.usd})
    settings = settings_for(
        line.policy, role=post.role, limits=whole, spent=Usage(input=spent.tokens, usd=spent.usd),
        price=GenaiPrices(budget.prices).usd, thinks=not isinstance(post.engine, StaticEngine),
    )  # fmt: skip
    holder: list[RunRecord] = []
    witness = _witness(station, post)

    def tell(firing: Firing, rung: Rung) -> None:
        if holder:
            line.memory.caution(witness.fired(holder[0], firing), workspace=post.workspace)
            if told:
                told(holder[0], firing, rung)

    def live(path: Path) -> LiveLog:
        ladder = ladder_for(line.policy.watch.ladder)
        return LiveLog(path, watch=Watch(detectors_for(settings)), ladder=ladder, told=tell, workspace=post.workspace)

    record = RunRecord(
        line.layout, "dispatch", parent=station.record.id, open_log=live, role=post.role, ticket=station.ticket.id,
        chunk=post.chunk.id, attempt=post.attempt, engine=post.engine.name, model=post.engine.model,
        base=post.start or station.tip, ticket_base=station.ticket.base, policy=policy_hash(line.policy),
        settings=line.settings(post.engine.name), order=order.model_dump(mode="json"),
        told=told_record(post.brief),
    )  # fmt: skip
    holder.append(record)
    record.write("brief.md", post.brief.text)
    return record


def _carried_out(
    station: Station, post: Post, order: Dispatch, record: RunRecord, checks: Callable[[Path], CheckReport]
) -> Dispatched:
    state = None if order.looks_only else WorktreeState(post.workspace)
    with station.record.step(post.role, chunk=post.chunk.id, attempt=post.attempt) as said:
        try:
            ended = dispatched(post.engine, order, post.workspace, checks=checks, events=record.events, state=state)
        finally:
            usage = usage_of(read_events(record.events.path))
            station.spend(usage, record.seconds)
        outcome = Outcome.TIMEOUT if ended.hung else Outcome.ERROR if ended.fault else Outcome.OK
        said |= {"text": ended.fault, "outcome": outcome}
    return Dispatched(ended=ended, record=record, usage=usage)
