"""Sections of configuration files, compared before and after: an edit elsewhere in the same file is no matter."""

import tomllib
from configparser import Error as ConfigError
from configparser import RawConfigParser
from typing import Any

from linestop.changes import Change


def changed_tools(change: Change) -> tuple[str, ...]:
    """Return the names of the `[tool.*]` tables that differ in a pyproject.toml, `*` where it can't be read."""
    before, after = _tools(change.before), _tools(change.after)
    if before is None or after is None or change.oversized:
        return ("*",)
    return tuple(sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name)))


def changed_sections(change: Change) -> tuple[str, ...]:
    """Return the names of the sections that differ in an INI file, `*` where it can't be read."""
    before, after = _sections(change.before), _sections(change.after)
    if before is None or after is None or change.oversized:
        return ("*",)
    return tuple(sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name)))


def _tools(data: bytes | None) -> dict[str, Any] | None:
    try:
        tools = tomllib.loads((data or b"").decode()).get("tool", {})
    except (ValueError, RecursionError):  # UnicodeDecodeError and TOMLDecodeError are ValueErrors
        return None
    return tools if isinstance(tools, dict) else None


def _sections(data: bytes | None) -> dict[str, dict[str, str]] | None:
    parser = RawConfigParser(strict=False, allow_no_value=True)
    try:
        parser.read_string((data or b"").decode())
    except (ConfigError, ValueError):
        return None
    return {name: dict(parser.items(name)) for name in parser.sections()}
