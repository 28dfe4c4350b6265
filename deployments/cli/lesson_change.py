"""`linestop lesson confirm`, `accept`, `supersede`, `contradict`, `remove`: what a person says about a lesson."""

import sys
from pathlib import Path

from linestop.blocks.memory_gate import memory_layout
from linestop.deployments.cli.lesson_page import say_of
from linestop.deployments.cli.options import Json, Repo
from linestop.memory.lessons import Lessons


def confirm(lesson_id: str, /, *, repo: Repo = Path(), json_: Json = False) -> int:
    """Say that a lesson still holds for its file as it is now: it counts as fresh again.

    Examples:
        linestop lesson confirm 3fa9c1

    Parameters
    ----------
    lesson_id
        As `linestop lesson list --stale` names it.
    json_
        Print it as JSON.
    """
    lessons = _lessons(repo)
    found = lessons.confirm(lesson_id)
    return say_of(found, lessons, f"lesson {found.id} holds for {found.file} as it is now", json_=json_)


def accept(lesson_id: str, /, *, anyway: bool = False, repo: Repo = Path(), json_: Json = False) -> int:
    """Make a proposal a lesson, or a superseded one told again: from now on. Read it first: linestop lesson show.

    Examples:
        linestop lesson list --proposed
        linestop lesson accept 3fa9c1

    Parameters
    ----------
    lesson_id
        As `linestop lesson list --proposed` names it.
    anyway
        Keep it though it contradicts or repeats another.
    json_
        Print it as JSON.
    """
    lessons = _lessons(repo)
    found = lessons.accept(lesson_id, anyway=anyway)
    return say_of(found, lessons, f"lesson {found.id} is told from now on", json_=json_)


def supersede(old: str, new: str, /, *, repo: Repo = Path(), json_: Json = False) -> int:
    """Put another lesson in a lesson's place. The old one is told to nobody, and stays to be read.

    Examples:
        linestop lesson supersede use-pip-3fa9c1 use-uv-81bc02

    Parameters
    ----------
    old
        The lesson that doesn't hold any more.
    new
        The one that does; it is there already.
    json_
        Print the old one as JSON.
    """
    lessons = _lessons(repo)
    found = lessons.supersede(old, new)
    return say_of(found, lessons, f"lesson {found.id} is superseded by {found.superseded_by}", json_=json_)


def contradict(lesson_id: str, other: str, /, *, repo: Repo = Path(), json_: Json = False) -> int:
    """Say that two lessons disagree, knowingly: both are kept, and each is shown with the other.

    Examples:
        linestop lesson contradict 3fa9c1 81bc02

    Parameters
    ----------
    lesson_id
        One of them.
    other
        The other.
    json_
        Print the first as JSON.
    """
    lessons = _lessons(repo)
    found = lessons.contradict(lesson_id, other)
    return say_of(found, lessons, f"lesson {found.id} disagrees with {', '.join(found.contradicts)}", json_=json_)


def remove(lesson_id: str, /, *, forget: bool = False, repo: Repo = Path(), json_: Json = False) -> int:
    """Take a lesson out. `linestop lesson show` still tells what it said, unless it is to be forgotten.

    Examples:
        linestop lesson remove 3fa9c1
        linestop lesson remove 3fa9c1 --forget     # its text is nowhere any more; also of one that was removed before

    Parameters
    ----------
    lesson_id
        As `linestop lesson list` names it; one that was removed before, in full.
    forget
        Take all that it ever said out of the history too.
    json_
        Print what was removed as JSON.
    """
    lessons = _lessons(repo)
    found = lessons.remove(lesson_id, forget=forget)
    for one in lessons.list(all=True):
        if one.superseded_by == found.id:
            sys.stderr.write(f"{one.id} stays superseded by it: linestop lesson accept {one.id} has it told again\n")
    end = "removed and forgotten" if forget else "removed; `linestop lesson show` with its full id still has its text"
    return say_of(found, lessons, f"lesson {found.id} is {end}", json_=json_)


def _lessons(repo: Path) -> Lessons:
    return Lessons(memory_layout(repo))
