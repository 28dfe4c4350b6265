"""Imports from typing that a fix left without use in an `__init__.py`, where ruff offers no removal.

ruff leaves them since any name of a package may be a re-export. One that was used until our own fix was none, and
nobody re-exports of typing what annotations need; the checks verify it. Statements that hold a comment are left alone.
"""

import re
from itertools import accumulate

from linestop.fixes.edits import Edit

UNUSED_IMPORT = "F401"
_STATEMENT = re.compile(
    r"^from (?:typing|typing_extensions) import [ \t]*(?:\((?P<many>[^()#\\]*)\)|(?P<one>[^()#\\;\r\n]*?))"
    r"[ \t]*(?P<end>\r\n|\r|\n|\Z)",
    re.MULTILINE,
)


def without_name(text: str, at: int) -> Edit | None:
    """Return the edit that takes the name at offset `at` out of its import from typing, None where there is none."""
    start = max(text.rfind("\nfrom ", 0, at), text.rfind("\rfrom ", 0, at)) + 1
    found = _STATEMENT.match(text, start)
    if not found or not start <= at < found.end():
        return None
    group = "many" if found["many"] is not None else "one"
    names = found[group].split(",")
    ends = accumulate((len(name) + 1 for name in names), initial=found.start(group))
    kept = [name.strip() for name, begin in zip(names, ends, strict=False) if not begin <= at < begin + len(name) + 1]
    kept = [name for name in kept if name]
    if len(kept) == len([name for name in names if name.strip()]):
        return None
    if not kept:
        return Edit(start, found.end(), "")
    return Edit(found.start(group), found.end(group), _spelled(found[group], kept))


def _spelled(before: str, kept: list[str]) -> str:
    """Return the names as they were spread: one a line where they stood so, else in one line."""
    lines = [found.group() for found in re.finditer(r"(?:\r\n|\r|\n)[ \t]*(?=\S)", before)]
    if len(lines) <= 1:
        head = lines[0] if lines else ""
        tail = before[len(before.rstrip(", \t\r\n")) :]
        return head + ", ".join(kept) + (tail if lines else "")
    return "".join(f"{lines[0]}{name}," for name in kept) + lines[0].rstrip(" \t")
