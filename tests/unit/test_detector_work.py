"""The detectors of how the work goes: `runaway-search` and `edit-thrash`."""

import pytest

from tests.unit.watch_script import Step, call, edit, fired, read, run, search, severities

W, I = "warning", "info"  # noqa: E741


def reads(count: int, start: int = 0) -> list[Step]:
    return [read(f"src/f{number}.py") for number in range(start, start + count)]


def searches(count: int) -> list[Step]:
    return [search(f"name{number}") for number in range(count)]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        pytest.param(searches(24), [W], id="24-calls-and-no-edit"),
        pytest.param([run(f"make {n}") for n in range(24)], [W], id="whatever-they-are"),
        pytest.param(reads(48), [W], id="first-reads-count-half"),
        pytest.param([*reads(10), *reads(10), *searches(9)], [W], id="second-reads-count-whole"),
        pytest.param([edit("a.py", outcome="error"), *searches(23)], [W], id="an-edit-that-failed-is-none"),
        pytest.param([edit("a.py"), *searches(12)], [W], id="12-in-a-row-after-the-first-edit"),
        pytest.param([edit("a.py"), *reads(24)], [W], id="24-first-reads-in-a-row"),
        pytest.param([edit("a.py"), *searches(24)], [W, W], id="at-each-further-12"),
        pytest.param(searches(48), [W, W], id="at-each-further-24"),
    ],
)
def test_runaway_search_fires(steps: list[Step], expected: list[str]) -> None:
    assert severities("runaway-search", *steps) == expected


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param(searches(23), id="23-calls"),
        pytest.param(reads(47), id="many-reads-of-different-files"),
        pytest.param([edit("a.py"), *searches(11)], id="11-after-an-edit"),
        pytest.param([edit("a.py"), *searches(8), run("make"), *searches(8)], id="a-run-between"),
        pytest.param([edit("a.py"), *searches(8), edit("a.py"), *searches(8)], id="an-edit-between"),
        pytest.param([edit("a.py"), *[run(f"make {n}") for n in range(50)]], id="runs-after-an-edit"),
        pytest.param([*searches(20), run("sed -i s/a/b/ x.py"), *searches(8)], id="an-edit-by-the-shell"),
    ],
)
def test_runaway_search_stays_quiet(steps: list[Step]) -> None:
    assert severities("runaway-search", *steps) == []


@pytest.mark.parametrize("role", ["checker", "reviewer", "auditor", "goal-checker", "planner"])
def test_a_role_that_only_looks_gets_info(role: str) -> None:
    assert severities("runaway-search", *searches(24), role=role) == [I]


PYTEST = run("pytest -q", "1 failed", "error")
SAME = [edit("a.py", f"x = {n}", f"x = {n + 1}") for n in range(8)]  # each undoes the one before
APART = [edit("a.py", f"def f{n}():", f"def f{n}() -> int:") for n in range(8)]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        pytest.param(SAME[:4], [W], id="four-edits-of-one-place"),
        pytest.param(SAME, [W, W], id="eight"),
        pytest.param([SAME[0], edit("b.py"), *SAME[1:4]], [W], id="another-file-between"),
        pytest.param([SAME[0], run("git diff"), read("a.py"), *SAME[1:4]], [W], id="looking-is-no-check"),
        pytest.param([SAME[0], run("echo ok"), *SAME[1:4]], [W], id="nor-is-doing-nothing"),
        pytest.param([call("Write", {"file_path": "a.py", "content": "x"}) for _ in range(4)], [W], id="whole-files"),
        pytest.param(APART[:4], [I], id="each-in-another-place-is-info"),
    ],
)
def test_edit_thrash_fires(steps: list[Step], expected: list[str]) -> None:
    assert severities("edit-thrash", *steps) == expected


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param(SAME[:3], id="three"),
        pytest.param([*SAME[:3], PYTEST, *SAME[3:6]], id="a-check-between"),
        pytest.param([*SAME[:3], run("python a.py", "3"), *SAME[3:6]], id="the-program-itself-is-a-check"),
        pytest.param([*SAME[:3], run("./build.sh"), *SAME[3:6]], id="a-script"),
        pytest.param([*SAME[:3], call("run_checks", {}), *SAME[3:6]], id="a-check-tool"),
        pytest.param([edit(f"{n}.py") for n in range(30)], id="different-files"),
        pytest.param([edit("a.py", outcome="error") for _ in range(9)], id="edits-that-fail"),
    ],
)
def test_edit_thrash_stays_quiet(steps: list[Step]) -> None:
    assert severities("edit-thrash", *steps) == []


def test_edit_thrash_names_the_file() -> None:
    (firing,) = fired("edit-thrash", *SAME[:4])
    assert (firing.file, firing.calls, firing.identity) == ("a.py", 4, "")
    assert firing.message.startswith("a.py was edited 4 times")
