"""The recovery checkpoint and its sibling, the denial wall: two streaks, two wordings."""

import time

import pytest

from linestop.watch.excerpts import excerpt
from tests.unit.watch_script import Step, fired, read, run, severities


def red(number: int = 0, text: str = "boom") -> Step:
    return run(f"make {number}", f"error: {text} {number}", "error")


def late(number: int = 0) -> Step:
    return run(f"wait {number}", "the command ran out of time", "timeout")


def no(number: int = 0) -> Step:
    return run(f"rm {number}", "Permission to use rm has been denied.", "denied")


OK = run("ls", "a.py")


@pytest.mark.parametrize(
    ("steps", "threshold", "times"),
    [
        pytest.param([red(1), red(2), red(3)], 3, 1, id="three-errors"),
        pytest.param([red(1), late()], 3, 1, id="a-time-out-counts-two"),
        pytest.param([late(1), late(2)], 3, 1, id="two-time-outs"),
        pytest.param([red(n) for n in range(6)], 3, 2, id="arms-again-after-a-further-threshold"),
        pytest.param([red(n) for n in range(5)], 3, 1, id="not-before"),
        pytest.param([late(n) for n in range(3)], 3, 1, id="what-is-over-the-threshold-is-not-carried-on"),
        pytest.param([red(1), no(), red(2), no(), red(3)], 3, 1, id="denials-neither-feed-nor-reset"),
        pytest.param([red(1), red(2)], 2, 1, id="threshold-2"),
        pytest.param([red(1), red(2)], 1, 1, id="never-below-2"),
        pytest.param([red(1)], 1, 0, id="one-failure-never"),
        pytest.param([red(n) for n in range(5)], 5, 1, id="threshold-5"),
        pytest.param([red(1), red(2)], 3, 0, id="two-errors"),
        pytest.param([red(1), red(2), OK, red(3), red(4)], 3, 0, id="any-success-clears"),
        pytest.param([red(1), red(2), red(3), OK, red(4), red(5), red(6)], 3, 2, id="a-new-streak"),
        pytest.param([no(n) for n in range(9)], 3, 0, id="denials-alone"),
        pytest.param([OK] * 20, 3, 0, id="successes"),
    ],
)
def test_the_streak_of_failures(steps: list[Step], threshold: int, times: int) -> None:
    assert len(fired("failures", *steps, failures=threshold)) == times


@pytest.mark.parametrize(
    ("steps", "times"),
    [
        pytest.param([no(1), no(2), no(3)], 1, id="three"),
        pytest.param([no(n) for n in range(6)], 2, id="six"),
        pytest.param([no(1), red(1), no(2), red(2), no(3)], 1, id="failures-neither-feed-nor-reset"),
        pytest.param([no(1), no(2), OK, no(3)], 0, id="a-success-clears"),
        pytest.param([no(1), no(2)], 0, id="two"),
        pytest.param([red(n) for n in range(9)], 0, id="failures-alone"),
        pytest.param([late(n) for n in range(9)], 0, id="time-outs-alone"),
    ],
)
def test_the_streak_of_denials(steps: list[Step], times: int) -> None:
    assert len(fired("denial-wall", *steps)) == times


def test_the_checkpoint_quotes_five_failures_and_the_true_count() -> None:
    firings = fired("failures", *[red(n) for n in range(9)])
    message = firings[-1].message
    assert message.startswith("9 tool calls in a row have failed: 9 errors. The last 5:")
    assert [line for line in message.splitlines() if line.startswith("- ")] == [
        f"- Bash: error: boom {number}" for number in range(4, 9)
    ]
    assert "in one sentence" in message
    assert "different next step" in message
    assert firings[-1].calls == 9
    assert firings[-1].identity == "", "no one call is to blame, so none is blocked"
    assert fired("failures", red(), red(), red())[0].identity == red()[0]["identity"]


def test_time_outs_are_named_as_their_own_kind() -> None:
    (firing,) = fired("failures", red(1), late())
    assert "1 error and 1 time-out" in firing.message
    assert "- Bash (timed out): the command ran out of time" in firing.message


def test_an_excerpt_is_one_line_of_at_most_160_characters() -> None:
    (firing,) = fired("failures", *[run(f"m {n}", "x" * 500 + "\nmore", "error") for n in range(3)])
    quote = next(line for line in firing.message.splitlines() if line.startswith("- "))
    assert quote.removeprefix("- Bash: ") == "x" * 159 + "…"


def test_a_traceback_is_quoted_by_its_last_line() -> None:
    text = "Traceback (most recent call last):\n  File 'a.py', line 1\nValueError: \x1b[31mno\x1b[0m"
    (firing,) = fired("failures", *[run(f"m {n}", text, "error") for n in range(3)])
    assert "- Bash: ValueError: no" in firing.message


def test_one_tool_is_pointed_at_its_contract() -> None:
    assert "calls of `Bash`" in fired("failures", red(1), red(2), red(3))[0].message
    assert "calls of `" not in fired("failures", red(1), read("a", "error: no", "error"), red(3))[0].message


def test_the_wall_forbids_to_work_around_it() -> None:
    (firing,) = fired("denial-wall", no(1), no(2), no(3))
    assert "only a person can lift it" in firing.message
    assert "forbidden" in firing.message
    assert "root cause" not in firing.message
    assert severities("failures", no(1), no(2), no(3)) == []


def test_a_stream_in_which_everything_fails_costs_little() -> None:
    text = "line of a long output without a word about it " * 70
    begun = time.thread_time()
    for _ in range(1_000):
        excerpt(text)
    assert time.thread_time() - begun < 0.5  # 3 MB; about 0.03 s on an idle core
