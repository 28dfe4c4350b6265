"""The checker's judgement as a pure function: guards, findings and checks of one candidate become a verdict."""

from collections import Counter
from collections.abc import Iterable, Sequence

from linestop.checks import regressions
from linestop.findings import Finding
from linestop.plans import Chunk
from linestop.verdicts import CheckReport, Ruling, Verdict, Violation

MAX_NAMED = 5  # how many tests or findings a reason names; the record holds all


def reject(
    *reasons: str, by: str = "", violations: tuple[Violation, ...] = (), checks: CheckReport | None = None
) -> Verdict:
    """Return a rejection; `by` says who objects."""
    return Verdict(ruling=Ruling.REJECT, reasons=reasons, by=by, violations=violations, checks=checks)


def judge_findings(
    chunk: Chunk, before: Iterable[Finding], after: Iterable[Finding], *, must_remove: bool = True
) -> tuple[str, ...]:
    """Return why the candidate doesn't do what the chunk asks, nothing where it does.

    `before` and `after` are all findings of the files that changed, at the candidate's parent and at the candidate.
    The candidate must add none of any rule in any file, and `must_remove` at least one of the chunk's; a chunk that a
    person wrote has none.
    """
    old, new = _count(before), _count(after)
    reasons = [
        f"{rule} in {path}: {count} finding(s) where there were {old[rule, path]}"
        for (rule, path), count in sorted(new.items())
        if count > old[rule, path]
    ]
    rules, paths = set(chunk.rules), set(chunk.paths)
    removed = sum(old[key] - new[key] for key in old if key[0] in rules and key[1] in paths)
    if must_remove and removed <= 0:
        reasons.append(f"the diff removes no finding of {', '.join(chunk.rules)}")
    return tuple(reasons)


def judge_checks(baseline: CheckReport, report: CheckReport) -> tuple[str, ...]:
    """Return what the candidate broke, nothing where all that passed on the base still passes."""
    broken = regressions(baseline, report)
    return (f"checks fail: {named(broken)}",) if broken else ()


def against_base(baseline: CheckReport, report: CheckReport) -> CheckReport:
    """Return a report as a maker is told it: green where nothing is broken that passed on the base."""
    if judge_checks(baseline, report):
        return report
    forgiven = tuple(run.model_copy(update={"exit_code": 0, "timed_out": False}) for run in report.runs)
    return CheckReport(runs=forgiven, tests=report.tests)


def base_failures(report: CheckReport) -> tuple[str, ...]:
    """Return the ids of the tests that stop the line: they fail on the base and are not flaky."""
    return tuple(test for test in report.failed if test not in report.flaky)


def base_problem(report: CheckReport, names: Sequence[str] | None = None) -> str | None:
    """Return why the untouched base can't be built on, nothing where it is green. Flaky tests alone don't stop it.

    `names` are those of `base_failures` as a person types them, by default their ids.
    """
    if failed := base_failures(report):
        of = f"{len(failed)} of {len(report.tests)} tests fail"
        return f"the base is red: {of}: {named(names or failed)}"
    broken = [run for run in report.runs if not run.ok]
    if not report.runs or (broken and not report.flaky):
        how = f"exit code {broken[0].exit_code}: {broken[0].output[-300:]}" if broken else "nothing ran"
        return f"the base is red: the checks can't be run to a green end ({how})"
    return None


def named(items: Sequence[str]) -> str:
    """Return the first items in one line, and how many more there are."""
    more = f" and {len(items) - MAX_NAMED} more" if len(items) > MAX_NAMED else ""
    return ", ".join(items[:MAX_NAMED]) + more


def _count(findings: Iterable[Finding]) -> Counter[tuple[str, str]]:
    return Counter((finding.rule, finding.path) for finding in findings)
