"""`linestop lesson edit`: changes a lesson, with options or in an editor."""

import sys
from pathlib import Path
from typing import Any

from linestop.blocks.memory_gate import memory_layout
from linestop.deployments.cli.editor import on_a_terminal
from linestop.deployments.cli.lesson_add import require_file, roles_of
from linestop.deployments.cli.lesson_draft import Fields, edited, rendered
from linestop.deployments.cli.lesson_page import say_of
from linestop.deployments.cli.options import Json, Repo
from linestop.errors import UsageError
from linestop.memory.lessons import Lesson, Lessons
from linestop.memory.lessons.drafting import known_roles


def edit(
    lesson_id: str,
    /,
    *,
    title: str | None = None,
    why: str | None = None,
    body: str | None = None,
    file: str | None = None,
    role: tuple[str, ...] | None = None,
    anyway: bool = False,
    draft: Path | None = None,
    repo: Repo = Path(),
    json_: Json = False,
) -> int:
    """Change a lesson. What it said before is kept: `linestop lesson show` tells it.

    Examples:
        linestop lesson edit 3fa9c1 --why "it takes an hour, and two on CI"
        linestop lesson edit 3fa9c1                # on a terminal: in your editor
        linestop lesson edit 3fa9c1 --file src/basket.py --role maker --role checker

    Parameters
    ----------
    lesson_id
        As `linestop lesson list` names it; a beginning or an end that no other has is enough.
    title
        What to do or not to do, in a line.
    why
        What happened that taught it.
    body
        More of it, as markdown; "" takes it out.
    file
        The file that it is about; "" for all of the repository.
    role
        Who is told, in place of those before; "" for everybody.
    anyway
        Keep it though it contradicts or repeats another.
    draft
        A page that an earlier try kept.
    json_
        Print it as JSON.
    """
    lessons = Lessons(memory_layout(repo))
    old = lessons.get(lesson_id)
    given: dict[str, Any] = {"title": title, "why": why, "body": body, "file": file}
    changes = {name: value for name, value in given.items() if value is not None}
    changes |= {"roles": tuple(one for one in role if one)} if role is not None else {}
    if changes:
        return _say(old, _changed(lessons, old, changes, anyway=anyway), lessons, json_=json_)
    if draft is None and not on_a_terminal():
        raise UsageError(
            "nothing to change is named", found=old.id, todo="name it: --title, --why, --body, --file, --role"
        )
    with edited(rendered(_fields(old)), f"linestop lesson edit {old.id}", draft) as written:
        if written is None:
            sys.stderr.write("nothing was changed\n")
            return 1
        roles = known_roles(roles_of(written.get("roles", "")))
        changes = {name: written.get(name, "") for name in given} | {"roles": roles}
        kept = _changed(lessons, old, changes, anyway=anyway)
    return _say(old, kept, lessons, json_=json_)


def _fields(lesson: Lesson) -> Fields:
    return {name: getattr(lesson, name) for name in ("title", "why", "body", "file")} | {
        "roles": ", ".join(lesson.roles)
    }


def _changed(lessons: Lessons, old: Lesson, changes: dict[str, Any], *, anyway: bool) -> Lesson:
    """Return the lesson with what is new of the changes; a file that stays is not taken as confirmed."""
    new = {name: value for name, value in changes.items() if value != getattr(old, name)}
    require_file(lessons, new.get("file", ""), old.tier)
    return lessons.edit(old.id, anyway=anyway, **new) if new else old


def _say(old: Lesson, kept: Lesson, lessons: Lessons, *, json_: bool) -> int:
    said = f"lesson {kept.id} " + ("stays as it was" if kept == old else "is changed")
    return say_of(kept, lessons, said, json_=json_)
