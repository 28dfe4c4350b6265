"""The detector `same-result`."""

import pytest

from tests.unit.watch_script import Step, call, edit, fired, read, run, severities

DOWN = "Could not resolve host: example.org"
OK = "The file has been written without a problem"


def asked(times: int, result: str = DOWN) -> list[Step]:
    return [run(f"curl example.org/{number}", result, "error") for number in range(times)]


@pytest.mark.parametrize(
    ("steps", "times"),
    [
        pytest.param(asked(5), 1, id="five"),
        pytest.param(asked(10), 2, id="ten"),
        pytest.param(asked(5, "x" * 24), 1, id="24-characters"),
        pytest.param([*asked(3), edit("a.py"), run("ls", "a.py"), *asked(5)[3:]], 1, id="what-does-not-count-between"),
        pytest.param([edit("a.py", outcome="error", result="old text not found in the file") for _ in range(5)], 1,
                     id="edits-that-fail"),
    ],
)  # fmt: skip
def test_it_fires(steps: list[Step], times: int) -> None:
    assert len(fired("same-result", *steps)) == times


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param(asked(4), id="four"),
        pytest.param(asked(9, "x" * 23), id="23-characters"),
        pytest.param([run("curl a", DOWN, "error")] * 9, id="the-same-arguments-are-a-repeat"),
        pytest.param([edit(f"{n}.py", result=OK) for n in range(9)], id="successful-edits"),
        pytest.param([*asked(3), run("ls -l", "something else that is long"), *asked(3)], id="not-in-a-row"),
        pytest.param([s for n in range(5) for s in (run(f"a {n}", DOWN), read(f"{n}", DOWN))], id="two-tools"),
        pytest.param([run(f"mkdir d{n}", "(Bash completed with no output)") for n in range(9)], id="no-output"),
        pytest.param([run(f"git push {n}", "Permission to use Bash has been denied.", "denied") for n in range(9)],
                     id="a-wall-has-words-of-its-own"),
        pytest.param([call(tool, {"todos": [n]}, "Todos have been modified successfully.") for tool in
                      ("TodoWrite", "update_plan", "write_todos") for n in range(9)], id="notes-to-itself"),
        pytest.param([call("Task", {"n": n}, f"another answer, number {n:04}") for n in range(9)], id="other-results"),
    ],
)  # fmt: skip
def test_it_stays_quiet(steps: list[Step]) -> None:
    assert severities("same-result", *steps) == []


def test_a_firing_quotes_the_result() -> None:
    (firing,) = fired("same-result", *asked(5))
    assert (firing.calls, firing.identity) == (5, "")
    assert DOWN in firing.detail
    assert DOWN in firing.message
