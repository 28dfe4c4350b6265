"""What the static engine says of its work: the summary that goes into the commit message, and what it could not do.

Reads corrections too: which of the chunk's files they name.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from linestop.text import plain
from linestop.verdicts import CheckReport

MAX_LINE_CHARS = 500
MAX_NAMED = 5  # how many places or tests one line names; the record holds all
_RULE = re.compile(r"[A-Z]{1,10}[0-9]{1,4}")
_CHECKS = "checks fail"  # execution/ruling.py begins a reason so: such a reason says nothing about a file


@dataclass(frozen=True)
class Report:
    """What became of each fix. Keys of the mappings name a place, their values say why."""

    kept: tuple[tuple[str, str], ...]
    followed: tuple[str, ...] = ()
    left_out: dict[str, str] = field(default_factory=dict)
    blamed: dict[str, str] = field(default_factory=dict)
    refused: tuple[str, ...] = ()
    unproven: tuple[str, ...] = ()
    unfixed: tuple[tuple[str, str], ...] = ()
    skipped: dict[str, str] = field(default_factory=dict)
    check_runs: int = 0


def is_rule(word: str) -> bool:
    """Return whether a word has the form of one ruff rule; a selector of many, or an option, has not."""
    return _RULE.fullmatch(word) is not None


def summary(report: Report) -> str:
    """Return the work in one paragraph: what was applied, what was left out, how that was found."""
    reasons = could_not(report)
    if not report.kept:
        return f"Nothing was changed: {reasons[0] if reasons else 'ruff finds nothing to fix here any more'}."
    files = {path for _, path in report.kept}
    parts = [f"Applies {_count(len(report.kept), 'fix', 'fixes')} by ruff in {_count(len(files), 'file', 'files')}:"]
    parts.append(f"{_by_rule(rule for rule, _ in report.kept)}.")
    if report.followed:
        parts.append(f"Clears away what they left without use: {_by_rule(report.followed)}.")
    held = len(report.left_out) + len(report.blamed) + len(report.unproven) + len(report.refused)
    if held:
        parts.append(f"Leaves out {held} that did not stand.")
    if report.check_runs:
        parts.append(f"The checks ran {_count(report.check_runs, 'time', 'times')} to tell them apart.")
    return " ".join(parts)


def could_not(report: Report) -> tuple[str, ...]:
    """Return one line for each thing that was left undone, with its reason."""
    lines = [f"{name!r} is left alone: {why}" for name, why in report.skipped.items()]
    lines += [f"{fix} is left out: {why}" for fix, why in report.left_out.items()]
    lines += [f"{fix} is left out, a correction names its file: {why}" for fix, why in report.blamed.items()]
    lines += [f"{fix} is left out: what it leaves is no valid Python" for fix in report.refused]
    if report.unproven:
        lines.append(
            f"{_named(report.unproven)} left out: {report.check_runs} runs of the checks, the limit, did not prove them"
        )
    for rule in sorted({rule for rule, _ in report.unfixed}):
        places = [place for one, place in report.unfixed if one == rule]
        lines.append(f"{rule}: no fix that is known to be safe for {_named(places)}")
    return tuple(plain(line, limit=MAX_LINE_CHARS) for line in lines)


def broken(report: CheckReport) -> str:
    """Return what a red report says, in one line."""
    if report.failed:
        return f"breaks the checks: {_named(report.failed)}"
    if report.flaky:
        return f"the checks are flaky with it: {_named(report.flaky)}"
    run = next((run for run in report.runs if not run.ok), None)
    if run is None:
        return "breaks the checks: nothing ran"
    how = "they ran out of time" if run.timed_out else f"exit code {run.exit_code}"
    last = run.output.strip().rsplit("\n", 1)[-1][-200:]
    return f"breaks the checks: {how}{f', {last}' if last else ''}"


def blamed(corrections: Sequence[str], paths: Collection[str]) -> dict[str, str]:
    """Return the paths that a correction names, with its words; what fails in the checks is found by running them."""
    reasons = [reason for text in corrections for reason in text.split("; ") if not reason.startswith(_CHECKS)]
    return {path: reason for path in sorted(paths) for reason in reasons if _names(reason, path)}


def _names(text: str, path: str) -> bool:
    return re.search(rf"(?<![\w./-]){re.escape(path)}(?![\w/-])", text) is not None


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _by_rule(rules: Iterable[str]) -> str:
    return ", ".join(f"{rule} ({count})" for rule, count in sorted(Counter(rules).items()))


def _named(items: Sequence[str]) -> str:
    more = f" and {len(items) - MAX_NAMED} more" if len(items) > MAX_NAMED else ""
    return ", ".join(items[:MAX_NAMED]) + more
