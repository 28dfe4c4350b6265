"""The maker: one dispatch of the maker's engine on one chunk. What it leaves becomes a candidate commit, or nothing."""

from dataclasses import dataclass

from prefect import task
from prefect.cache_policies import NO_CACHE

from linestop.blocks.briefing import brief_for
from linestop.blocks.dispatches import Dispatched, Post, Told, dispatch
from linestop.blocks.dispatching import Ended
from linestop.blocks.inspection import checked
from linestop.blocks.station import Station
from linestop.errors import InfraError, RecordError, RepositoryError
from linestop.execution.messages import commit_message
from linestop.execution.ruling import against_base
from linestop.paths import workspace_name
from linestop.plans import Chunk
from linestop.ports import Work
from linestop.records import RunRecord
from linestop.tasks.live_page import live_page
from linestop.tasks.patience import patiently
from linestop.tasks.retries import only_infrastructure
from linestop.tasks.run_log import say
from linestop.verdicts import CheckReport


@dataclass(frozen=True)
class Made:
    """What a maker left: its words, and the candidate commit where it changed anything.

    `fault` says why there is nothing to judge; `stops` that the line stops: the maker never ended and may still write
    where it worked, the watch climbed to its last rung, or the budget is spent.
    """

    work: Work
    commit: str | None = None
    record: RunRecord | None = None
    fault: str = ""
    stops: bool = False


@task(
    name="maker",
    task_run_name="maker {chunk.id} #{attempt}",
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=2,
    retry_delay_seconds=[2, 10],
    retry_condition_fn=only_infrastructure,
)
async def maker(station: Station, chunk: Chunk, attempt: int) -> Made:
    """Return what the engine made of one chunk in the ticket's worktree, as a candidate commit."""
    async with live_page(station) as told:
        made = await patiently(station, make, station, chunk, attempt, told)
    say(
        "maker.done",
        made.fault or made.work.summary,
        station,
        chunk=chunk.id,
        attempt=attempt,
        commit=(made.commit or "nothing")[:10],
    )
    return made


def make(station: Station, chunk: Chunk, attempt: int, told: Told | None = None) -> Made:
    """Run one dispatch and commit what it left. An attempt that infrastructure ended is not counted.

    Raises:
        ToolError, PolicyError: the engine itself is broken, or can't be used as it is set.
        InfraError: it may be retried.
    """
    station.begin()
    corrections = station.corrections(chunk)
    line, worktree = station.line, station.worktree
    try:
        brief = brief_for(
            line, station.ticket, chunk, role="maker", attempt=attempt, workspace=worktree, engine=line.engine,
            corrections=corrections,
        )  # fmt: skip
        post = Post(
            role="maker", engine=line.engine, workspace=worktree, chunk=chunk, attempt=attempt, brief=brief,
            corrections=corrections,
        )  # fmt: skip
        done = dispatch(station, post, checks=lambda _: _trial(station), told=told)
        if isinstance(done, str):
            return Made(work=Work(summary=done), fault=done, stops=True)
        return _left(station, chunk, done)
    except (InfraError, RecordError):
        station.drop()
        station.forgive()
        raise


def _left(station: Station, chunk: Chunk, done: Dispatched) -> Made:
    try:
        if done.ended.fault:
            return _nothing(done.ended, done)
        return _candidate(station, chunk, done)
    except BaseException as error:
        done.record.break_off("failed", error)
        raise


def _nothing(ended: Ended, done: Dispatched) -> Made:
    done.finish("failed", summary=ended.fault)
    return Made(work=ended.work, record=done.record, fault=ended.fault, stops=ended.hung or ended.line_stop)


def _candidate(station: Station, chunk: Chunk, done: Dispatched) -> Made:
    work = done.ended.work
    message = commit_message(station.ticket.plan, chunk, summary=work.summary, ticket=station.ticket.id)
    workspaces = station.line.workspaces
    try:
        with station.record.step("commit", chunk=chunk.id):
            commit = workspaces.commit(station.worktree, message=message, parent=station.tip)
    except RepositoryError as error:  # the worktree is not as it was handed out: that is the maker's doing
        return _nothing(Ended(work=work, fault=f"the workspace can't be committed: {error}"), done)
    diff = workspaces.diff(station.worktree, station.tip, commit) if commit else ""
    done.record.write("diff.patch", diff)
    done.finish("candidate" if commit else "nothing", summary=work.summary, commit=commit)
    return Made(work=work, commit=commit, record=done.record)


def _trial(station: Station) -> CheckReport:
    """Return what the checks say about the worktree as it stands, judged against the base: green is nothing broken.

    The maker asks this while it works. It runs in a clean checkout with the base's tests, as the checker's run does.
    What was tried or rejected before is not run again: the first trial after a rejection is the rejected tree.
    """
    commit = station.line.workspaces.snapshot(station.worktree)
    report = station.told(commit)
    if report is None:
        name = workspace_name(station.ticket.id, "trial")
        report = checked(station.line, station.checks, name, base=station.ticket.base, commit=commit)
        station.tell(commit, report)
    return against_base(station.baseline, report)
