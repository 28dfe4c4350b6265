"""`linestop lesson export` and `import`: lessons as a file. That a person reads what is imported is asked here."""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from linestop.blocks.memory_gate import memory_layout
from linestop.deployments.cli.editor import on_a_terminal
from linestop.deployments.cli.options import Global, Json, Repo
from linestop.errors import UsageError
from linestop.memory.lessons import Lesson, Lessons, Tier, Trust
from linestop.memory.lessons.transfer import MAX_BYTES, Imported, exported, parsed
from linestop.text import plain, plain_lines

MAX_SHOWN = 20  # lessons that are shown before a person decides
MAX_CHARS = 1_000  # of why and body each


def export(*, global_: Global = False, repo: Repo = Path()) -> int:
    """Write all lessons of the repository as JSON Lines, superseded ones and proposals too. Always the same bytes.

    Examples:
        linestop lesson export > lessons.jsonl
        linestop lesson export --global > mine.jsonl

    Parameters
    ----------
    global_
        Those of all repositories in place of this one's.
    """
    lessons = Lessons(memory_layout(repo))
    tier = _tier(global_=global_)
    sys.stdout.flush()
    sys.stdout.buffer.write(exported(lessons.stores[tier].list(all=True)))
    sys.stdout.buffer.flush()
    return 0


def import_(
    file: Annotated[Path, Parameter(allow_leading_hyphen=True)],
    /,
    *,
    global_: Global = False,
    trust: bool = False,
    as_proposed: bool = False,
    repo: Repo = Path(),
    json_: Json = False,
) -> int:
    """Read exported lessons: new ones come, others are replaced, none is deleted; all of them or none.

    What they say is told to agents with your authority. So their texts are shown first, and you are asked on a
    terminal; elsewhere --trust says that they were read, --as-proposed keeps them until you accept each.

    Examples:
        linestop lesson import lessons.jsonl
        linestop lesson import lessons.jsonl --as-proposed
        linestop lesson import mine.jsonl --global --trust

    Parameters
    ----------
    file
        A file that `linestop lesson export` wrote; - for what is piped in.
    global_
        Into those of all repositories.
    trust
        You read them, and agents shall be told.
    as_proposed
        Agents are told none of them until you accept it.
    json_
        Print what was done as JSON.
    """
    lessons = Lessons(memory_layout(repo))
    tier = _tier(global_=global_)
    found = parsed(_content(file), tier)
    if as_proposed:
        found = tuple(one.model_copy(update={"trust": Trust.PROPOSED}) for one in found)
    there = {one.id: one for one in lessons.stores[tier].list(all=True)}
    changed = [one for one in found if there.get(one.id) != one]
    told = [one for one in changed if one.is_told]
    untold = [one for one in changed if not one.is_told and _is_retired_by(one, there.get(one.id))]
    if (told or untold) and not trust and not _agreed(told, untold):
        sys.stderr.write("nothing was imported\n")
        return 1
    done = lessons.import_(found, tier)
    _say(done, json_=json_)
    return 0


def _tier(*, global_: bool) -> Tier:
    return Tier.GLOBAL if global_ else Tier.REPOSITORY


def _content(file: Path) -> bytes:
    try:
        if str(file) == "-":
            return sys.stdin.buffer.read(MAX_BYTES + 1)
        with file.open("rb") as opened:
            return opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{file} can't be read", found=str(error), todo="name a file of exported lessons") from error


def _is_retired_by(new: Lesson, old: Lesson | None) -> bool:
    """Return whether agents would no more be told a lesson that a person stands behind."""
    return old is not None and old.is_told and new.trust is Trust.PERSON


def _agreed(told: Sequence[Lesson], untold: Sequence[Lesson]) -> bool:
    """Return whether a person wants agents to be told the ones, and the others no more.

    Raises:
        UsageError: nobody can be asked.
    """
    for what, lessons in (("agents would be told", told), ("agents would no more be told", untold)):
        if lessons:
            sys.stderr.write(f"{what}, with your authority:\n")
            sys.stderr.writelines(f"{line}\n" for line in _shown(lessons))
    if not on_a_terminal():
        raise UsageError(
            "lessons that agents would be told need a person's word",
            found=f"{len(told) + len(untold)} of the file, above",
            todo="read them; then --trust, or --as-proposed to accept them one by one",
        )
    sys.stderr.write("import them? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().casefold() in {"y", "yes"}


def _shown(lessons: Sequence[Lesson]) -> Iterator[str]:
    """Yield what a person reads of lessons before deciding: all that agents are told of them, not only the title."""
    for one in lessons[:MAX_SHOWN]:
        yield f"  {one.id}: {plain(one.title)}"
        for text in filter(None, (one.body, f"why: {one.why}")):
            yield from (f"    | {line}" for line in plain_lines(text[:MAX_CHARS]).splitlines())
            if len(text) > MAX_CHARS:
                yield f"    and {len(text) - MAX_CHARS:,} characters more: read the file, or take it with --as-proposed"
    if len(lessons) > MAX_SHOWN:
        yield f"  and {len(lessons) - MAX_SHOWN} more: read the file, or take it with --as-proposed"


def _say(done: Imported, *, json_: bool) -> None:
    if json_:
        told = {name: list(value) for name, value in done._asdict().items() if name != "clashes"}
        told["clashes"] = [{"lesson": name, "other": clash.other.id, "why": clash.why} for name, clash in done.clashes]
        sys.stdout.write(json.dumps(told, indent=2) + "\n")
        return
    counts = (f"{len(done.new)} new", f"{len(done.replaced)} replaced", f"{len(done.same)} there already")
    sys.stdout.write(", ".join(counts) + "\n")
    for line in _remarks(done):
        sys.stderr.write(line + "\n")


def _remarks(done: Imported) -> Iterable[str]:
    if done.replaced:
        yield f"replaced, the former text is kept: {', '.join(done.replaced)}"
    if done.kept:
        yield f"left out, a person's lesson stands there: {', '.join(done.kept)}"
    yield from (f"{name} {clash.why} as {clash.other.id}" for name, clash in done.clashes)
