"""`linestop lesson add`: keeps a new lesson, from options or from an editor."""

import sys
from pathlib import Path
from typing import Any

from linestop.blocks.memory_gate import memory_layout
from linestop.deployments.cli.editor import on_a_terminal
from linestop.deployments.cli.lesson_draft import Fields, edited, rendered
from linestop.deployments.cli.lesson_page import say_of
from linestop.deployments.cli.options import Global, Json, Repo
from linestop.errors import UsageError
from linestop.memory.lessons import Lesson, Lessons, Tier
from linestop.memory.lessons import draft as drafted
from linestop.memory.lessons.drafting import current_hash, inside
from linestop.text import plain


def add(
    title: str = "",
    /,
    *,
    why: str = "",
    body: str = "",
    file: str = "",
    role: tuple[str, ...] = (),
    global_: Global = False,
    supersedes: str = "",
    contradicts: tuple[str, ...] = (),
    anyway: bool = False,
    draft: Path | None = None,
    repo: Repo = Path(),
    json_: Json = False,
) -> int:
    """Keep a new lesson. Every agent of its roles is told from the next dispatch on.

    Examples:
        linestop lesson add "Never run all tests" --why "they take an hour"
        linestop lesson add "Prices are in cents" --why "off by one" --file cart.py
        linestop lesson add                     # on a terminal: in your editor
        linestop lesson add "Use uv" --why "faster" --global --supersedes use-pip

    Parameters
    ----------
    title
        What to do or not to do, in a line.
    why
        What happened that taught it. Required.
    body
        More of it, as markdown.
    file
        The file that it is about, from the repository's root. It is stale once the file changes.
    role
        Who is told; may be given several times. Everybody where none is given.
    global_
        For all repositories of yours, not for this one.
    supersedes
        The lesson that it takes the place of.
    contradicts
        A lesson that it disagrees with, knowingly: both are kept. May be given several times.
    anyway
        Keep it though it contradicts or repeats another.
    draft
        A page that an earlier try kept.
    json_
        Print it as JSON.
    """
    lessons = Lessons(memory_layout(repo))
    tier = Tier.GLOBAL if global_ else Tier.REPOSITORY
    fields = {"title": title, "why": why, "body": body, "file": file, "roles": ", ".join(role)}
    words: dict[str, Any] = {"supersedes": supersedes, "contradicts": contradicts, "anyway": anyway}
    if draft is None and ((title and why) or not on_a_terminal()):
        return _told(_kept(lessons, tier, fields, **words), lessons, json_=json_)
    with edited(rendered(fields), "linestop lesson add", draft) as written:
        if written is None:
            sys.stderr.write("nothing was added: the page was left empty or as it was\n")
            return 1
        kept = _kept(lessons, tier, written, **words)
    return _told(kept, lessons, json_=json_)


def _kept(
    lessons: Lessons, tier: Tier, fields: Fields, *, supersedes: str, contradicts: tuple[str, ...], anyway: bool
) -> Lesson:
    if not fields.get("title") or not fields.get("why"):
        raise UsageError(
            "a lesson has a title and a why",
            found=", ".join(f"no {name}" for name in ("title", "why") if not fields.get(name)),
            todo='linestop lesson add "what to do" --why "what happened", or without words on a terminal',
        )
    new = drafted(
        lessons.layout, fields["title"], fields["why"], body=fields.get("body", ""), file=fields.get("file", ""),
        roles=roles_of(fields.get("roles", "")), contradicts=contradicts, tier=tier,
    )  # fmt: skip
    require_file(lessons, new.file, tier)
    return lessons.add(new, supersedes=supersedes, anyway=anyway)


def roles_of(text: str) -> tuple[str, ...]:
    """Return the roles that a text names, with blanks or commas between."""
    return tuple(dict.fromkeys(text.replace(",", " ").split()))


def require_file(lessons: Lessons, file: str, tier: Tier) -> None:
    """Refuse a lesson about a file that isn't there: it would be stale from the start.

    Raises:
        UsageError: the file isn't there.
    """
    if file and tier is Tier.REPOSITORY and not current_hash(lessons.layout, inside(lessons.layout, file), tier):
        raise UsageError(
            f"there is no file {plain(file)}",
            found=f"no readable file of that name in {lessons.layout.root}",
            todo="name a file from the repository's root, or leave it out: the lesson is then about all of it",
        )


def _told(kept: Lesson, lessons: Lessons, *, json_: bool) -> int:
    return say_of(kept, lessons, f"lesson {kept.id} is kept", json_=json_)
