"""The maker: one dispatch of the engine for one attempt at a chunk. Its record is a run record of its own.

What it says is evidence; tasks/checker.py judges what it did.
"""

from dataclasses import dataclass

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from linestop.blocks.cancellation import cancellable
from linestop.blocks.dispatching import Ended, dispatched
from linestop.blocks.inspection import checked
from linestop.blocks.station import Station
from linestop.errors import InfraError, RepositoryError
from linestop.events import Outcome
from linestop.execution.brief import write_brief
from linestop.execution.messages import commit_message
from linestop.execution.ruling import judge_checks
from linestop.paths import workspace_name
from linestop.plans import Chunk
from linestop.ports import Dispatch, Work
from linestop.records import RunRecord
from linestop.tasks.retries import only_infrastructure
from linestop.text import plain
from linestop.verdicts import CheckReport, CommandRun


@dataclass(frozen=True)
class Made:
    """What a maker left: its words, and the candidate commit where it changed anything.

    `fault` says why there is nothing to judge; `hung` that it never ended, and may still write where it worked.
    """

    work: Work
    commit: str | None
    record: RunRecord
    fault: str = ""
    hung: bool = False


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
    made = await cancellable(make, station, chunk, attempt)
    get_run_logger().info(
        "maker.done ticket=%s chunk=%s attempt=%s commit=%s %s",
        station.ticket.id, chunk.id, attempt, (made.commit or "nothing")[:10], plain(made.fault or made.work.summary),
        extra={"action": "maker.done"},
    )  # fmt: skip
    return made


def make(station: Station, chunk: Chunk, attempt: int) -> Made:
    """Run one dispatch and commit what it left. An attempt that infrastructure ended is not counted.

    Raises:
        ToolError: the engine itself is broken.
        InfraError: it may be retried.
    """
    station.begin()
    ticket, corrections = station.ticket, tuple(station.corrections)
    brief = write_brief(ticket.plan, chunk, attempt=attempt, corrections=corrections)
    record = RunRecord(
        station.line.layout, "dispatch", parent=station.record.id, role="maker", ticket=ticket.id, chunk=chunk.id,
        attempt=attempt, engine=station.line.engine.name, base=station.tip, plan=ticket.plan.model_dump(mode="json"),
        corrections=corrections,
    )  # fmt: skip
    record.write("brief.md", brief)
    order = Dispatch(
        ticket=ticket.id, role="maker", attempt=attempt, plan=ticket.plan, chunk=chunk, brief=brief,
        corrections=corrections,
    )  # fmt: skip
    try:
        with station.record.step("maker", chunk=chunk.id, attempt=attempt) as said:
            ended = dispatched(
                station.line.engine, order, station.worktree, checks=lambda _: _trial(station), events=record.events,
                seconds=station.line.policy.execution.dispatch_seconds,
            )  # fmt: skip
            said |= {"text": ended.fault, "outcome": _outcome(ended)}
        if ended.fault:
            return _nothing(ended, record)
        return _candidate(station, chunk, ended.work, record)
    except InfraError as error:
        station.drop()
        station.forgive()
        record.break_off("failed", error)
        raise
    except BaseException as error:
        record.break_off("failed", error)
        raise


def _outcome(ended: Ended) -> Outcome:
    return Outcome.TIMEOUT if ended.hung else Outcome.ERROR if ended.fault else Outcome.OK


def _nothing(ended: Ended, record: RunRecord) -> Made:
    record.finish("failed", summary=ended.fault)
    return Made(work=ended.work, commit=None, record=record, fault=ended.fault, hung=ended.hung)


def _candidate(station: Station, chunk: Chunk, work: Work, record: RunRecord) -> Made:
    message = commit_message(station.ticket.plan, chunk, summary=work.summary, ticket=station.ticket.id)
    workspaces = station.line.workspaces
    try:
        with station.record.step("commit", chunk=chunk.id):
            commit = workspaces.commit(station.worktree, message=message, parent=station.tip)
    except RepositoryError as error:  # the worktree is not as it was handed out: that is the maker's doing
        return _nothing(Ended(work=work, fault=f"the workspace can't be committed: {error}"), record)
    diff = workspaces.diff(station.worktree, station.tip, commit) if commit else ""
    record.write("diff.patch", diff)
    record.finish(
        "candidate" if commit else "nothing", summary=work.summary, commit=commit, could_not=list(work.could_not),
        petition=work.petition,
    )  # fmt: skip
    return Made(work=work, commit=commit, record=record)


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
    broken = judge_checks(station.baseline, report)
    if not broken:
        return CheckReport(runs=tuple(_forgiven(run) for run in report.runs), tests=report.tests)
    return report


def _forgiven(run: CommandRun) -> CommandRun:
    """Return the run as green: what failed in it failed on the base too."""
    return run.model_copy(update={"exit_code": 0, "timed_out": False})
