"""Which findings count: what is excluded goes, what two sources say of one place is said once, tests stand apart."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from linestop.audit.globs import matches_any
from linestop.audit.source_files import is_generated, is_vendored
from linestop.findings import Finding

# vulture's word for what ruff knows as well; at one place ruff is believed, since it may be able to mend it.
_ALIASES = {
    "unused-variable": frozenset(("F841", "ARG001", "ARG002", "RUF059", "B007")),
    "unused-function": frozenset(("F811",)),
}
_BANDIT = re.compile(r"B(\d{3})")


@dataclass(frozen=True)
class Sorted:
    """`code` may be planned; `tests` lie in test files and are only reported. Both without duplicates."""

    code: tuple[Finding, ...]
    tests: tuple[Finding, ...]


def sort_out(
    findings: Iterable[Finding],
    *,
    root: Path,
    ignore: Iterable[str] = (),
    exclude: Iterable[str] = (),
    is_test: Callable[[str], bool],
) -> Sorted:
    """Return the findings that count, in the order of path, line and rule."""
    ignored, excluded = frozenset(ignore), tuple(exclude)
    looked_at: dict[str, bool] = {}

    def counts(path: str) -> bool:
        if path not in looked_at:
            looked_at[path] = not (matches_any(path, excluded) or is_vendored(path) or is_generated(root, path))
        return looked_at[path]

    kept = unique(finding for finding in findings if finding.rule not in ignored and counts(finding.path))
    kept = tuple(sorted(kept, key=lambda finding: (finding.path, finding.line, finding.rule, finding.message)))
    return Sorted(
        code=tuple(finding for finding in kept if not is_test(finding.path)),
        tests=tuple(finding for finding in kept if is_test(finding.path)),
    )


def _names(finding: Finding) -> frozenset[str]:
    """Return what ruff calls the same problem: bandit's B324 is its S324."""
    if finding.source != "ruff" and (bandit := _BANDIT.fullmatch(finding.rule)):
        return frozenset((f"S{bandit[1]}",))
    return _ALIASES.get(finding.rule, frozenset())


def unique(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return each problem once: a rule and message at a line, whoever says it, no echo of ruff by another tool."""
    seen: set[tuple[str, int, str, str]] = set()
    rules_at: dict[tuple[str, int], set[str]] = {}
    kept = []
    for finding in sorted(findings, key=lambda finding: finding.source != "ruff"):
        place = (finding.path, finding.line)
        said = rules_at.setdefault(place, set())
        key = (*place, finding.rule.casefold(), finding.message.casefold())
        if key in seen or _names(finding) & said:
            continue
        seen.add(key)
        said.add(finding.rule)
        kept.append(finding)
    return tuple(kept)
