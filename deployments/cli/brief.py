"""`linestop brief`: exactly what a dispatch would be told, and what of memory is in it, was left out, and why."""

import json
import sys
from pathlib import Path
from typing import Any, Literal

from linestop.blocks.brief_preview import Preview, preview
from linestop.blocks.line import Line
from linestop.deployments.cli.options import Json, Repo
from linestop.deployments.cli.text_table import text_table
from linestop.events.redaction import redacted
from linestop.paths import repository_root
from linestop.text import plain

COLUMNS = ("block", "characters", "share", "items", "allowed", "kept", "left out")
MOST_NAMED = 3  # of what was left out of a block


def brief(
    ticket: str,
    /,
    *,
    role: Literal["maker", "checker", "reviewer"] = "maker",
    chunk: str = "",
    attempt: int | None = None,
    engine: str = "",
    commit: str = "",
    repo: Repo = Path(),
    json_: Json = False,
) -> int:
    """Print exactly what the next dispatch of a ticket would be told; what is in it and what isn't, to stderr.

    Examples:
        linestop brief shop-bugs
        linestop brief shop-bugs --role checker --engine codex
        linestop brief shop-bugs --chunk unused-imports --attempt 2 > brief.md
        linestop brief shop-bugs --json | jq .blocks

    Nothing is dispatched and nothing changed; the ticket needs not be claimed. Only signs, corrections, reflections,
    lessons, cautions and skills have a budget, which follows from the window of the engine (docs/briefs.md).

    Parameters
    ----------
    ticket
        As `linestop ticket list` names it.
    role
        Who would be told: maker, checker or reviewer.
    chunk
        The chunk; by default the first that is not finished, for a reviewer the whole change.
    attempt
        The attempt; by default the one that comes next.
    engine
        Another engine than the policy's, as `--maker` of `linestop execute` names one: its window counts.
    commit
        For a role that judges, the candidate; by default what checkers approved last.
    json_
        Print the brief with its blocks as JSON.
    """
    line = Line(repository_root(repo), roles={role: engine} if engine else None)
    found = preview(line, ticket, role=role, chunk=chunk, attempt=attempt, commit=commit)
    if json_:
        sys.stdout.write(json.dumps(_values(found), indent=2, ensure_ascii=False) + "\n")
        return 0
    sys.stdout.write(redacted(found.brief.text))  # as the record of the dispatch would hold it
    sys.stdout.flush()
    sys.stderr.write(page(found))
    return 0


def page(found: Preview) -> str:
    """Return the table of a brief's blocks, with what was left out and what is wrong below it."""
    told, engine = found.brief, found.engine
    window = f"{engine.window:,} tokens" if engine.window else "unknown, 32,768 tokens taken"
    head = (
        f"brief of {plain(found.ticket.id)}, chunk {plain(found.chunk.id)}, attempt {found.attempt}, {found.role} on"
        f" {plain(engine.name)}; window {window}; budget {told.budget_chars:,} characters"
    )
    whole = len(told.text)
    rows = [
        (
            block.name,
            block.chars,
            f"{100 * block.chars / whole:.1f} %",
            block.items or None,
            block.allowed,
            len(block.kept) or None,
            len(block.left_out) or None,
        )
        for block in told.blocks
    ]
    left = [
        f"left out of {block.name}: {plain(one.what, 80)}: {one.why}"
        for block in told.blocks
        for one in block.left_out[:MOST_NAMED]
    ]
    more = [
        f"left out of {block.name}: {len(block.left_out) - MOST_NAMED} more"
        for block in told.blocks
        if len(block.left_out) > MOST_NAMED
    ]
    total = ("in all", whole, "100.0 %", None, None, None, None)
    problems = [f"problem: {plain(problem, 400)}" for problem in told.problems]
    problems += [f"memory is off: {plain(found.off, 400)}"] if found.off else []
    return "\n".join(["", head, "", text_table(COLUMNS, [*rows, total]), *left, *more, *problems]) + "\n"


def _values(found: Preview) -> dict[str, Any]:
    values, whole = found.brief.model_dump(mode="json"), len(found.brief.text)
    for block in values["blocks"]:
        block["share"] = round(block["chars"] / whole, 4)
    about = {
        "ticket": found.ticket.id,
        "role": found.role,
        "chunk": found.chunk.id,
        "attempt": found.attempt,
        "engine": found.engine.name,
        "window": found.engine.window,
        "memory_off": found.off,
    }
    return {**about, **values, "text": redacted(found.brief.text)}
