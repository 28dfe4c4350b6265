"""A lesson written in an editor: the page that a person fills in, and what is read from it.

What was written is never lost: the page stays where it is until the lesson is kept.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from linestop.deployments.cli.editor import on_a_terminal, open_editor, say_kept
from linestop.errors import UsageError
from linestop.home import workplace

CUT = "# ------------------------ >8 ------------------------"
MAX_CHARS = 100_000  # of a page that is read
_HEADINGS = ("Title", "Why", "File", "Roles", "Body")
_HELP = """\
# What stands below this line is left out. An empty or unchanged page adds nothing.
#
# Title  what to do or not to do, in a line of at most 120 characters
# Why    what happened that taught it; required
# File   the file that it is about, from the repository's root; empty: all of it
# Roles  who is told: maker, checker, reviewer; empty: everybody
# Body   more of it, as markdown
"""
Fields = dict[str, str]


def rendered(fields: Fields) -> str:
    """Return the page with these fields filled in."""
    said = {name: fields.get(name.lower(), "") for name in _HEADINGS}
    parts = [f"{name}: {said[name]}".rstrip() for name in _HEADINGS[:-1]]
    return "\n\n".join([*parts, f"Body:\n{said['Body']}".rstrip()]) + f"\n\n{CUT}\n{_HELP}"


def read(text: str) -> Fields:
    """Return the fields of a page. Headings may be left out: then the first line is the title, the rest the body."""
    kept = text[:MAX_CHARS].replace("\r\n", "\n").split(CUT)[0]
    found: dict[str, list[str]] = {}
    rest, name = list(_HEADINGS), ""
    for line in kept.splitlines():
        heading = next((one for one in rest if re.match(rf"{one}:(\s|$)", line)), "")
        if heading:
            rest = rest[rest.index(heading) + 1 :]
            name, line = heading.lower(), line.partition(":")[2]  # noqa: PLW2901  # the rest of the line is text
        if not name and line.strip():
            found["title"], name = [line], "body"
            continue
        found.setdefault(name, []).append(line)
    return {key: "\n".join(lines).strip() for key, lines in found.items() if key}


@contextmanager
def edited(start: str, again: str, page: Path | None = None) -> Iterator[Fields | None]:
    """Let a person write in their editor and yield the fields, None where nothing was written or changed.

    The page is removed once the block ends well; where it fails the error says where the page is. `again` is the
    command that takes it up again; `page` one that was kept so.
    """
    path = page or _new(start)
    try:
        if on_a_terminal():
            open_editor(path)
        text = _text(path)
        fields = read(text)
        nothing = (text == start and not page) or not any(fields.values())
        yield None if nothing else fields
    except BaseException as error:
        _keep(path, start, again, error)
        raise
    if path.parent == _folder():
        path.unlink(missing_ok=True)


def _keep(path: Path, start: str, again: str, error: BaseException) -> None:
    """Say where the page is that an error left, on the error itself where it is ours; one left as it was is removed."""
    if path.parent == _folder() and path.exists() and _text(path) == start:
        path.unlink()
    elif path.exists():
        say_kept(error, path, f"{again} --draft")


def _text(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", errors="replace") as page:
            return page.read(MAX_CHARS)
    except OSError as error:
        raise UsageError(f"the page {path} can't be read", found=str(error), todo="name another") from error


def _folder() -> Path:
    return workplace() / "drafts"


def _new(start: str) -> Path:
    """Return a new page that only its owner reads: nobody has looked yet whether it holds a secret."""
    path = _folder() / f"lesson-{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}.md"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:  # noqa: PTH123
            file.write(start)
    except OSError as error:
        raise UsageError(
            f"no page can be made in {path.parent}", found=str(error), todo="give the text with options: see --help"
        ) from error
    return path
