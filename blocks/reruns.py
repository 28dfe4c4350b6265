"""Runs a recorded dispatch again: same inputs, a new workspace from the same commit. Touches no ticket and no branch.

What a record holds for that is linestop/runs/recipe.py; the first run is blocks/dispatches.py.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

from linestop.blocks.baseline import baseline
from linestop.blocks.dispatching import Ended, dispatched
from linestop.blocks.engines import engine_for, engine_of
from linestop.blocks.inspection import checked
from linestop.blocks.line import Line
from linestop.blocks.repository_checks import RepositoryChecks
from linestop.blocks.run_checkouts import run_checkout
from linestop.blocks.worktree_state import WorktreeState
from linestop.errors import RepositoryError, UsageError
from linestop.events import read_events
from linestop.execution.costs import usage_of
from linestop.execution.ruling import against_base
from linestop.paths import workspace_name
from linestop.policy import policy_hash
from linestop.ports import Engine
from linestop.records import RunRecord
from linestop.runs.recipe import Recipe
from linestop.verdicts import CheckReport
from linestop.watch import Firing, LiveLog, Rung, Watch
from linestop.watch.detectors import detectors_for
from linestop.watch.ladder import ladder_for
from linestop.watch.settings import settings_for

Told = Callable[[Firing, Rung], None]
Started = Callable[[RunRecord], None]
USE = "rerun"  # of the checkouts


@dataclass(frozen=True)
class Place:
    """Where a rerun works: its workspace, and the checks as the ticket's base defines them."""

    workspace: Path
    base_checkout: Path
    checks: RepositoryChecks


Judged = Callable[[RunRecord, Place, str], tuple[str, ...]]  # objections to the commit that a maker left


def engine_again(line: Line, recipe: Recipe, other: str = "") -> Engine:
    """Return the engine that was dispatched, with the settings of then; or the one called `other`, with those of now.

    Raises:
        PolicyError: there is no such engine, or it can't be used here.
        ToolError: its sandbox is missing.
    """
    root = line.layout.root
    if other:
        return engine_for(other, line.policy, root)
    if recipe.settings is None:
        return engine_for(recipe.engine, line.policy, root)
    return engine_of(recipe.settings, recipe.engine, line.policy, root)


def rerun(
    line: Line,
    recipe: Recipe,
    engine: Engine,
    *,
    told: Told | None = None,
    started: Started | None = None,
    about: Mapping[str, Any] | None = None,
    judged: Judged | None = None,
) -> RunRecord:
    """Carry out a recipe and return the new record, closed. The workspace is gone afterwards, whatever happened.

    `about` is added to the record's parameters. `judged` is asked about what a maker left; its answer is the value
    `objections` of the result.

    Raises:
        UsageError: the commit it started from is not in the repository any more.
        ToolError, PolicyError, InfraError, CommandCancelledError: as a dispatch; the record is closed then.
    """
    for commit in (recipe.base, recipe.ticket_base):
        _require(line, recipe, commit)
    record = _opened(line, recipe, engine, told, about or {})
    try:
        record.write("brief.md", recipe.order.brief)
        if started:
            started(record)
        with _place(line, recipe, record) as place:
            _carried_out(line, recipe, engine, record=record, place=place, judged=judged)
    except BaseException as error:
        record.break_off("failed", error)
        raise
    return record


def _require(line: Line, recipe: Recipe, commit: str) -> None:
    try:
        line.workspaces.head(commit)
    except RepositoryError as error:
        raise UsageError(
            f"{recipe.run_id} can't be run again",
            found=f"its commit {commit[:12]} is not in the repository any more",
            todo="git removes what no branch holds after a while; choose a newer run",
        ) from error


def _opened(line: Line, recipe: Recipe, engine: Engine, told: Told | None, about: Mapping[str, Any]) -> RunRecord:
    order, policy = recipe.order, line.policy
    settings = settings_for(policy, role=order.role, limits=order.limits)

    def live(path: Path) -> LiveLog:
        workspace = line.layout.worktrees / workspace_name(path.parent.name, USE)
        ladder = ladder_for(policy.watch.ladder)
        return LiveLog(path, watch=Watch(detectors_for(settings)), ladder=ladder, told=told, workspace=workspace)

    same = engine.name == recipe.engine and recipe.settings is not None
    return RunRecord(
        line.layout, "dispatch", open_log=live, rerun_of=recipe.run_id, role=order.role, ticket=order.ticket,
        chunk=order.chunk.id, attempt=order.attempt, engine=engine.name, model=engine.model, base=recipe.base,
        ticket_base=recipe.ticket_base, policy=policy_hash(policy),
        settings=recipe.settings.model_dump(mode="json") if same and recipe.settings else line.settings(engine.name),
        order=order.model_dump(mode="json"), **about,
    )  # fmt: skip


@contextmanager
def _place(line: Line, recipe: Recipe, record: RunRecord) -> Iterator[Place]:
    workspaces = line.workspaces
    with (
        run_checkout(workspaces, record.id, USE, recipe.base) as workspace,
        run_checkout(workspaces, record.id, f"{USE}-base", recipe.ticket_base) as base,
    ):
        yield Place(workspace, base, line.checks(base))


def _carried_out(
    line: Line, recipe: Recipe, engine: Engine, *, record: RunRecord, place: Place, judged: Judged | None
) -> None:
    checks = partial(_trial, line, recipe, record, place) if not recipe.order.looks_only else _no_checks
    state = None if recipe.order.looks_only else WorktreeState(place.workspace)
    with place.checks.toolbox(place.workspace) as toolbox:
        order, start = recipe.order.model_copy(update={"mounts": toolbox.mounts, "path": toolbox.path}), monotonic()
        ended = dispatched(engine, order, place.workspace, checks=checks, events=record.events, state=state)
    seconds = round(monotonic() - start, 3)  # without the making of the workspace, which the first run's hadn't either
    more: dict[str, Any] = {}
    try:
        outcome, commit = (_ruled(ended), "") if recipe.order.looks_only else _left(line, recipe, record, place, ended)
        if judged and outcome == "candidate":
            more["objections"] = list(judged(record, place, commit))
    except RepositoryError as error:  # the workspace is not as it was handed out: that is the agent's doing
        outcome, ended = "failed", Ended(work=ended.work, fault=f"the workspace can't be read: {error.what}")
    usage = usage_of(read_events(record.events.path))
    said = ended.work.model_dump(mode="json", exclude={"summary"}, exclude_defaults=True)
    summary = ended.fault or ended.work.summary
    watched = record.events.report()
    record.finish(
        outcome, summary=summary, usage=usage.model_dump(mode="json"), watch=watched, seconds=seconds, **more, **said
    )  # fmt: skip


def _ruled(ended: Ended) -> str:
    return str(ended.work.ruling) if ended.work.ruling and not ended.fault else "failed"


def _left(line: Line, recipe: Recipe, record: RunRecord, place: Place, ended: Ended) -> tuple[str, str]:
    """Keep the diff of what a maker left; return the outcome, as the first run's record says it, and its commit."""
    if ended.hung:
        return "failed", ""  # it may still write there
    commit = line.workspaces.snapshot(place.workspace)
    diff = line.workspaces.diff(place.workspace, recipe.base, commit)
    if not ended.fault or diff:
        record.write("diff.patch", diff)
    return "failed" if ended.fault else "candidate" if diff else "nothing", commit


def _trial(line: Line, recipe: Recipe, record: RunRecord, place: Place, _path: Path) -> CheckReport:
    """Return what the checks say about the workspace, judged against the base, as in the first run."""
    commit = line.workspaces.snapshot(place.workspace)
    name = workspace_name(record.id, f"{USE}-trial")
    report = checked(line, place.checks, name, base=recipe.ticket_base, commit=commit)
    before = baseline(line.layout, place.checks, place.base_checkout, recipe.ticket_base)
    return against_base(before, report)


def _no_checks(_path: Path) -> CheckReport:
    return CheckReport(runs=())
