"""Reads SARIF 2.1.0 into findings. Tolerant of what the standard leaves optional, strict about where a path may lead.

What a result lacks or does wrong is named in `SarifReading.problems`; only a text that is no SARIF at all raises.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from linestop.audit.sarif_places import Places
from linestop.audit.source_files import read_text_safely
from linestop.errors import ToolError
from linestop.findings import Finding, Severity

MAX_FINDINGS = 20_000  # of one source; more is a scanner gone wild
_MAX_MESSAGE = 500
_MAX_RULE = 100
_SEVERITIES = {"none": Severity.NOTE, "note": Severity.NOTE, "warning": Severity.WARNING, "error": Severity.ERROR}
_NO_FINDING_KINDS = ("pass", "notApplicable")


@dataclass
class SarifReading:
    """The findings of a document and, one line each, what could not be used."""

    findings: list[Finding] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def read_sarif(text: str, *, source: str, root: Path, trusted: bool = False) -> SarifReading:
    """Return the findings of a SARIF document, paths relative to `root`.

    A result's `properties.fixable` and `properties.theme` count only where the source is `trusted` (our own adapters).

    Raises:
        ToolError: the text is no JSON, or JSON that is no SARIF 2.1.
    """
    document = _document(text, source)
    reading = SarifReading()
    for run in (entry for entry in document["runs"] if isinstance(entry, dict)):
        _Run(run, source=source, root=root, trusted=trusted).into(reading)
        if len(reading.findings) >= MAX_FINDINGS:
            reading.problems.append(f"{source} reported more than {MAX_FINDINGS} findings; the rest was not read")
            break
    return reading


def _document(text: str, source: str) -> dict[str, Any]:
    try:
        document: Any = json.loads(text.lstrip("\ufeff \r\n\t"))
    except (ValueError, RecursionError) as error:
        raise ToolError(
            f"the audit source {source} printed no SARIF",
            found=f"{type(error).__name__}: {error}; it began with {text[:120]!r}" if text else "nothing on stdout",
            todo="let its command print SARIF 2.1.0 on stdout and everything else on stderr",
        ) from error
    version = document.get("version", "2.1.0") if isinstance(document, dict) else None
    if version is None or not str(version).startswith("2.1") or not isinstance(document.get("runs"), list):
        raise ToolError(
            f"the audit source {source} printed JSON that is no SARIF 2.1.0",
            found=f"version {version!r}" if isinstance(document, dict) else f"a {type(document).__name__}",
            todo="look for the scanner's SARIF option, often --format sarif",
        )
    return dict(document)


class _Run:
    """One run of a document: resolves what its results refer to."""

    def __init__(self, run: dict[str, Any], *, source: str, root: Path, trusted: bool) -> None:
        self._results = _items(run.get("results"))
        driver = _at(run, "tool", "driver")
        self._rules = _items(driver.get("rules") if isinstance(driver, dict) else None)
        self._by_id = {rule["id"]: rule for rule in self._rules if isinstance(rule.get("id"), str)}
        self._places = Places(run, root)
        self._root, self._source, self._trusted = root, source, trusted
        self._lines: dict[str, list[str]] = {}

    def into(self, reading: SarifReading) -> None:
        for result in self._results:
            if len(reading.findings) >= MAX_FINDINGS:
                return
            if _suppressed(result) or result.get("kind") in _NO_FINDING_KINDS:
                continue
            outcome = self._finding(result)
            if isinstance(outcome, Finding):
                reading.findings.append(outcome)
            else:
                reading.problems.append(f"{self._source}: {outcome}")

    def _finding(self, result: dict[str, Any]) -> Finding | str:
        rule = self._rule(result)
        code = str(result.get("ruleId") or _at(result, "rule", "id") or rule.get("id") or "").strip()[:_MAX_RULE]
        if not code:
            return "a result names no rule"
        physical = _at(result, "locations", 0, "physicalLocation")
        if not isinstance(physical, dict):
            return f"a result of {code} names no place"
        path = self._places.path(physical.get("artifactLocation"))
        if not path.inside:
            return f"a result of {code} was refused: {path.text}"
        line = max(_integer(_at(physical, "region", "startLine"), 1), 1)
        mine = result.get("properties") if self._trusted else None
        mine = mine if isinstance(mine, dict) else {}
        return Finding(
            source=self._source, rule=_clean(code), path=path.text, line=line, severity=_severity(result, rule),
            message=_clean(_message(result, rule))[:_MAX_MESSAGE], fixable=mine.get("fixable") is True,
            theme=str(mine.get("theme") or _theme(rule)), snippet=self._snippet(path.text, line),
        )  # fmt: skip

    def _rule(self, result: dict[str, Any]) -> dict[str, Any]:
        known = self._by_id.get(str(result.get("ruleId") or _at(result, "rule", "id")))
        if known is not None:
            return known
        index = _integer(result.get("ruleIndex", _at(result, "rule", "index")), -1)
        return self._rules[index] if 0 <= index < len(self._rules) else {}

    def _snippet(self, path: str, line: int) -> str:
        if path not in self._lines:
            self._lines[path] = read_text_safely(self._root, path).splitlines()
        lines = self._lines[path]
        return " ".join(lines[line - 1].split())[:200] if line <= len(lines) else ""


def _severity(result: dict[str, Any], rule: dict[str, Any]) -> Severity:
    if result.get("kind") in ("informational", "open", "review"):
        return Severity.NOTE
    level = result.get("level") or _at(rule, "defaultConfiguration", "level")
    return _SEVERITIES.get(str(level), Severity.WARNING)


def _theme(rule: dict[str, Any]) -> str:
    tags = _at(rule, "properties", "tags")
    return "security" if isinstance(tags, list) and "security" in tags else ""


def _suppressed(result: dict[str, Any]) -> bool:
    """A suppression counts unless it is still under review or was rejected."""
    accepted = (entry for entry in _items(result.get("suppressions")) if entry.get("status", "accepted") == "accepted")
    return result.get("baselineState") == "absent" or any(True for _ in accepted)


def _message(result: dict[str, Any], rule: dict[str, Any]) -> str:
    message = result.get("message")
    message = message if isinstance(message, dict) else {}
    stored = _at(rule, "messageStrings", str(message.get("id")), "text")
    text = message.get("text") or message.get("markdown") or stored or _at(rule, "shortDescription", "text") or ""
    text = str(text)
    arguments = message.get("arguments")
    for index, argument in enumerate(arguments if isinstance(arguments, list) else ()):
        text = text.replace(f"{{{index}}}", str(argument))
    return text


def _clean(text: str) -> str:
    """Fold white space and drop what no YAML file or terminal should be given."""
    return "".join(character for character in " ".join(text.split()) if character.isprintable())


def _items(value: object) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _integer(value: object, default: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def _at(value: object, *keys: str | int) -> Any:
    """Walk into nested JSON; None where a step is missing or of another kind."""
    for key in keys:
        if isinstance(key, int):
            value = value[key] if isinstance(value, list) and len(value) > key else None
        else:
            value = value.get(key) if isinstance(value, dict) else None
    return value
