"""`linestop lesson show`: all of one lesson, and what it said before."""

import json
import sys
from pathlib import Path

from linestop.blocks.memory_gate import memory_layout
from linestop.deployments.cli.lesson_page import page, values, width
from linestop.deployments.cli.options import Json, Repo
from linestop.errors import UsageError
from linestop.memory.lessons import Lessons


def show(lesson_id: str, /, *, repo: Repo = Path(), json_: Json = False) -> int:
    """Show a lesson: its why, what it is about, whom it disagrees with, and what it said before each change.

    Examples:
        linestop lesson show never-run-the-whole-suite-3fa9c1
        linestop lesson show 3fa9c1                # an end or a beginning that no other has
        linestop lesson show 3fa9c1 --json | jq .former

    Parameters
    ----------
    lesson_id
        As `linestop lesson list` names it. Of a removed one, in full.
    json_
        Print it as JSON.
    """
    lessons = Lessons(memory_layout(repo))
    try:
        found, removed = lessons.get(lesson_id), False
    except UsageError:
        former = lessons.former(lesson_id)
        if not former:
            raise
        found, removed = former[-1].lesson, True
    former = lessons.former(found.id)
    if json_:
        state = {"state": "removed"} if removed else {}
        told = {
            **values(found, lessons),
            **state,
            "removed": removed,
            "former": [one.model_dump(mode="json") for one in former],
        }
        sys.stdout.write(json.dumps(told, indent=2, ensure_ascii=False) + "\n")
        return 0
    sys.stdout.write(page(found, lessons, former, width(), removed=removed) + "\n")
    if removed:
        sys.stderr.write(
            f"it was removed {former[-1].until:%Y-%m-%d %H:%M} UTC; its text is kept until"
            f" linestop lesson remove {found.id} --forget\n"
        )
    return 0
