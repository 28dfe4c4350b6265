"""What the lab tries of a repository: a ticket's next chunk, or a recorded dispatch of a maker.

An experiment file is trial_experiments.py's; how the briefs of both arms are made is trial_briefs.py's.
"""

from pathlib import Path

from linestop.blocks.claims import plan_now
from linestop.blocks.engines import engine_for, engine_of, settings_of
from linestop.blocks.line import Line
from linestop.blocks.reruns import engine_again
from linestop.blocks.trial_briefs import Tried, told_now, with_both_briefs
from linestop.blocks.trial_experiments import experiment_engine
from linestop.errors import PolicyError, UsageError
from linestop.execution.costs import limits_for
from linestop.execution.order import is_commit, left_to_do
from linestop.lab.entry import Subject
from linestop.lab.experiment import Experiment
from linestop.policy import Policy
from linestop.ports import Dispatch, Engine, Limits
from linestop.ports.engine import MAKER
from linestop.runs import find_run, read_run
from linestop.runs.find import LATEST
from linestop.runs.recipe import recipe_of
from linestop.text import plain
from linestop.tickets import Spent

MOST_NAMED = 8


def of_ticket(line: Line, ticket_id: str, engine_name: str = "") -> Tried:
    """Return a ticket's next chunk as it would be dispatched now; the ticket is neither claimed nor changed.

    Raises:
        TrackerError: there is no such ticket.
        UsageError: nothing of it is left to do.
    """
    ticket = line.tracker.get(ticket_id)
    plan = plan_now(line, ticket)
    chunk = next((one for one in plan.chunks if left_to_do(one.id, ticket.progress)), None)
    if chunk is None:
        raise UsageError(
            f"nothing is left to do of {ticket_id}", found=f"it is {ticket.state}",
            todo="name another ticket, or one of its dispatches: `linestop history` lists their runs",
        )  # fmt: skip
    kept = [word for word in ticket.progress.values() if is_commit(word)]
    ticket_base = ticket.base if kept else line.workspaces.head(line.base_branch)
    limits = limits_for(line.policy, Spent())
    order = Dispatch(
        ticket=ticket.id, role=MAKER, attempt=1, plan=plan, chunk=chunk, brief="",
        limits=limits if isinstance(limits, Limits) else Limits(),
    )  # fmt: skip
    name = engine_name or line.policy.roles.maker
    engine = engine_for(name, line.policy, line.layout.root)
    return with_both_briefs(
        line, order, engine, name=ticket.id, settings=settings_of(name, line.policy),
        base=kept[-1] if kept else ticket_base, ticket_base=ticket_base, told=told_now(line, order, ticket_base),
    )  # fmt: skip


def of_run(line: Line, word: str, engine_name: str = "") -> Tried:
    """Return a recorded dispatch of a maker with its own inputs, and with what is remembered by now.

    Raises:
        UsageError: no such run, no maker's dispatch, or its record lacks what it was given.
    """
    run = read_run(line.layout, _dispatch_named(line, word))
    recipe = recipe_of(run)
    if recipe.order.looks_only:
        raise UsageError(
            f"{run.run_id} can't be tried with and without memory", found=f"its role is {plain(recipe.order.role)}",
            todo="name a maker's dispatch: only what changes files can be judged by the checks",
        )  # fmt: skip
    engine = engine_again(line, recipe, engine_name)
    settings = settings_of(engine_name, line.policy) if engine_name else recipe.settings
    order = recipe.order.model_copy(update={"corrections": ()})
    return with_both_briefs(
        line, order, engine, name=run.run_id, settings=settings, base=recipe.base, ticket_base=recipe.ticket_base,
        told=told_now(line, order, recipe.ticket_base),
    )  # fmt: skip


def again(line: Line, subject: Subject, experiment: Experiment | None, *, policy: Policy | None = None) -> Engine:
    """Return the engine of a subject that was tried before, with its settings of then and the endpoints of `policy`.

    Raises:
        PolicyError: it was handed over as it is, and there is none of its name.
    """
    if experiment and not isinstance(experiment.engine, str) and subject.engine == experiment.engine_name:
        return experiment_engine(line, experiment)[0]
    if subject.settings is None:
        raise PolicyError(
            f"the engine {plain(subject.engine)} can't be made again", found="the entry holds no settings of it",
            todo="run the task anew: linestop lab ab",
        )  # fmt: skip
    return engine_of(subject.settings, subject.engine, policy or line.policy, line.layout.root)


def find_tried(line: Line | None, word: str, engine_name: str = "") -> Tried:
    """Return what a ticket's id, or a run's, means in a repository.

    Raises:
        UsageError: it is neither, or there is no repository here.
    """
    if line is None:
        raise UsageError(
            f"{plain(word)!r} is no experiment, and there is no repository here to look for it",
            found="shipped: linestop lab experiments", todo="stand in a repository, or name it with --repo",
        )  # fmt: skip
    known = {ticket.id for ticket in line.tracker.list()}
    if word in known:
        return of_ticket(line, word, engine_name)
    try:
        folder = _dispatch_named(line, word)
    except UsageError as error:
        if known:
            error.found = f"no ticket either: {', '.join(sorted(known)[:MOST_NAMED])}; {error.found}"
        raise
    return of_run(line, folder.name, engine_name)


def _dispatch_named(line: Line, word: str) -> Path:
    return find_run(line.layout, word, kind="dispatch" if word == LATEST else None)
