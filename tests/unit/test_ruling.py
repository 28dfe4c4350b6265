"""The checker's judgement, the base's and the finish line's, as tables."""

import pytest

from linestop.execution.goal import judge_command, judge_report, judge_scan
from linestop.execution.ruling import base_problem, judge_checks, judge_findings
from linestop.findings import Finding
from linestop.plans import ChecksPass, Chunk, CommandPasses, FindingsGone
from linestop.ports import Scan
from linestop.verdicts import CheckReport, CommandRun, TestCase

CHUNK = Chunk(id="c", title="c", source="ruff", rules=("F401",), paths=("a.py", "b.py"))
OK = CommandRun(argv=("pytest",), exit_code=0, seconds=1)
RED = CommandRun(argv=("pytest",), exit_code=1, seconds=1, output="boom")


def finding(rule: str = "F401", path: str = "a.py", line: int = 1) -> Finding:
    return Finding(source="ruff", rule=rule, path=path, line=line)


def report(run: CommandRun = OK, flaky: tuple[str, ...] = (), **tests: str) -> CheckReport:
    cases = tuple(TestCase(id=name, outcome=outcome) for name, outcome in tests.items())
    return CheckReport(runs=(run,), tests=cases, flaky=flaky)


@pytest.mark.parametrize(
    ("before", "after", "objection"),
    [
        pytest.param([finding()], [], None, id="removes its finding"),
        pytest.param([finding(), finding(line=9)], [finding(line=5)], None, id="removes one of two"),
        pytest.param([finding()], [finding(line=3)], "removes no finding", id="only moves it"),
        pytest.param([], [], "removes no finding", id="had nothing to remove"),
        pytest.param([finding("E711")], [], "removes no finding", id="removes another rule's"),
        pytest.param([finding(path="z.py")], [], "removes no finding", id="removes another file's"),
        pytest.param([finding()], [finding("E711")], "E711 in a.py", id="adds one of another rule"),
        pytest.param([finding()], [finding(path="b.py")], "F401 in b.py", id="moves it to another file"),
    ],
)
def test_a_diff_must_remove_findings_and_add_none(
    before: list[Finding], after: list[Finding], objection: str | None
) -> None:
    reasons = judge_findings(CHUNK, before, after)
    assert (objection in "; ".join(reasons)) if objection else reasons == ()


@pytest.mark.parametrize(
    ("candidate", "objection"),
    [
        pytest.param(report(t1="passed", t2="skipped"), None, id="the same"),
        pytest.param(report(t1="passed", t2="skipped", t3="passed"), None, id="one test more"),
        pytest.param(report(RED, t1="failed", t2="skipped"), "t1", id="a test fails"),
        pytest.param(report(t2="skipped"), "t1", id="a test is gone"),
        pytest.param(report(t1="skipped", t2="skipped"), "t1", id="a test is skipped now"),
        pytest.param(report(RED), "checks fail", id="the command ends badly and names no test"),
    ],
)
def test_all_that_passed_on_the_base_must_pass(candidate: CheckReport, objection: str | None) -> None:
    reasons = judge_checks(report(t1="passed", t2="skipped"), candidate)
    assert (objection in "; ".join(reasons)) if objection else reasons == ()


@pytest.mark.parametrize(
    ("base", "problem"),
    [
        pytest.param(report(t1="passed"), None, id="green"),
        pytest.param(report(OK, flaky=("t1",), t1="failed", t2="passed"), None, id="only flaky ones"),
        pytest.param(report(RED, t1="failed"), "t1", id="a test fails"),
        pytest.param(report(RED), "boom", id="the command itself fails"),
        pytest.param(CheckReport(runs=()), "nothing ran", id="nothing ran"),
    ],
)
def test_a_red_base_is_named(base: CheckReport, problem: str | None) -> None:
    said = base_problem(base)
    assert (problem in (said or "")) if problem else said is None


@pytest.mark.parametrize(
    ("at_most", "findings", "met"),
    [
        pytest.param(0, [], True, id="none left"),
        pytest.param(0, [finding()], False, id="one left"),
        pytest.param(1, [finding()], True, id="as many as allowed"),
        pytest.param(0, [finding(path="z.py")], True, id="other files don't count"),
        pytest.param(0, [finding("invalid-syntax")], False, id="a file that no rule can read"),
    ],
)
def test_a_finish_line_counts_what_is_left(at_most: int, findings: list[Finding], *, met: bool) -> None:
    item = FindingsGone(source="ruff", rules=("F401",), paths=("a.py",), at_most=at_most)
    assert judge_scan(item, Scan(source="ruff", findings=tuple(findings), run=OK)).met is met


def test_a_source_that_is_not_there_meets_nothing() -> None:
    assert not judge_scan(FindingsGone(source="gone", rules=("X",), paths=("a.py",)), None).met


def test_a_command_meets_its_line_by_its_exit_code() -> None:
    item = CommandPasses(argv=("true",))
    assert judge_command(item, OK).met
    assert not judge_command(item, RED).met
    assert not judge_command(item, OK.model_copy(update={"timed_out": True})).met


def test_a_flaky_test_is_named_and_never_a_pass() -> None:
    base = report(t1="passed", t2="passed")
    line = judge_report(ChecksPass(), base, report(RED, flaky=("t2",), t1="passed", t2="failed"))
    assert "t2" in line.detail
    assert not line.met
