"""A lesson before it is kept: its id, its file's hash, and what may be written at all.

A secret is refused, not hidden: whoever reads a lesson with a hole in it would be misled.
"""

import re
import unicodedata
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any
from uuid import uuid4

from pydantic import ValidationError

from linestop.errors import UsageError
from linestop.events.redaction import redacted
from linestop.incidents.model import is_said
from linestop.memory.lessons.model import MAX_BODY, MAX_NAME, MAX_NAMES, MAX_TITLE, Lesson, Tier, Trust
from linestop.memory.lessons.passwords import says_password
from linestop.paths import Layout
from linestop.text import plain, plain_lines
from linestop.watch.file_hash import file_hash

MAX_SLUG = 40
ROLES = ("auditor", "maker", "checker", "goal-checker", "reviewer", "healer", "scribe", "planner")  # SPEC.md section 1
_FILLERS = frozenset(
    {"because", "just because", "idk", "dunno", "reasons", "obvious", "see above", "same", "why", "yes", "no", "ok"}
)
_TEXTS = {"title": MAX_TITLE, "body": MAX_BODY, "why": MAX_BODY}
_NAMES = ("roles", "runs", "contradicts")


def draft(
    layout: Layout,
    title: str,
    why: str,
    *,
    body: str = "",
    file: str = "",
    roles: tuple[str, ...] = (),
    source: str = "person",
    trust: Trust = Trust.PERSON,
    runs: tuple[str, ...] = (),
    contradicts: tuple[str, ...] = (),
    tier: Tier = Tier.REPOSITORY,
    lesson_id: str = "",
) -> Lesson:
    """Return a lesson that may be kept, with an id and its file's hash of this moment. Nothing is written.

    Raises:
        UsageError: a text is missing, too long or holds a secret, the file lies outside the repository, or a role is
            none of ROLES.
    """
    now = datetime.now(UTC)
    file = inside(layout, file)
    kept = checked(
        {
            "id": lesson_id or _new_id(title), "tier": tier, "title": title, "body": body, "why": why, "file": file,
            "file_hash": current_hash(layout, file, tier), "roles": roles, "source": source,
            "trust": trust, "runs": runs, "contradicts": contradicts, "created": now, "updated": now,
        }
    )  # fmt: skip
    known_roles(kept.roles)
    return kept


def known_roles(roles: tuple[str, ...]) -> tuple[str, ...]:
    """Return the roles as they are.

    Raises:
        UsageError: one of them is none of ROLES: its lesson would be told to nobody.
    """
    if strange := [role for role in roles if role not in ROLES]:
        raise UsageError(
            f"there is no role {plain(', '.join(strange))}",
            found="a lesson for it would be told to nobody",
            todo=f"use {', '.join(ROLES)}, or none: everybody is told then",
        )
    return roles


def checked(values: dict[str, Any]) -> Lesson:
    """Return the lesson of these values, fit to be kept: plain, whole, without a secret, with its why.

    Raises:
        UsageError: it isn't; names the field, never the secret.
    """
    clean = {**values, **{name: _text(name, values.get(name), most) for name, most in _TEXTS.items()}}
    clean |= {name: _name(name, values.get(name)) for name in ("file", "source") if name in values}
    clean |= {name: _names(name, values.get(name)) for name in _NAMES if name in values}
    if clean.get("tier") == Tier.GLOBAL:
        clean["file_hash"] = ""  # of no file in particular
    if not re.fullmatch(r"(?:[0-9a-f]{64})?", str(clean.get("file_hash", ""))):
        raise UsageError(
            "a lesson's file hash is a SHA-256", found=plain(str(clean["file_hash"])), todo="leave it empty"
        )
    if not clean["title"]:
        raise UsageError("a lesson has a title", found="none", todo="say in a line what to do or not to do")
    if not is_said(clean["why"]) or _is_filler(clean["why"]):
        raise UsageError(
            "a lesson has a why", found=repr(clean["why"]), todo="say what happened that taught it, in a sentence"
        )
    try:
        return Lesson.model_validate(clean)
    except ValidationError as error:
        first = error.errors()[0]
        raise UsageError(
            f"the lesson's {'.'.join(map(str, first['loc']))} can't be used",
            found=plain(f"{first['msg']}: {first['input']!r}"),
            todo="`linestop lesson add --help` says what it takes",
        ) from error


def _is_filler(why: str) -> bool:
    """Return whether a why has no more than a letter, or is a word that stands for none."""
    return sum(map(str.isalnum, why)) < 2 or why.casefold().strip(" .!") in _FILLERS  # noqa: PLR2004  # a letter says nothing


def current_hash(layout: Layout, file: str, tier: Tier) -> str:
    """Return the hash that a lesson's file has now in the main checkout; empty for all repositories' lessons."""
    return file_hash(layout.root, file) if file and tier is Tier.REPOSITORY else ""


def inside(layout: Layout, file: str) -> str:
    """Return a file as the path in the repository that lessons are keyed to.

    Raises:
        UsageError: it lies outside.
    """
    if not file:
        return ""
    path = PurePosixPath(file)
    if path.is_absolute() and path.is_relative_to(layout.root):
        path = path.relative_to(layout.root)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise UsageError(
            "a lesson's file is a path in the repository",
            found=plain(file),
            todo=f"name it from {Path(layout.root)}, for example src/cart.py",
        )
    return str(path)


def _text(name: str, value: Any, most: int) -> str:
    text = _string(name, value)
    room = most * 4 + 1_000
    clean = plain(text, limit=room) if name == "title" else plain_lines(text[:room], limit=room).strip("\n")
    if len(text) > room or len(clean) > most:
        raise UsageError(
            f"the lesson's {name} is too long",
            found=f"{len(text):,} characters; {most:,} at most",
            todo="a lesson is one conclusion: shorten it, or make two of it",
        )
    return _without_secret(name, clean)


def _string(name: str, value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    raise UsageError(f"the lesson's {name} can't be used", found=type(value).__name__, todo="it is a text")


def _name(name: str, value: Any) -> str:
    text = _string(name, value)
    if len(text) > MAX_NAME or plain(text, limit=MAX_NAME) != text:
        raise UsageError(
            f"the lesson's {name} can't be used",
            found=plain(text),
            todo=f"at most {MAX_NAME} printable characters on one line",
        )
    if name == "file" and (text.startswith("/") or ".." in text.split("/")):
        raise UsageError("a lesson's file is a path in the repository", found=text, todo="name it from the root")
    return _without_secret(name, text)


def _names(name: str, values: Any) -> tuple[str, ...]:
    if isinstance(values, str) or not isinstance(values, (tuple, list)) or len(values) > MAX_NAMES:
        raise UsageError(
            f"the lesson's {name} can't be used", found=type(values).__name__, todo=f"a list, at most {MAX_NAMES}"
        )
    return tuple(dict.fromkeys(_name(name, one) for one in values))


def _without_secret(name: str, text: str) -> str:
    if redacted(text) != text or says_password(text):
        raise UsageError(
            f"the lesson's {name} holds a secret",
            found="a key, a token or a password, not shown here",
            todo="take it out: lessons are read by every agent; if it was shown anywhere, change it where it is valid",
        )
    return text


def _new_id(title: str) -> str:
    """Return an id that can be read and typed: the title's words and six random digits."""
    whole = re.sub(r"(?<=\w)['\u2019](?=\w)", "", title)  # don't: dont
    ascii_only = unicodedata.normalize("NFKD", whole).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", ascii_only[:1_000]) or ["lesson"]
    slug = words[0][:MAX_SLUG]
    for word in words[1:]:
        if len(slug) + 1 + len(word) > MAX_SLUG:
            break
        slug += f"-{word}"
    return f"{slug}-{uuid4().hex[:6]}"
