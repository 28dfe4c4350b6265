"""Compares the checks of a candidate with those of its base: what passed there must pass here."""

import re
from collections import Counter
from collections.abc import Iterable

from linestop.verdicts import CheckReport, CommandRun

# What a test's parameter may have of the moment it was made: times, counters, UUIDs, addresses, hashes.
_OF_THE_MOMENT = re.compile(
    r"0x[0-9a-f]+|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{12,64}|[0-9]+", re.IGNORECASE
)


def regressions(base: CheckReport, candidate: CheckReport) -> tuple[str, ...]:
    """Return what the candidate broke, nothing where all that passed on the base still passes.

    A command that was killed or left no explanation comes first, then test ids: those that passed on the base and
    fail, vanished or are skipped now, and those that fail now and did not on the base. What was red or flaky on the
    base is nobody's fault; what is flaky only on the candidate is no pass. A parameter made of the time of day or an
    address names the same test otherwise in every run: such a test counts as found again.
    """
    return (*_commands(base, candidate), *_tests(base, candidate))


def _tests(base: CheckReport, candidate: CheckReport) -> tuple[str, ...]:
    before = {case.id: case.outcome for case in base.tests}
    now = {case.id: case.outcome for case in candidate.tests}
    shaky = set(base.flaky)
    failing = [name for name, outcome in before.items() if outcome == "passed" and now.get(name) != "passed"]
    renamed = _found_again(
        (name for name in failing if name not in now),
        (name for name, outcome in now.items() if outcome == "passed" and name not in before),
    )
    lost = [
        f"{name} ({_how(now.get(name), name in candidate.flaky)})"
        for name in failing
        if name not in shaky and name not in renamed
    ]
    new = [
        f"{name} (fails)"
        for name, outcome in now.items()
        if outcome == "failed" and before.get(name) in {None, "skipped"} and name not in shaky
    ]
    return (*lost, *new)


def _found_again(vanished: Iterable[str], appeared: Iterable[str]) -> set[str]:
    """Return the vanished tests that passed under a name which differs only in what is of the moment, one for one."""
    free = Counter(_lasting(name) for name in appeared)
    found = set[str]()
    for name in vanished:
        key = _lasting(name)
        if free[key]:
            free[key] -= 1
            found.add(name)
    return found


def _lasting(name: str) -> str:
    """Return a test's id with what is of the moment taken out of its parameters; the test's own name stays."""
    function, bracket, parameters = name.partition("[")
    return function + bracket + _OF_THE_MOMENT.sub("#", parameters)


def _how(outcome: str | None, flaky: bool) -> str:  # noqa: FBT001  # private, named at its one call
    if outcome is None:
        return "vanished"
    if outcome == "skipped":
        return "skipped now"
    return "flaky" if flaky else "fails"


def _commands(base: CheckReport, candidate: CheckReport) -> tuple[str, ...]:
    if not candidate.runs:
        return ("no check was run",)
    broken = [run for run in candidate.runs if not run.ok]
    if not broken:
        return ()
    explained = bool(candidate.failed)
    was_green = all(run.ok for run in base.runs) or bool(base.tests and set(base.failed) <= set(base.flaky))
    if any(run.timed_out for run in broken) or (was_green and not explained):
        return (_say(broken[-1]),)
    return ()


def _say(run: CommandRun) -> str:
    words = " ".join(run.argv)
    words = words if len(words) <= 120 else words[:119] + "…"  # noqa: PLR2004  # one line of a terminal
    if run.timed_out:
        return f"`{words}` ran out of time after {run.seconds:.0f} s"
    last = next((line.strip() for line in reversed(run.output.splitlines()) if line.strip()), "")
    return f"`{words}` exit code {run.exit_code}" + (f": {last[:200]}" if last else "")
