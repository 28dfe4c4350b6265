"""Reads a skill's folder: SKILL.md with YAML front matter, as https://agentskills.io/specification describes it.

Tolerant of what people write (no front matter, a colon in a description, another folder's name), strict in bounds: no
link leads out of the folder of skills, a file has a size, its values are texts. Which skills there are is shelf.py's.
"""

import re
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from linestop.files import read_whole
from linestop.skills.model import MAX_BODY, MAX_DESCRIPTION, MAX_NAME, NAME, Origin, Skill
from linestop.text import plain

FILE = "SKILL.md"
MAX_BYTES = 64 * 2**10
_FRONT = re.compile(r"\A---[ \t]*\n(.*?)(?:^|\n)---[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_LINE = re.compile(r"^([A-Za-z][\w.-]{0,63}):[ \t]*(.*)$")
_ROLES = "linestop.roles"
_MAX_VALUES = 50
_MAX_VALUE = 1_000
_LARGEST = 2**63  # Python refuses to write numbers of thousands of digits
_MAX_BRACKETS = 200  # of a front matter; thousands of them keep a parser busy for seconds


class BadSkillError(ValueError):
    """A folder is no skill that can be told; its text says why. Becomes a problem in words, and never leaves here."""


class _Loader(yaml.SafeLoader):
    """Reads no aliases: a skill needs none, and some lines of them stand for more text than there is memory."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("an alias")
        return super().compose_node(parent, index)


def read_skill(folder: Path, origin: Origin) -> Skill:
    """Return the skill of a folder.

    Raises:
        BadSkillError: it can't be read, is too large, has no body, or a name that is none.
    """
    text = _text(folder)
    front, body = _parted(text)
    values = _values(front)
    name = plain(_said(values.get("name")), MAX_NAME + 1)
    if name != folder.name:  # the format asks for the same; people copy folders and keep the name within
        name = folder.name
    metadata = _metadata(values.get("metadata"))
    try:
        return Skill(
            name=name,
            description=plain(_said(values.get("description")), MAX_DESCRIPTION),
            body=body.strip(),
            license=plain(_said(values.get("license")), _MAX_VALUE),
            allowed_tools=_tools(values.get("allowed-tools")),
            metadata=metadata,
            roles=tuple(metadata.get(_ROLES, "").replace(",", " ").split()),
            origin=origin,
            path=str(folder / FILE),
        )
    except ValidationError as error:
        raise BadSkillError(_why(error)) from error


def _text(folder: Path) -> str:
    try:
        content = read_whole(folder / FILE, most=MAX_BYTES)
    except OSError as error:
        raise BadSkillError(f"its {FILE} can't be read: {error.strerror or error}") from error
    return content.decode("utf-8-sig", "replace").replace("\r\n", "\n")


def _parted(text: str) -> tuple[str, str]:
    """Return front matter and body; a file without front matter is all body."""
    found = _FRONT.match(text)
    return (found[1], text[found.end() :]) if found else ("", text)


def _values(front: str) -> dict[str, Any]:
    """Return the front matter; where it is no YAML, its lines `key: text` as they stand."""
    try:
        values = yaml.load(front, _Loader) if _simple(front) else None  # noqa: S506  # a SafeLoader
    except (yaml.YAMLError, ValueError, RecursionError):
        values = None
    if values is None:
        found = (_LINE.match(line) for line in front.split("\n"))
        return {match[1]: match[2].strip().strip("\"'") for match in found if match}
    return values if isinstance(values, dict) else {}


def _simple(front: str) -> bool:
    """Return whether a front matter is one that YAML is asked to read: no deep or endless nesting."""
    return sum(map(front.count, "[{")) <= _MAX_BRACKETS


def _metadata(value: Any) -> dict[str, str]:
    """Return metadata flat: `linestop: {roles: maker}` is `linestop.roles: maker`."""
    flat: dict[str, str] = {}
    for key, one in _items(value):
        for name, inner in (
            ((f"{key}.{deeper}", said) for deeper, said in _items(one)) if isinstance(one, dict) else [(key, one)]
        ):
            flat[plain(name, MAX_NAME)] = plain(_said(inner), _MAX_VALUE)
    return flat


def _items(value: Any) -> list[tuple[str, Any]]:
    return [(_said(key), one) for key, one in list(value.items())[:_MAX_VALUES]] if isinstance(value, dict) else []


def _tools(value: Any) -> tuple[str, ...]:
    words = value.split() if isinstance(value, str) else value if isinstance(value, list) else []
    return tuple(plain(word, MAX_NAME) for word in words[:_MAX_VALUES] if isinstance(word, str))


def _said(value: Any) -> str:
    """Return a value as text: a list of texts as words, a number of a bearable size, any other thing as nothing."""
    if isinstance(value, list):
        return " ".join(one for one in value[:_MAX_VALUES] if isinstance(one, str))
    if isinstance(value, int | float):
        return str(value) if abs(value) < _LARGEST else ""
    return value if isinstance(value, str) else ""


def _why(error: ValidationError) -> str:
    first = error.errors()[0]
    if first["loc"] == ("name",):
        return f"its folder's name is none: small letters, digits and single hyphens, {MAX_NAME} at most ({NAME})"
    if first["loc"] == ("body",):
        return f"its text is empty, or has more than {MAX_BODY:,} characters"
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
