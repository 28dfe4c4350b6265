"""What the lab tries of an experiment file: its task in the repository that is made of it, with the memory it names."""

import hashlib
from datetime import UTC, datetime, timedelta

from linestop.blocks.engines import engine_for, settings_of
from linestop.blocks.line import Line
from linestop.blocks.sandboxes.choice import sandbox_for
from linestop.blocks.scripted_engine.engine import ScriptedEngine
from linestop.blocks.trial_briefs import Hashes, Tried, with_both_briefs
from linestop.blocks.trial_fixture import fixture_of
from linestop.briefs import Told
from linestop.engines import EngineSettings
from linestop.lab.experiment import Experiment, RememberedCaution, RememberedLesson
from linestop.memory.cautions.model import Caution, CautionKind
from linestop.memory.lessons.model import Lesson
from linestop.memory.tickets.model import Correction
from linestop.plans import Chunk, Plan
from linestop.policy import Policy
from linestop.ports import Dispatch, Engine, Limits
from linestop.ports.engine import MAKER

_NEVER = hashlib.sha256(b"what the file was when the lesson was written").hexdigest()
_WHEN = datetime(2026, 1, 1, tzinfo=UTC)  # of what an experiment remembers: the same file, the same brief


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
    found = with_both_briefs(
        line, order, engine, name=experiment.name, settings=settings, base=base, ticket_base=base,
        told=_remembered(line, experiment, base), window=experiment.window,
    )  # fmt: skip
    return Tried(line, found.subject, engine, experiment.question, experiment)


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


def _remembered(line: Line, experiment: Experiment, base: str) -> Told:
    """Return an experiment's memory as a dispatch would be told it; what it names as stale is of another file."""
    memory, hashes = experiment.memory, Hashes(line, base)

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
