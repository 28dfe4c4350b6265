"""Reads the report that a target's test process left, and compares it with the exit code: either may lie."""

import os
import stat
from pathlib import Path

from linestop.checks.junit import MAX_BYTES, JunitError, parse_junit
from linestop.verdicts import CommandRun, TestCase


def read_report(path: Path) -> tuple[tuple[TestCase, ...], str]:
    """Return the tests of a report, and what is wrong with it. A link, a pipe or a huge file is never read."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return (), "no report was written"
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            return (), "the report is no file"
        data = file.read(MAX_BYTES + 1)
    try:
        return parse_junit(data), ""
    except JunitError as error:
        return (), f"the report can't be believed: {error}"


def said_nothing(run: CommandRun, cases: tuple[TestCase, ...], problem: str) -> CommandRun | None:
    """Return a failed run where exit code 0 proves nothing: no report, no test that ran, or one that failed."""
    if not run.ok:
        return None
    failed = [case.id for case in cases if case.outcome == "failed"]
    if problem:
        text = f"the command exited 0, but {problem}"
    elif failed:
        text = f"the command exited 0, but its report names failed tests: {', '.join(failed[:5])}"
    elif not any(case.outcome == "passed" for case in cases):
        text = f"the command exited 0, but no test passed ({len(cases)} skipped)"
    else:
        return None
    return run.model_copy(update={"exit_code": 1, "output": text})
