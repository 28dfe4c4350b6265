"""The finish line's judgement as pure functions: a scan, a command or a check report becomes met or not met."""

from linestop.checks import regressions
from linestop.execution.finish_line import describe
from linestop.execution.ruling import named
from linestop.plans import ChecksPass, CommandPasses, FindingsGone
from linestop.ports import Scan
from linestop.verdicts import CheckReport, CommandRun, GoalLine


def judge_scan(item: FindingsGone, scan: Scan | None) -> GoalLine:
    """Return whether few enough findings are left; a source that isn't there can't say so."""
    if scan is None:
        return GoalLine(item=describe(item), met=False, detail=f"there is no source {item.source}: it can't be judged")
    # The scan was narrowed to the item's rules; what it reports besides them is a file that no rule can read any more.
    left = [one for one in scan.findings if one.path in item.paths]
    places = named([f"{one.rule} {one.path}:{one.line}" for one in left])
    met = len(left) <= item.at_most
    return GoalLine(item=describe(item), met=met, run=scan.run, detail=f"{len(left)} left: {places}" if left else "")


def judge_command(item: CommandPasses, run: CommandRun) -> GoalLine:
    """Return whether the command exited 0."""
    return GoalLine(item=describe(item), met=run.ok, run=run, detail="" if run.ok else f"exit code {run.exit_code}")


def judge_report(item: ChecksPass, baseline: CheckReport, report: CheckReport) -> GoalLine:
    """Return whether the checks pass; a test that was flaky on the base already is named, never counted as a pass."""
    broken = regressions(baseline, report)
    flaky = f"flaky, not counted: {named(report.flaky)}" if report.flaky else ""
    detail = f"broken: {named(broken)}" if broken else flaky
    run = next((run for run in report.runs if not run.ok), report.runs[-1] if report.runs else None)
    return GoalLine(item=describe(item), met=bool(report.runs) and not broken, run=run, detail=detail)
