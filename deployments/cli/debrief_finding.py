"""Which candidate a person means, and what became of its file: what the verbs of `linestop debrief` share."""

import sys
from pathlib import Path

from linestop.blocks.memory_gate import memory_layout
from linestop.debrief import Candidate, Debriefs
from linestop.errors import UsageError
from linestop.paths import Layout
from linestop.text import plain
from linestop.watch.file_hash import file_hash

MAX_NAMED = 5


def find(repo: Path, name: str) -> tuple[Layout, Candidate]:
    """Return the candidate of an id or of an unmistakable beginning of one."""
    layout = memory_layout(repo)
    debriefs = Debriefs(layout)
    ids = [one.id for one in (*debriefs.waiting(), *debriefs.decided())]
    found = [one for one in ids if one.startswith(name)] if name and name not in ids else []
    if len(found) > 1:
        raise UsageError(
            f"{plain(name)} names several candidates", found=", ".join(found[:MAX_NAMED]), todo="name one in full"
        )
    return layout, debriefs.get(found[0] if found else name)


def must_wait(found: Candidate) -> None:
    """Refuse a candidate that was decided."""
    if found.decided:
        made = found.decided
        raise UsageError(
            f"candidate {found.id} is decided already",
            found=f"{made.ruling} by {made.by}",
            todo=f"linestop lesson edit {made.lesson}" if made.lesson else "",
        )


def stale_file(layout: Layout, one: Candidate) -> str:
    """Return what became of a candidate's file since it was seen, empty where nothing did or nobody knows."""
    if not one.file or not one.file_hash:
        return ""
    now = file_hash(layout.root, one.file)
    return "" if now == one.file_hash else "changed" if now else "gone"


def text_of(path: Path) -> str:
    """Return the words in a person's file."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} can't be read", found=str(error), todo="name a file with the words") from error


def say(text: str) -> None:
    """Print a line of data."""
    sys.stdout.write(text + "\n")
