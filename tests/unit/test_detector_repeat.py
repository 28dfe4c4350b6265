"""The detector `repeat`: SPEC.md section 5, row by row."""

import pytest

from linestop.watch import Severity
from tests.unit.watch_script import Step, edit, fired, read, run, search, severities

W, I = "warning", "info"  # noqa: E741
LS = run("ls", "a.py")
OTHERS = [read(f"f{number}.py") for number in range(20)]
RED = "2 failed, 3 passed"


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        pytest.param([LS] * 3, [W], id="three-in-a-row"),
        pytest.param([LS, OTHERS[0], LS, OTHERS[1], LS], [W], id="three-with-others-between"),
        pytest.param([LS, *OTHERS[:4], LS, *OTHERS[4:8], LS], [], id="third-is-the-eleventh-call"),
        pytest.param([LS, *OTHERS[:4], LS, *OTHERS[4:7], LS], [W], id="third-is-the-tenth-call"),
        pytest.param([LS] * 4, [W, W], id="the-fourth-in-a-row-is-a-rule-of-its-own"),
        pytest.param([LS] * 12, [W, W, W, W], id="edge-triggered-then-every-fourth-in-a-row"),
        pytest.param([LS] * 3 + OTHERS[:10] + [LS] * 2 + [OTHERS[10]], [W, W], id="four-ever-in-a-row-far-apart"),
        pytest.param([run("echo a", "a"), run("echo b", "b"), run("sleep 1")], [W], id="inert-calls-are-one"),
        pytest.param([run("true"), *OTHERS[:2], run(":"), *OTHERS[2:4], run("pwd", "/repo")], [W], id="inert-apart"),
        pytest.param([*[LS] * 4, edit("a.py"), LS], [W, W], id="after-a-warning-no-info-about-the-same"),
        pytest.param([edit("a.py", "x", "y")] * 3, [W], id="the-same-edit"),
        pytest.param([search("foo")] * 3, [W], id="the-same-search"),
        pytest.param([run("make", RED), *(s for n in range(2) for s in (edit("a.py"), run("make", RED)))], [I],
                     id="an-edit-between-is-info"),
        pytest.param([run("make", RED), edit("a.py"), *[run("make", RED)] * 3], [I, W],
                     id="an-edit-and-then-a-loop"),
    ],
)  # fmt: skip
def test_it_fires(steps: list[Step], expected: list[str]) -> None:
    assert severities("repeat", *steps) == expected


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param([LS, LS], id="twice"),
        pytest.param([run("tail log", f"{n} %") for n in range(20)], id="a-poll-whose-result-changes"),
        pytest.param([run("tail log", "a" if n % 2 else "b") for n in range(20)], id="a-result-that-flips"),
        pytest.param([s for n in range(9) for s in (run("sleep 30"), run("tail log", f"{n} %"))], id="waits-of-a-poll"),
        pytest.param([run("gh pr checks 7", "pending") for _ in range(20)], id="a-declared-poller"),
        pytest.param([s for _ in range(9) for s in (run("sleep 9 && gh pr checks 7", "pending"),)], id="part-of-one"),
        pytest.param([edit("a.py") for _ in range(20)], id="edits-of-one-file-with-other-inputs"),
        pytest.param([read("a.py", offset=n * 100, limit=100) for n in range(20)], id="paging-through-a-file"),
        pytest.param([search(f"name{n}") for n in range(20)], id="many-searches"),
        pytest.param([run("echo a > f"), run("echo b > f"), run("echo c | tee f")], id="an-echo-that-writes"),
    ],
)
def test_it_stays_quiet(steps: list[Step]) -> None:
    assert severities("repeat", *steps, pollers=("gh pr checks*",)) == []


def test_it_arms_again_once_the_call_has_left_the_window() -> None:
    assert severities("repeat", *[LS] * 3, *OTHERS[:10], *[LS] * 3) == [W, W, W]  # and the fourth in a row


def test_a_firing_says_what_it_cost_and_which_call_may_be_blocked() -> None:
    (firing,) = fired("repeat", OTHERS[0], *[run("make", RED, seconds=10)] * 3)
    assert (firing.calls, firing.first, firing.last, firing.seconds) == (3, 2, 7, 32)
    assert firing.identity == fired("repeat", *[run("make", RED)] * 3)[0].identity != ""
    assert "make" in firing.detail
    assert "3 times" in firing.message


def test_an_edit_is_never_blocked_by_its_path() -> None:
    (firing,) = fired("repeat", *[edit("a.py", "x", "y")] * 3)
    assert (firing.identity, firing.file, firing.severity) == ("", "a.py", Severity.WARNING)
