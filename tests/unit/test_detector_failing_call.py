"""The detector `failing-call`."""

import pytest

from tests.unit.watch_script import Step, edit, fired, read, run, severities

W, I = "warning", "info"  # noqa: E741
OK = read("a.py")


def red(result: str = "2 failed") -> Step:
    return run("make test", result, "error")


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        pytest.param([red()] * 3, [W], id="three"),
        pytest.param([red(), *[OK] * 30, red(), *[OK] * 30, red()], [W], id="however-far-apart"),
        pytest.param([red()] * 6, [W, W], id="six"),
        pytest.param([red(), red(), run("make test", "no end", "timeout")], [W], id="a-time-out-is-a-failure"),
        pytest.param([edit("a.py", outcome="error") for _ in range(3)], [W], id="edits-of-one-file"),
        pytest.param([red(f"{n} failed") for n in range(3)], [W], id="each-time-otherwise-without-an-edit"),
        pytest.param([red(), edit("a.py"), red(), edit("a.py"), red()], [W], id="each-time-the-same-in-spite-of-edits"),
        pytest.param([s for n in range(3) for s in (edit("a.py"), red(f"{n} failed"))], [I], id="somebody-works-on-it"),
        pytest.param(
            [s for n in (1, 2, 3, 4, 4, 4) for s in (edit("a.py"), red(f"{n} failed"))],
            [I, W],
            id="and-then-does-no-more",
        ),
    ],
)
def test_it_fires(steps: list[Step], expected: list[str]) -> None:
    assert severities("failing-call", *steps) == expected


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param([red(), red()], id="two"),
        pytest.param([red(), red(), run("make test", "ok"), red(), red()], id="a-success-between"),
        pytest.param([run("make test", "no", "denied")] * 9, id="denials-are-no-failures"),
        pytest.param([run(f"make {n}", "no", "error") for n in range(9)], id="other-calls"),
        pytest.param([run("gh pr checks", "pending", "error")] * 9, id="a-declared-poller"),
        pytest.param([run("make test", "ok")] * 9, id="successes"),
    ],
)
def test_it_stays_quiet(steps: list[Step]) -> None:
    assert severities("failing-call", *steps, pollers=("gh pr *",)) == []


def test_a_firing_names_the_call_its_file_and_the_last_failure() -> None:
    (firing,) = fired("failing-call", *[read("no.py", "no such file: no.py", "error")] * 3)
    assert (firing.file, firing.calls) == ("no.py", 3)
    assert firing.identity
    assert "no such file: no.py" in firing.message
