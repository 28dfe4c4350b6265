"""A report is written by the target's own process: it is read as hostile."""

import os
from pathlib import Path

import pytest

from linestop.blocks.check_results import read_report, said_nothing
from linestop.checks.junit import JunitError, parse_junit, pytest_node, unittest_name
from linestop.verdicts import CommandRun, TestCase

REPORT = b"""<?xml version="1.0" encoding="utf-8"?>
<testsuites><testsuite>
<testcase classname="tests.test_a.TestB" name="test_ok[a-b]" time="0.1"/>
<testcase classname="tests.test_a" name="test_fails"><failure message="assert 1 == 2">long</failure></testcase>
<testcase classname="tests.test_a" name="test_skips"><skipped message="no"/></testcase>
<testcase classname="" name="tests.test_c"><error message="collection failure"/></testcase>
<testcase classname="tests.test_a" name="test_teardown"/>
<testcase classname="tests.test_a" name="test_teardown"><error message="at teardown"/></testcase>
</testsuite></testsuites>"""


def test_each_outcome_is_read() -> None:
    assert {case.id: case.outcome for case in parse_junit(REPORT)} == {
        "tests.test_a.TestB::test_ok[a-b]": "passed",
        "tests.test_a::test_fails": "failed",
        "tests.test_a::test_skips": "skipped",
        "tests.test_c": "failed",
        "tests.test_a::test_teardown": "failed",
    }


LAUGHS = b"""<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<testsuite><testcase classname="x" name="&b;"/></testsuite>"""
OUTSIDE = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><testsuite><testcase name="&e;"/></testsuite>'


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(LAUGHS, id="billion-laughs"),
        pytest.param(OUTSIDE, id="external-entity"),
        pytest.param(b"<!DOCTYPE x><testsuite/>", id="any-document-type"),
        pytest.param(b"", id="empty"),
        pytest.param(b"<testsuite><testcase", id="torn"),
        pytest.param(b"\xff\xfe\x00", id="no-text"),
    ],
)
def test_what_can_not_be_believed_is_refused(data: bytes) -> None:
    with pytest.raises(JunitError):
        parse_junit(data)


def test_a_report_that_is_no_file_is_never_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/etc/passwd")
    assert read_report(tmp_path / "pipe") == ((), "the report is no file")
    assert read_report(tmp_path / "link") == ((), "no report was written")
    assert read_report(tmp_path / "missing") == ((), "no report was written")


def run(code: int) -> CommandRun:
    return CommandRun(argv=("pytest",), exit_code=code, seconds=1)


def case(outcome: str) -> TestCase:
    return TestCase(id="a", outcome=outcome)


@pytest.mark.parametrize(
    ("code", "cases", "problem", "said"),
    [
        pytest.param(0, (case("passed"),), "", None, id="green"),
        pytest.param(0, (), "", "no test passed", id="zero-tests"),
        pytest.param(0, (case("skipped"),), "", "no test passed (1 skipped)", id="all-skipped"),
        pytest.param(0, (), "no report was written", "no report was written", id="no-report"),
        pytest.param(0, (case("failed"),), "", "names failed tests: a", id="exit-code-lies"),
        pytest.param(1, (), "no report was written", None, id="red-anyway"),
    ],
)
def test_exit_code_0_alone_proves_nothing(
    code: int, cases: tuple[TestCase, ...], problem: str, said: str | None
) -> None:
    complaint = said_nothing(run(code), cases, problem)
    assert (complaint is None) == (said is None)
    if complaint:
        assert not complaint.ok
        assert str(said) in complaint.output


FILES = frozenset({"tests/test_a.py", "tests/test_a/test_b.py", "test_root.py"})


@pytest.mark.parametrize(
    ("test_id", "node"),
    [
        pytest.param("tests.test_a::test_x", "tests/test_a.py::test_x", id="function"),
        pytest.param("tests.test_a.TestB::test_x", "tests/test_a.py::TestB::test_x", id="class"),
        pytest.param("tests.test_a::test_x[a::b]", "tests/test_a.py::test_x[a::b]", id="colons-in-a-parameter"),
        pytest.param("tests.test_a.test_b::test_x", "tests/test_a/test_b.py::test_x", id="longest-module-wins"),
        pytest.param("test_root::test_x", "test_root.py::test_x", id="root"),
        pytest.param("tests.test_z::test_x", None, id="no-such-module"),
        pytest.param("tests.test_a", "tests/test_a.py", id="collection-error"),
    ],
)
def test_pytest_is_told_a_test_by_its_node(test_id: str, node: str | None) -> None:
    assert pytest_node(test_id, FILES) == node


def test_unittest_is_told_a_test_by_its_dotted_name() -> None:
    assert unittest_name("tests.test_a.TestB::test_x") == "tests.test_a.TestB.test_x"
