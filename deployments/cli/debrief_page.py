"""A candidate as a page for the terminal, and as a text to edit. Its words are not ours: made plain."""

import json
import tomllib
from collections.abc import Iterator
from typing import Any

from linestop.debrief import Candidate, Ruling
from linestop.debrief.decisions import Words
from linestop.deployments.cli.wrapping import wrapped
from linestop.errors import UsageError
from linestop.memory.lessons.model import Tier
from linestop.text import plain, plain_lines

_MARGIN = len("  evidence  ")
_BODY = "  | "
_HEAD = """\
# What becomes of candidate {id}. Save it to accept it in these words; leave it as it is to change nothing.
# scope: "repository" (told here only) or "global" (in all of yours). roles: who is told; [] is everybody.
# Where another lesson is in the way, add: supersedes = "ID", contradicts = ["ID"], or anyway = true.
"""


def page(candidate: Candidate, *, stale: str = "", columns: int | None = None) -> str:
    """Return what a person reads before deciding. `stale` says what became of its file since.

    Where there are so many columns, no line is longer: further ones stand below the text.
    """
    lines = _lines(candidate, stale)
    return "\n".join(lines if columns is None else (part for line in lines for part in _folded(line, columns)))


def _folded(line: str, columns: int) -> Iterator[str]:
    margin = _BODY if line.startswith(_BODY) else line[:_MARGIN] if line.startswith("  ") else ""
    return wrapped(line.removeprefix(margin), columns, first=margin)


def _lines(one: Candidate, stale: str) -> Iterator[str]:
    yield f"{one.id}  {state_of(one)}"
    yield f"  lesson    {plain(one.title, limit=200)}"
    yield f"  why       {plain(one.why, limit=2_000)}"
    if one.body:
        yield from (f"{_BODY}{line}" for line in plain_lines(one.body, 4_000).splitlines())
    if one.file:
        yield f"  file      {plain(one.file)}" + (f" ({stale} since)" if stale else "")
    times = "once" if one.times == 1 else f"{one.times} times"
    yield f"  seen      {times} in {', '.join(map(plain, one.tickets)) or '-'}, the same {one.kind}"
    yield f"  event     {plain(one.event, limit=600)}"
    yield from (
        f"  {'evidence' if not place else '        '}  {plain(line, 400)}" for place, line in enumerate(one.evidence)
    )
    yield from (f"  refused   {plain(why, limit=400)}" for why in one.refused.values())
    if one.decided:
        made = one.decided
        lesson = f", lesson {plain(made.lesson)}" if made.lesson else ""
        yield f"  decided   {made.ruling} by {plain(made.by)}, {made.at:%Y-%m-%d %H:%M:%S} UTC{lesson}"
        yield from [f"  because   {plain(made.why, limit=1_000)}"] if made.why else []


def state_of(one: Candidate) -> str:
    """Return in a word or two what became of a candidate."""
    if one.merged:
        return f"taken over by {one.merged}"
    return {None: "waits", Ruling.DROP: "dropped"}.get(one.decided.ruling if one.decided else None, "accepted")


def as_text(one: Candidate) -> str:
    """Return a candidate as TOML to be edited."""
    values = {"title": one.title, "why": one.why, "body": one.body, "file": one.file, "scope": str(one.tier)}
    return (
        _HEAD.format(id=one.id)
        + "".join(f"{name} = {_quoted(value)}\n" for name, value in values.items())
        + "roles = []\n"
    )


def _quoted(value: str) -> str:
    """Return a TOML string, over several lines where the text has several."""
    if "\n" not in value:
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    lines = (json.dumps(line, ensure_ascii=False)[1:-1].replace("\x7f", "\\u007f") for line in value.split("\n"))
    return '"""\n' + "\n".join(lines) + '"""'


def words_of(text: str) -> Words:
    """Return the words of an edited text.

    Raises:
        UsageError: it is no TOML, or has other fields than it was given.
    """
    try:
        values = tomllib.loads(text)
        return Words(**{_FIELDS[name]: _value(name, value) for name, value in values.items()})
    except (tomllib.TOMLDecodeError, KeyError, ValueError) as error:
        raise UsageError(
            "the edited candidate can't be read",
            found=plain(str(error)),
            todo=f"fields are {', '.join(_FIELDS)}; a text stands in quotes",
        ) from error


_FIELDS = {
    "title": "title", "why": "why", "body": "body", "file": "file", "scope": "tier", "roles": "roles",
    "supersedes": "supersedes", "contradicts": "contradicts", "anyway": "anyway",
}  # fmt: skip


def _value(name: str, value: Any) -> Any:
    if name in {"roles", "contradicts"}:
        if not isinstance(value, list):
            raise ValueError(f"{name} is a list")
        return tuple(str(one) for one in value)
    if name == "anyway":
        return value is True
    if not isinstance(value, str):
        raise ValueError(f"{name} is a text")  # noqa: TRY004  # one kind of error for a reader of a file
    return Tier(value) if name == "scope" else value
