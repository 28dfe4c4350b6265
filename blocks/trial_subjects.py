"""What the lab tries: a ticket's next chunk, a recorded dispatch, or an experiment file, told with memory and without.

Both briefs are composed here, once, before the first pair: what is remembered later changes neither. Only the blocks of
memory differ; skills, task and scope are the same text.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from linestop.blocks.briefing import told_record
from linestop.blocks.claims import plan_now
from linestop.blocks.engines import engine_for, engine_of, settings_of
from linestop.blocks.line import Line
from linestop.blocks.memory_gate import refusal
from linestop.blocks.reruns import engine_again
from linestop.blocks.sandboxes.choice import sandbox_for
from linestop.blocks.scripted_engine.engine import ScriptedEngine
from linestop.blocks.trial_fixture import fixture_of
from linestop.briefs import Ask, Brief, Told, compose, in_play
from linestop.engines import EngineSettings
from linestop.errors import PolicyError, UsageError
from linestop.execution.costs import limits_for
from linestop.execution.order import is_commit, left_to_do
from linestop.lab.brief_change import injects
from linestop.lab.entry import Subject
from linestop.lab.experiment import Experiment, RememberedCaution, RememberedLesson
from linestop.memory.cautions.model import Caution, CautionKind
from linestop.memory.lessons.model import Lesson
from linestop.memory.tickets.model import Correction
from linestop.plans import Chunk, Plan
from linestop.policy import Policy, policy_hash
from linestop.ports import Dispatch, Engine, Limits
from linestop.ports.engine import MAKER
from linestop.runs import find_run, read_run
from linestop.runs.find import LATEST
from linestop.runs.recipe import recipe_of
from linestop.skills import skills_for
from linestop.text import plain
from linestop.tickets import Spent
from linestop.watch.file_hash import MAX_BYTES

MOST_NAMED = 8
BLOCKS = ("signs", "corrections", "reflections", "lessons", "cautions")
_NEVER = hashlib.sha256(b"what the file was when the lesson was written").hexdigest()
_WHEN = datetime(2026, 1, 1, tzinfo=UTC)  # of what an experiment remembers: the same file, the same brief


@dataclass(frozen=True)
class Tried:
    """A subject with all that trials of it need."""

    line: Line
    subject: Subject
    engine: Engine
    question: str
    experiment: Experiment | None = None


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
    return _tried(
        line, order, engine, name=ticket.id, settings=settings_of(name, line.policy),
        base=kept[-1] if kept else ticket_base, ticket_base=ticket_base, told=_told(line, order, ticket_base),
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
    return _tried(
        line, order, engine, name=run.run_id, settings=settings, base=recipe.base, ticket_base=recipe.ticket_base,
        told=_told(line, order, recipe.ticket_base),
    )  # fmt: skip


def of_experiment(experiment: Experiment, engine_name: str = "", *, policy: Policy | None = None) -> Tried:
    """Return the task of an experiment file, in the repository that is made of it.

    `policy` is that of the repository where a person stands: its engines and endpoints can be named, its sandbox holds.

    Raises:
        UsageError, PolicyError, ToolError: its engine can't be used here.
    """
    line = Line(fixture_of(experiment))
    base = line.workspaces.head(line.base_branch)
    task, limits = experiment.task, experiment.limits
    chunk = Chunk(
        id=experiment.name, title=task.title, source="lab", rules=("lab",), paths=task.paths, text=task.text
    )  # fmt: skip
    plan = Plan(
        id=experiment.name, title=task.title, purpose=task.text or task.title, scope=task.scope or task.paths,
        chunks=(chunk,), goal=task.goal,
    )  # fmt: skip
    order = Dispatch(
        ticket=experiment.name, role=MAKER, attempt=1, plan=plan, chunk=chunk, brief="",
        limits=Limits(turns=limits.turns, wall_seconds=limits.wall_seconds, tokens=limits.tokens),
    )  # fmt: skip
    engine, settings = experiment_engine(line, experiment, engine_name, policy=policy)
    tried = _tried(
        line, order, engine, name=experiment.name, settings=settings, base=base, ticket_base=base,
        told=_remembered(line, experiment, base), window=experiment.window,
    )  # fmt: skip
    return Tried(line, tried.subject, engine, experiment.question, experiment)


def experiment_engine(
    line: Line, experiment: Experiment, other: str = "", *, policy: Policy | None = None
) -> tuple[Engine, EngineSettings | None]:
    """Return an experiment's engine with its settings; a scenario that stands in the file has none."""
    if other or isinstance(experiment.engine, str):
        name, here = other or str(experiment.engine), policy or line.policy
        return engine_for(name, here, line.layout.root), settings_of(name, here)
    rights = line.policy.sandbox
    name, sandbox = experiment.engine_name, sandbox_for(rights)
    return ScriptedEngine(experiment.engine, name=name, sandbox=sandbox, policy=rights), None


def require_injection(line: Line, subject: Subject) -> None:
    """Refuse a subject where both arms would be told the same.

    Raises:
        UsageError: nothing of memory would be in the brief; says what there is.
    """
    if injects(subject):
        return
    told = subject.told
    known = f"{len(told.lessons)} lessons, {len(told.cautions)} cautions, {len(told.signs)} signs"
    raise UsageError(
        f"there is nothing to inject: memory would tell a dispatch of {plain(subject.name)} nothing",
        found="; ".join(
            filter(None, [f"{known}, {len(told.corrections)} corrections", line.memory.off, *told.problems])
        ),
        todo="`linestop brief TICKET` shows what is told and why; `linestop lesson add` writes a lesson",
    )


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


def _tried(
    line: Line, order: Dispatch, engine: Engine, *, name: str, settings: EngineSettings | None, base: str,
    ticket_base: str, told: Told, window: int | None = None,
) -> Tried:  # fmt: skip
    """Compose both briefs of an order, and return the subject that they make."""
    window = window or engine.window
    play, hashes = in_play(order.plan, order.chunk), _Hashes(line, base)
    refused = line.memory.off if line.policy.memory.enabled else refusal(line.layout)
    skills, _problems = skills_for(MAKER, line.layout, line.policy.memory, refused=refused)
    ask = Ask(
        role=order.role, ticket=order.ticket, plan=order.plan, chunk=order.chunk, attempt=order.attempt, window=window
    )  # fmt: skip
    fraction = line.policy.memory.fraction
    memory, bare = (
        compose(ask, one, fraction=fraction, skills=skills, hashes=hashes, play=play) for one in (told, Told())
    )  # fmt: skip
    corrections = tuple(one.text for one in told.corrections if one.chunk == order.chunk.id)
    subject = Subject(
        name=name, engine=engine.name, settings=settings, window=window,
        without=order.model_copy(update={"brief": bare.text}),
        with_memory=order.model_copy(update={"brief": memory.text, "corrections": corrections}),
        told=told, kept={block: memory.kept(block) for block in BLOCKS if memory.kept(block)},
        left_out=_left_out(memory), told_records={"with": told_record(memory), "without": told_record(bare)},
        base=base, ticket_base=ticket_base, policy=policy_hash(line.policy),
    )  # fmt: skip
    question = f"Does what linestop remembers help {engine.name} with {plain(order.chunk.title)}?"
    return Tried(line, subject, engine, question)


def _left_out(brief: Brief) -> dict[str, tuple[str, ...]]:
    left = {block.name: block.left_out for block in brief.blocks if block.name in BLOCKS}
    return {name: tuple(f"{one.what}: {one.why}" for one in some) for name, some in left.items() if some}


def _told(line: Line, order: Dispatch, base: str) -> Told:
    play = in_play(order.plan, order.chunk)
    files = play.among(line.workspaces.files(base) if play.globs or play.names else ())
    return line.memory.told(order.ticket, role=order.role, chunk=order.chunk.id, files=files)


class _Hashes:
    """The SHA-256 of files as the commit has them: both arms' workspaces begin with it."""

    def __init__(self, line: Line, commit: str) -> None:
        self._line, self._commit = line, commit

    def __call__(self, path: str) -> str:
        if not path or path.startswith(("/", "-")) or "\0" in path or ".." in path.split("/"):
            return ""
        found = self._line.workspaces.read(self._commit, path)
        return hashlib.sha256(found).hexdigest() if found is not None and len(found) <= MAX_BYTES else ""


def _remembered(line: Line, experiment: Experiment, base: str) -> Told:
    """Return an experiment's memory as a dispatch would be told it; what it names as stale is of another file."""
    memory, hashes = experiment.memory, _Hashes(line, base)

    def hashed(one: RememberedLesson | RememberedCaution) -> str:
        return "" if not one.file else _NEVER if one.stale else hashes(one.file)

    return Told(
        lessons=tuple(
            Lesson(
                id=f"{experiment.name[:40]}-{number}", title=one.title, body=one.body, why=one.why, file=one.file,
                file_hash=hashed(one), created=_WHEN, updated=_WHEN + timedelta(minutes=number),
            )
            for number, one in enumerate(memory.lessons, start=1)
        ),
        cautions=tuple(
            Caution(
                id=f"lab:{number}", at=_WHEN, kind=CautionKind.FIRING, detector=one.detector, detail=one.detail,
                file=one.file, file_hash=hashed(one),
            )
            for number, one in enumerate(memory.cautions, start=1)
        ),
        corrections=tuple(
            Correction(at=_WHEN, text=text, by="person", chunk=experiment.name) for text in memory.corrections
        ),
    )  # fmt: skip


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
