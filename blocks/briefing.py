"""Briefs of dispatches: gathers what may be told of a ticket, and composes it. The one place where that is done.

How a brief reads is linestop/briefs; what is remembered is `Line.memory`; who dispatches with it is tasks/.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from linestop.blocks.line import Line
from linestop.blocks.memory_gate import refusal
from linestop.briefs import Ask, Brief, InPlay, Told, compose, in_play
from linestop.briefs.budget import budget_chars
from linestop.errors import LinestopError
from linestop.memory.tickets.model import Correction
from linestop.plans import Chunk
from linestop.ports import Engine
from linestop.ports.engine import judges
from linestop.skills import skills_for
from linestop.tickets import Ticket
from linestop.watch.file_hash import file_hash


def brief_for(
    line: Line,
    ticket: Ticket,
    chunk: Chunk,
    *,
    role: str,
    attempt: int,
    workspace: Path,
    engine: Engine,
    diff: str | None = None,
    corrections: Sequence[str] = (),
) -> Brief:
    """Return what a dispatch is told: exactly `Brief.text`, and what of memory is in it or was left out.

    `diff` is what a role that judges looks at. `corrections` are those that the ticket's memory may not hold, because
    it is off or broken: they are told all the same.
    """
    play = in_play(ticket.plan, chunk)
    budget = budget_chars(engine.window or None, line.policy.memory.fraction)
    told = line.memory.told(
        ticket.id, role=role, chunk=chunk.id, files=_files(line, ticket, play), budget_chars=budget
    )  # fmt: skip
    if not judges(role):
        told = _with(told, corrections, chunk)
    skills, problems = skills_for(role, line.layout, line.policy.memory, refused=_refused(line))
    for problem in problems:
        line.memory.report(f"skills.broken {problem}")
    told = told.model_copy(update={"problems": line.memory.problems})
    ask = Ask(
        role=role, ticket=ticket.id, plan=ticket.plan, chunk=chunk, attempt=attempt, window=engine.window or None,
        diff=diff,
    )  # fmt: skip
    hashes = partial(file_hash, workspace)
    return compose(ask, told, fraction=line.policy.memory.fraction, skills=skills, hashes=hashes, play=play)


def told_record(brief: Brief) -> dict[str, Any]:
    """Return what was told, for a dispatch's inputs.json: analysis and lab compare dispatches by it."""
    chars = {block.name: block.chars for block in brief.blocks}
    named = {name: list(brief.kept(name)) for name in ("lessons", "cautions", "signs", "skills")}
    return {
        **named, "corrections": len(brief.kept("corrections")), "chars": chars, "problems": list(brief.problems)
    }  # fmt: skip


def _with(told: Told, corrections: Sequence[str], chunk: Chunk) -> Told:
    """Return what is told with the corrections that it lacks, which are newer than all that it has."""
    known = {one.text for one in told.corrections}
    more = tuple(Correction(text=text, by="checks", chunk=chunk.id) for text in corrections if text not in known)
    return told.model_copy(update={"corrections": (*told.corrections, *more)})


def _files(line: Line, ticket: Ticket, play: InPlay) -> tuple[str, ...]:
    """Return the files in play: those that are named, and those at the ticket's base that a glob or a name fits."""
    if line.memory.off or not (play.globs or play.names):
        return play.among(())
    try:
        return play.among(line.workspaces.files(ticket.base or line.base_branch))
    except LinestopError:  # a base that is gone: what is named is in play all the same
        return play.among(())


def _refused(line: Line) -> str:
    """Return why nothing of the repository's `.linestop` may be told, skills included."""
    return line.memory.off if line.policy.memory.enabled else refusal(line.layout)
