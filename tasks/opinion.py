"""Opinions: agents that judge what guards, checks and finish line let pass. They can object, never wave through."""

from dataclasses import dataclass

from prefect import task
from prefect.cache_policies import NO_CACHE

from linestop.blocks.briefing import brief_for
from linestop.blocks.dispatches import Post, Told, dispatch
from linestop.blocks.inspection import clean_checkout
from linestop.blocks.station import Station
from linestop.errors import ToolError
from linestop.execution.ruling import reject
from linestop.paths import workspace_name
from linestop.plans import Chunk, whole_change
from linestop.ports import Work
from linestop.tasks.live_page import live_page
from linestop.tasks.patience import patiently
from linestop.tasks.retries import only_infrastructure
from linestop.tasks.run_log import say
from linestop.verdicts import NO_RULING, CheckReport, Ruling, Verdict

ASKED = 2  # times, where an agent gives no ruling


@dataclass(frozen=True)
class Question:
    """What a role is asked: its opinion on what changed from `since` to `commit`."""

    role: str
    chunk: Chunk
    since: str
    commit: str
    attempt: int = 1


@task(
    name="opinion",
    task_run_name="{question.role} {question.chunk.id} {question.commit:.10}",
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=2,
    retry_delay_seconds=[2, 10],
    retry_condition_fn=only_infrastructure,
)
async def opinion(station: Station, question: Question) -> Verdict:
    """Return the verdict of a role's agent. No ruling is a rejection."""
    async with live_page(station) as told:
        verdict = await patiently(station, ask, station, question, told)
    action, said = f"opinion.{verdict.ruling}", "; ".join(verdict.reasons)
    say(action, said, station, role=question.role, chunk=question.chunk.id, commit=question.commit[:10])
    return verdict


async def second_look(station: Station, chunk: Chunk, commit: str, attempt: int) -> Verdict | None:
    """Return the checker agent's verdict on a candidate, None where no agent checks."""
    if station.line.agent("checker") is None:
        return None
    return await opinion(station, Question("checker", chunk, station.tip, commit, attempt))


async def reviewer(station: Station) -> Verdict | None:
    """Return the reviewer's verdict on all that the ticket changes, None where nobody reviews or nothing changed."""
    ticket = station.ticket
    if station.line.agent("reviewer") is None or station.tip == ticket.base:
        return None
    return await opinion(station, Question("reviewer", whole_change(ticket.plan), ticket.base, station.tip))


def ask(station: Station, question: Question, told: Told | None = None) -> Verdict:
    """Dispatch a role's agent in a clean checkout of the candidate, at most twice, and return its verdict.

    Raises:
        ToolError, PolicyError: the engine itself is broken, never ends, or can't be used as it is set; or the watch
            stops the line.
        InfraError: it may be retried.
    """
    line, role, commit = station.line, question.role, question.commit
    engine = line.agent(role)
    assert engine is not None  # noqa: S101  # asked only where there is one
    diff = line.workspaces.diff(station.worktree, question.since, commit)
    chunk, attempt = question.chunk, question.attempt
    why = ""
    for _ in range(ASKED):
        with clean_checkout(line, workspace_name(station.ticket.id, role), commit) as checkout:
            brief = brief_for(
                line, station.ticket, chunk, role=role, attempt=attempt, workspace=checkout, engine=engine, diff=diff
            )  # fmt: skip
            post = Post(
                role=role, engine=engine, workspace=checkout, chunk=chunk, attempt=attempt, brief=brief, start=commit
            )  # fmt: skip
            verdict = _asked(station, post, told)
        if isinstance(verdict, Verdict):
            return verdict
        why = verdict
    return reject(f"{role}: {why}", by=role)


def _asked(station: Station, post: Post, told: Told | None) -> Verdict | str:
    """Return the verdict, or why there is none."""
    done = dispatch(station, post, checks=lambda _: CheckReport(runs=()), told=told)
    if isinstance(done, str):
        return done
    work, fault = done.ended.work, done.ended.fault
    if done.ended.hung or done.ended.line_stop:
        done.finish("failed", summary=fault)
        raise ToolError(
            f"the {post.role} ended in a way that stops the line",
            found=fault,
            todo=f"read its record: linestop run show {done.record.id}",
        )
    if fault or work.ruling is None:
        why = fault or NO_RULING
        done.finish("failed", summary=why)
        return why
    done.finish(str(work.ruling), summary=work.summary)
    return _verdict(post, work, work.ruling)


def _verdict(post: Post, work: Work, ruling: Ruling) -> Verdict:
    reasons = tuple(f"{post.role}: {reason}" for reason in work.reasons or (work.summary,) if reason)
    return Verdict(ruling=ruling, reasons=reasons if ruling is Ruling.REJECT else (), by=post.role)
