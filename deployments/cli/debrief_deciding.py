"""`linestop debrief accept|edit|drop`: a person's decision about one candidate."""

import getpass
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from linestop.debrief import Candidate, Debriefs, Ruling
from linestop.debrief.decisions import Words
from linestop.deployments.cli.debrief_editing import edited
from linestop.deployments.cli.debrief_finding import find, must_wait, say, text_of
from linestop.deployments.cli.debrief_page import words_of
from linestop.deployments.cli.debrief_server import tell_server
from linestop.deployments.cli.editor import say_kept
from linestop.deployments.cli.options import Json, Repo
from linestop.memory.lessons.model import Lesson, Tier
from linestop.paths import Layout


def accept(
    candidate: str,
    /,
    *,
    title: str | None = None,
    why: str | None = None,
    body: str | None = None,
    file: str | None = None,
    global_: Annotated[bool, Parameter(name="--global", negative="")] = False,
    role: Annotated[tuple[str, ...], Parameter(negative="")] = (),
    supersedes: str = "",
    contradicts: Annotated[tuple[str, ...], Parameter(negative="")] = (),
    anyway: bool = False,
    who: str = "",
    repo: Repo = Path(),
    json_: Json = False,
) -> int:
    """Make a candidate a lesson, in its words or in yours. It keeps links to the runs that taught it.

    Examples:
        linestop debrief accept runaway-search-3f2a91c0de-5b6c7d8e
        linestop debrief accept runaway-search --title "See src/prices.py"
        linestop debrief accept repeat-91c0de3f2a-7d8e5b6c --global

    Parameters
    ----------
    candidate
        As `linestop debrief` names it.
    title
        What to do or not to do, in a line.
    why
        What happened that taught it.
    body
        More of it, markdown.
    file
        The file that it is about; empty: none.
    global_
        For all of your repositories, about no file of this one.
    role
        Who is told; may be given several times. Nobody named: everybody.
    supersedes
        Id of a lesson that it replaces.
    contradicts
        Id of a lesson that it disagrees with, knowingly; may be given several times.
    anyway
        Keep it as it is, whatever other lessons say.
    who
        Who decides; by default your login name.
    repo
        Any folder in the repository; the one you stand in by default.
    json_
        Print the lesson as JSON.
    """
    layout, found = find(repo, candidate)
    words = Words(
        title=title, why=why, body=body, file=file, tier=Tier.GLOBAL if global_ else None, roles=role or None,
        supersedes=supersedes, contradicts=contradicts, anyway=anyway,
    )  # fmt: skip
    return _accepted(layout, found, words, who=who, json_=json_)


def edit(
    candidate: str,
    /,
    *,
    from_: Annotated[Path | None, Parameter(name="--from")] = None,
    who: str = "",
    repo: Repo = Path(),
    json_: Json = False,
) -> int:
    """Make a candidate a lesson in your words, in your editor ($VISUAL, $EDITOR), or from a file.

    Examples:
        linestop debrief edit runaway-search-3f2a91c0de-5b6c7d8e
        linestop debrief edit runaway-search-3f2a91c0de --from words.toml

    Parameters
    ----------
    candidate
        As `linestop debrief` names it.
    from_
        A file with the words, as the editor shows them; then no editor is opened.
    who
        Who decides; by default your login name.
    repo
        Any folder in the repository; the one you stand in by default.
    json_
        Print the lesson as JSON.
    """
    layout, found = find(repo, candidate)
    must_wait(found)
    path, changed = (from_, True) if from_ else edited(found)
    if not changed:
        path.unlink(missing_ok=True)
        sys.stderr.write("nothing was changed: the candidate waits on\n")
        return 0
    try:
        code = _accepted(layout, found, words_of(text_of(path)), who=who, json_=json_)
    except BaseException as error:
        say_kept(error, path, f"linestop debrief edit {found.id} --from")
        raise
    if not from_:
        path.unlink(missing_ok=True)
    return code


def drop(candidate: str, /, *, why: str, who: str = "", repo: Repo = Path()) -> int:
    """Drop a candidate: it becomes no lesson, and the same of the same ticket or batch isn't asked again.

    Examples:
        linestop debrief drop repeat-91c0de3f2a --why "the server was down"

    Parameters
    ----------
    candidate
        As `linestop debrief` names it.
    why
        Why nothing is to be learned of it; whoever meets the same again reads this.
    who
        Who decides; by default your login name.
    repo
        Any folder in the repository; the one you stand in by default.
    """
    layout, found = find(repo, candidate)
    Debriefs(layout).decide(found.id, Ruling.DROP, by=who or getpass.getuser(), why=why)
    say(f"candidate {found.id} is dropped")
    tell_server(layout.root)
    return 0


def _accepted(layout: Layout, found: Candidate, words: Words, *, who: str, json_: bool) -> int:
    lesson = Debriefs(layout).decide(found.id, Ruling.ACCEPT, by=who or getpass.getuser(), words=words)
    assert isinstance(lesson, Lesson)  # noqa: S101  # only a drop makes none
    say(lesson.model_dump_json(indent=2) if json_ else f"candidate {found.id} is lesson {lesson.id} ({lesson.tier})")
    tell_server(layout.root)
    return 0
