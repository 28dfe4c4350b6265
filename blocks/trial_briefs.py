"""Both briefs of what the lab tries: one with what is remembered, one without. Composed once, before the first pair.

What is remembered later changes neither. Only the blocks of memory differ; skills, task and scope are the same text.
What is tried is trial_subjects.py's and trial_experiments.py's.
"""

import hashlib
from dataclasses import dataclass

from linestop.blocks.briefing import told_record
from linestop.blocks.line import Line
from linestop.blocks.memory_gate import refusal
from linestop.briefs import Ask, Brief, Told, compose, in_play
from linestop.engines import EngineSettings
from linestop.errors import UsageError
from linestop.lab.brief_change import injects
from linestop.lab.entry import Subject
from linestop.lab.experiment import Experiment
from linestop.policy import policy_hash
from linestop.ports import Dispatch, Engine
from linestop.ports.engine import MAKER
from linestop.skills import skills_for
from linestop.text import plain
from linestop.watch.file_hash import MAX_BYTES

BLOCKS = ("signs", "corrections", "reflections", "lessons", "cautions")


@dataclass(frozen=True)
class Tried:
    """A subject with all that trials of it need."""

    line: Line
    subject: Subject
    engine: Engine
    question: str
    experiment: Experiment | None = None


def with_both_briefs(
    line: Line, order: Dispatch, engine: Engine, *, name: str, settings: EngineSettings | None, base: str,
    ticket_base: str, told: Told, window: int | None = None,
) -> Tried:  # fmt: skip
    """Compose both briefs of an order, and return the subject that they make."""
    window = window or engine.window
    play, hashes = in_play(order.plan, order.chunk), Hashes(line, base)
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


def told_now(line: Line, order: Dispatch, base: str) -> Told:
    """Return what is remembered now that a dispatch may be told; `base` is the commit whose files are looked at."""
    play = in_play(order.plan, order.chunk)
    files = play.among(line.workspaces.files(base) if play.globs or play.names else ())
    return line.memory.told(order.ticket, role=order.role, chunk=order.chunk.id, files=files)


class Hashes:
    """The SHA-256 of files as the commit has them: both arms' workspaces begin with it."""

    def __init__(self, line: Line, commit: str) -> None:
        self._line, self._commit = line, commit

    def __call__(self, path: str) -> str:
        """Return a file's hash, empty where the commit holds none, or one too large to be hashed."""
        if not path or path.startswith(("/", "-")) or "\0" in path or ".." in path.split("/"):
            return ""
        found = self._line.workspaces.read(self._commit, path)
        return hashlib.sha256(found).hexdigest() if found is not None and len(found) <= MAX_BYTES else ""


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
