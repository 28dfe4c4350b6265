"""Puts what our built-in tools print into SARIF, so that one reader serves them all.

ruff prints SARIF itself, but there a safe fix looks like an unsafe one: its JSON tells them apart (docs/decisions/010).
vulture prints text only.
"""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from linestop.audit.rules import SYNTAX, UNSUPPORTED, Theme, rule_for
from linestop.errors import ToolError

_NEWER = re.compile(r"on Python 3\.\d+ \(")
_LEVELS = {1: "note", 2: "warning", 3: "error"}
_VULTURE_LINE = re.compile(
    r"^(?P<path>.+?):(?P<line>\d+): (?P<what>.+) \((?P<sure>\d+)% confidence(?:, \d+ lines?)?\)$"
)


def sarif_from_ruff(text: str) -> str:
    """Return ruff's JSON report as SARIF; `properties.fixable` says whether the fix may be applied without thought.

    Raises:
        ToolError: the text is not ruff's JSON.
    """
    try:
        rows = json.loads(text or "[]")
        return _sarif("ruff", [_from_ruff_row(row) for row in rows if not (_is_export(row) or _is_taste(row))])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ToolError(
            "ruff printed something else than its JSON report",
            found=f"{type(error).__name__}: {error}; it began with {text[:120]!r}",
            todo="`make clean && make test` installs the ruff that linestop was tested with",
        ) from error


def sarif_from_vulture(text: str) -> str:
    """Return vulture's lines as SARIF, least surprise first: what is no finding line is left out."""
    return _sarif("vulture", list(_vulture_results(text)))


def vulture_impact(rule: str) -> int:
    """Return the impact of a vulture rule: unreachable code hides a mistake, an unused name is clutter."""
    return 2 if rule.startswith(("unreachable", "unsatisfiable", "redundant")) else 1


def _is_export(row: dict[str, Any]) -> bool:
    """An unused import that ruff would not remove is an export of a package or a probe for an optional dependency."""
    return row["code"] == "F401" and (row.get("fix") or {}).get("applicability") != "safe"


def _is_taste(row: dict[str, Any]) -> bool:
    """An older spelling that can't be replaced by a safe fix is a choice: nobody's time is worth it."""
    rule = rule_for(row["code"] or SYNTAX)
    return (
        rule.theme is Theme.MODERNISATION
        and rule.fix == "safe"
        and (row.get("fix") or {}).get("applicability") != "safe"
    )


def _from_ruff_row(row: dict[str, Any]) -> dict[str, Any]:
    code = row["code"] or SYNTAX
    if code == SYNTAX and _NEWER.search(row["message"]):
        code = UNSUPPORTED
    rule = rule_for(code)
    applicability = (row.get("fix") or {}).get("applicability")
    fixable = (rule.fix is not None and applicability == "safe") or (rule.fix == "proven" and applicability == "unsafe")
    return _result(
        code, row["filename"], row["location"]["row"], row["message"], level=_LEVELS[rule.impact], theme=rule.theme,
        fixable=fixable,
    )  # fmt: skip


def _vulture_results(text: str) -> Iterator[dict[str, Any]]:
    for line in text.splitlines():
        found = _VULTURE_LINE.match(line)
        if found is None or found["what"].startswith("unused import"):
            continue  # ruff's F401 knows of __all__, type checking and `import x as x`; vulture does not
        words = re.sub(r"'[^']*'", " ", found["what"]).replace(" after ", " ")
        code = re.sub(r"[^a-z]+", "-", words.lower()).strip("-")[:40]
        yield _result(
            code, found["path"], int(found["line"]), f"{found['what']} ({found['sure']} % sure)",
            level=_LEVELS[vulture_impact(code)], theme=Theme.DEAD_CODE, fixable=False,
        )  # fmt: skip


def _result(
    code: str, path: str, line: int, message: str, *, level: str, theme: Theme, fixable: bool
) -> dict[str, Any]:
    place = {"artifactLocation": {"uri": quote(path, errors="surrogateescape")}, "region": {"startLine": line}}
    return {
        "ruleId": code,
        "level": level,
        "message": {"text": message},
        "locations": [{"physicalLocation": place}],
        "properties": {"fixable": fixable, "theme": theme.value},
    }


def _sarif(name: str, results: list[dict[str, Any]]) -> str:
    run = {"tool": {"driver": {"name": name}}, "results": results}
    return json.dumps({"version": "2.1.0", "runs": [run]})
