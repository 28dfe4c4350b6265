"""`linestop lesson list` and `recall`: which lessons there are, and which speak of something."""

import sys
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Annotated

from cyclopts import Parameter
from cyclopts.types import PositiveInt

from linestop.blocks.memory_gate import memory_layout
from linestop.deployments.cli.lesson_page import States, as_json, states_of, table, width
from linestop.deployments.cli.options import Everything, Global, Json, Repo
from linestop.errors import RecordError
from linestop.memory.lessons import Lesson, Lessons, Tier, Trust

_STALE = ("changed", "gone")
NONE_YET = "no lesson yet; `linestop lesson add` keeps one"
NONE_SUCH = "no lesson fits; `linestop lesson list --all` has every one"


def list_(
    *,
    everything: Everything = False,
    stale: bool = False,
    proposed: bool = False,
    global_: Global = False,
    file: str = "",
    role: str = "",
    repo: Repo = Path(),
    json_: Json = False,
) -> int:
    """Show the lessons that agents are told, of this repository and of all of yours; oldest first.

    Examples:
        linestop lesson list
        linestop lesson list --stale               # whose files changed or are gone
        linestop lesson list --proposed            # imported, and told to nobody yet
        linestop lesson list --role maker --json

    Parameters
    ----------
    everything
        Those superseded or only proposed too.
    stale
        Only those whose file changed or is gone since they were written.
    proposed
        Only proposals.
    global_
        Only those of all repositories.
    file
        Only those about this file.
    role
        Only those that this role is told.
    json_
        Print them as JSON, with all fields.
    """
    lessons = Lessons(memory_layout(repo))
    there, broken = lessons.readable()
    found = [
        one
        for one in there
        if (everything or (one.trust is Trust.PROPOSED and not one.superseded_by if proposed else one.is_told))
        and (not global_ or one.tier is Tier.GLOBAL)
        and (not file or one.file == str(PurePosixPath(file)))
        and (not role or not one.roles or role in one.roles)
    ]
    states = states_of(found, lessons)
    outdated = [one for one in found if states[one.id] in _STALE]
    _show(outdated if stale else found, states, json_=json_, none=NONE_SUCH if there else NONE_YET)
    if outdated and not json_:
        sys.stderr.write(
            f"{len(outdated)} stale: `linestop lesson confirm ID` where it still holds, else edit, supersede, remove\n"
        )
    waiting = sum(1 for one in there if one.trust is Trust.PROPOSED and not one.superseded_by)
    if waiting and not (proposed or everything or json_):
        sys.stderr.write(f"{waiting} proposed, told to nobody: linestop lesson list --proposed\n")
    return _missing(broken)


def recall(
    words: Annotated[tuple[str, ...], Parameter(allow_leading_hyphen=True)] = (),
    /,
    *,
    file: tuple[str, ...] = (),
    limit: PositiveInt = 20,
    repo: Repo = Path(),
    json_: Json = False,
) -> int:
    """Search the lessons by words, in any form, and by files; best first.

    Examples:
        linestop lesson recall retries network
        linestop lesson recall src/cart.py         # a file's name is a word too
        linestop lesson recall --file src/cart.py --limit 3 --json

    Parameters
    ----------
    words
        What they speak of. Without words and files all are shown, newest first.
    file
        A file that they are about; may be given several times.
    limit
        How many at most.
    json_
        Print them as JSON, with all fields.
    """
    lessons = Lessons(memory_layout(repo))
    files = [*file, *(word for word in words if "/" in word or "." in word)]
    there, broken = lessons.readable()
    found = lessons.recall(words, files=files, among=there)
    _show(
        found[:limit],
        states_of(found[:limit], lessons),
        json_=json_,
        none="no lesson says or is about that; `linestop lesson list` has them all",
    )
    if len(found) > limit:
        sys.stderr.write(f"{len(found) - limit} more: --limit {len(found)}\n")
    return _missing(broken)


def _missing(broken: Sequence[RecordError]) -> int:
    """Say which lessons aren't among those shown, and return the exit code."""
    for error in broken:
        sys.stderr.write(f"linestop: {error}\n")
    return 1 if broken else 0


def _show(found: Sequence[Lesson], states: States, *, json_: bool, none: str) -> None:
    if json_:
        sys.stdout.write(as_json(found, states) + "\n")
    elif found:
        sys.stdout.write(table(found, states, width()) + "\n")
    else:
        sys.stderr.write(f"{none}\n")
