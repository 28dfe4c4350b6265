"""The detector `cycle`."""

import pytest

from tests.unit.watch_script import Step, edit, fired, read, run, search, severities

A, B, C, D, E, F, G = (read(f"{name}.py") for name in "abcdefg")
RED = run("make", "2 failed")


@pytest.mark.parametrize(
    ("steps", "times"),
    [
        pytest.param([A, B] * 3, 1, id="period-2"),
        pytest.param([A, B, C] * 3, 1, id="period-3"),
        pytest.param([A, B, C, D] * 3, 1, id="period-4"),
        pytest.param([A, B, C, D, E] * 3, 1, id="period-5"),
        pytest.param([A, B, C, D, E, F] * 3, 1, id="period-6"),
        pytest.param([G, F, *[A, B] * 3], 1, id="after-other-work"),
        pytest.param([A, B, B] * 3, 1, id="a-pattern-with-a-repeat-in-it"),
        pytest.param([A, B] * 6, 2, id="three-further-rounds"),
        pytest.param([A, B] * 3 + [G] + [A, B] * 3, 2, id="broken-and-begun-again"),
        pytest.param([edit("a.py", "x", "y"), RED, edit("a.py", "y", "x"), RED] * 3, 1, id="to-and-fro"),
        pytest.param([run("echo a", "a"), A, run("sleep 1"), A, run("true"), A], 1, id="inert-calls-are-one"),
    ],
)
def test_it_fires(steps: list[Step], times: int) -> None:
    assert len(fired("cycle", *steps)) == times


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param([A, B, A, B, A], id="two-rounds-and-a-half"),
        pytest.param([A] * 30, id="one-call-is-a-repeat"),
        pytest.param([A, B, C, D, E, F, G] * 3, id="period-7"),
        pytest.param([s for n in range(9) for s in (A, run("tail log", f"{n} %"))], id="a-result-that-changes"),
        pytest.param([s for _ in range(9) for s in (edit("a.py"), RED)], id="other-edits-and-the-same-red-tests"),
        pytest.param([s for _ in range(9) for s in (run("sleep 9"), run("gh run view", "queued"))], id="a-poller"),
        pytest.param([search(f"n{n}") for n in range(30)], id="many-searches"),
    ],
)
def test_it_stays_quiet(steps: list[Step]) -> None:
    assert severities("cycle", *steps, pollers=("gh run *",)) == []


def test_a_firing_holds_the_whole_pattern() -> None:
    (firing,) = fired("cycle", G, *[A, RED] * 3)
    assert (firing.calls, firing.first, firing.last) == (6, 2, 13)
    assert firing.detail.startswith("3 rounds of 2 calls: Read a.py → Bash make")
    assert firing.identity
