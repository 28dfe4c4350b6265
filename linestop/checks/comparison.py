"""Compares the checks of a candidate with those of its base: what passed there must pass here."""

from linestop.verdicts import CheckReport, CommandRun


def regressions(base: CheckReport, candidate: CheckReport) -> tuple[str, ...]:
    """Return what the candidate broke, nothing where all that passed on the base still passes.

    A command that was killed or left no explanation comes first, then test ids: those that passed on the base and
    fail, vanished or are skipped now, and those that fail now and did not on the base. What was red or flaky on the
    base is nobody's fault; what is flaky only on the candidate is no pass.
    """
    return (*_commands(base, candidate), *_tests(base, candidate))


def _tests(base: CheckReport, candidate: CheckReport) -> tuple[str, ...]:
    before = {case.id: case.outcome for case in base.tests}
    now = {case.id: case.outcome for case in candidate.tests}
    shaky = set(base.flaky)
    lost = [
        f"{name} ({_how(now.get(name), name in candidate.flaky)})"
        for name, outcome in before.items()
        if outcome == "passed" and name not in shaky and now.get(name) != "passed"
    ]
    new = [
        f"{name} (fails)"
        for name, outcome in now.items()
        if outcome == "failed" and before.get(name) in {None, "skipped"} and name not in shaky
    ]
    return (*lost, *new)


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
