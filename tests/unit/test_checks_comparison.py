"""What passed on the base must pass on the candidate."""

import pytest

from linestop.checks import regressions
from linestop.verdicts import CheckReport, CommandRun, TestCase


def run(code: int | None = 0, *, timed_out: bool = False, output: str = "") -> CommandRun:
    return CommandRun(argv=("pytest",), exit_code=code, seconds=1, output=output, timed_out=timed_out)


def report(tests: str = "", *, code: int | None = 0, flaky: tuple[str, ...] = (), **how: object) -> CheckReport:
    outcomes = {"p": "passed", "f": "failed", "s": "skipped"}
    cases = tuple(TestCase(id=word[0], outcome=outcomes[word[1]]) for word in tests.split())
    return CheckReport(runs=(run(code, **how),), tests=cases, flaky=flaky)  # type: ignore[arg-type]


def named(*ids: str, how: str = "passed") -> CheckReport:
    return CheckReport(runs=(run(),), tests=tuple(TestCase(id=name, outcome=how) for name in ids))


@pytest.mark.parametrize(
    ("base", "candidate", "found"),
    [
        pytest.param(report("ap bp"), report("ap bp"), (), id="same"),
        pytest.param(report("ap"), report("ap bp"), (), id="a-new-test-passes"),
        pytest.param(report("ap"), report("af", code=1), ("a (fails)",), id="fails"),
        pytest.param(report("ap bp"), report("ap"), ("b (vanished)",), id="vanished"),
        pytest.param(report("ap"), report("as"), ("a (skipped now)",), id="skipped"),
        pytest.param(report("ap"), report("af", code=1, flaky=("a",)), ("a (flaky)",), id="flaky-only-here"),
        pytest.param(report("ap"), report("ap bf", code=1), ("b (fails)",), id="a-new-test-fails"),
        pytest.param(report("as"), report("af", code=1), ("a (fails)",), id="skipped-there-fails-here"),
        pytest.param(report("af bp", code=1), report("af bp", code=1), (), id="red-on-both"),
        pytest.param(report("af bp", code=1), report("ap bp"), (), id="mended"),
        pytest.param(report("af bp", code=1, flaky=("a",)), report("af bp", code=1), (), id="flaky-on-the-base"),
        pytest.param(report("af", code=1, flaky=("a",)), report("ap"), (), id="flaky-on-the-base-passes-here"),
        pytest.param(report(), report(code=2, output="boom\n"), ("`pytest` exit code 2: boom",), id="exit-code-alone"),
        pytest.param(report("ap"), report("ap", code=1), ("`pytest` exit code 1",), id="green-tests-red-exit"),
        pytest.param(report(code=1), report(code=1), (), id="exit-code-red-on-both"),
        pytest.param(named("t[08:19 2026-11-21]"), named("t[08:20 2026-11-21]"), (), id="a-parameter-of-the-moment"),
        pytest.param(named("t[<a at 0x7f3a>]"), named("t[<a at 0x7f4b>]"), (), id="an-address"),
        pytest.param(named("t[1]", "t[2]"), named("t[1]"), ("t[2] (vanished)",), id="one-of-two-parameters"),
        pytest.param(named("t[1]", "t[2]"), named("t[3]"), ("t[2] (vanished)",), id="one-for-one"),
        pytest.param(
            named("t[1]"), named("t[2]", how="failed"), ("t[1] (vanished)", "t[2] (fails)"), id="it-fails-there"
        ),
        pytest.param(named("t[1]"), named("t[2]", how="skipped"), ("t[1] (vanished)",), id="it-is-skipped-there"),
        pytest.param(named("t[old]"), named("t[new]"), ("t[old] (vanished)",), id="a-parameter-with-a-name"),
        pytest.param(named("t1"), named("t2"), ("t1 (vanished)",), id="a-test-s-own-number"),
    ],
)
def test_regressions(base: CheckReport, candidate: CheckReport, found: tuple[str, ...]) -> None:
    assert regressions(base, candidate) == found


def test_a_time_out_is_named_first() -> None:
    found = regressions(report("ap"), report(code=None, timed_out=True))
    assert found == ("`pytest` ran out of time after 1 s", "a (vanished)")


def test_checks_that_did_not_run_are_no_pass() -> None:
    assert regressions(report("ap"), CheckReport(runs=())) == ("no check was run", "a (vanished)")
