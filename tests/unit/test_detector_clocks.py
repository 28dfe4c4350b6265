"""The detectors that look at the clock, `silence` and `no-progress`, and at the window, `context-pressure`."""

from datetime import timedelta

import pytest

from linestop.events import EventKind, Fault
from tests.unit.watch_script import (
    START,
    Step,
    edit,
    event,
    events,
    fired,
    read,
    run,
    say,
    severities,
    used,
    wait,
    watch_of,
)

W, S = "warning", "stop"
END, NUDGE = event(EventKind.END), event(EventKind.NUDGE, text="go on")


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        pytest.param([say("a"), wait(599), say("b")], [S], id="600-s"),
        pytest.param([say("a"), wait(449), say("b")], [W], id="450-s-are-three-quarters"),
        pytest.param([say("a"), wait(500), say("b"), wait(500), say("c")], [W, W], id="each-silence"),
        pytest.param([say("a"), wait(448), say("b")], [], id="449-s"),
        pytest.param([say(f"{n}") for n in range(2000)], [], id="a-long-talk"),
        pytest.param([say("a"), END, wait(9_000), say("b")], [], id="after-the-end"),
        pytest.param([say("a"), wait(9_000), NUDGE], [], id="a-person-was-waited-for"),
        pytest.param(
            [
                event(EventKind.LIMIT, fault=Fault.RATE_LIMIT, retry_at=START + timedelta(hours=2)),
                wait(7_200), say("b"),
            ],
            [], id="a-rate-limit-with-its-reset",
        ),
    ],
)  # fmt: skip
def test_silence(steps: list[Step], expected: list[str]) -> None:
    assert severities("silence", *steps) == expected


def test_silence_is_noticed_while_it_lasts_and_once() -> None:
    watch = watch_of("silence", silence_seconds=100)
    (first,) = events(say("a"))
    watch.see(first)
    found = [(n, one.severity.value) for n in range(0, 300, 5) for one in watch.tick(first.at + timedelta(seconds=n))]
    assert found == [(75, W), (100, S)]


def test_silence_from_the_first_second_is_noticed() -> None:
    watch = watch_of("silence", silence_seconds=100)
    found = [one.severity.value for n in range(0, 300, 5) for one in watch.tick(START + timedelta(seconds=n))]
    assert found == [W, S]


OTHER = [s for n in range(20) for s in (read(f"f{n}.py"), wait(59))]


@pytest.mark.parametrize(
    ("steps", "expected", "role"),
    [
        pytest.param([say("a"), *OTHER], [S], "maker", id="twenty-minutes-of-reading"),
        pytest.param([say("a"), *OTHER[:18]], [], "maker", id="nine-minutes"),
        pytest.param([say("a"), *OTHER[:18], edit("a.py"), *OTHER[:18]], [], "maker", id="an-edit-between"),
        pytest.param([say("a"), *OTHER[:18], run("pytest", "3 passed"), *OTHER[:18]], [], "maker", id="a-green-check"),
        pytest.param([say("a"), *OTHER[:18], run("pytest", "1 failed", "error"), *OTHER], [S], "maker", id="a-red-one"),
        pytest.param([say("a"), *OTHER], [], "checker", id="a-role-that-only-looks"),
        pytest.param([say("a"), wait(9_000), NUDGE, say("b")], [], "maker", id="a-person-was-waited-for"),
    ],
)
def test_no_progress_in_a_log(steps: list[Step], expected: list[str], role: str) -> None:
    assert severities("no-progress", *steps, role=role) == expected


def test_no_progress_live_goes_by_what_the_harness_says() -> None:
    watch = watch_of("no-progress", no_progress_seconds=60)
    found = []
    for second in range(300):
        now = START + timedelta(seconds=second)
        watch.progress("a" if second < 100 else "b", now)
        found += [(second, one.severity.value) for one in watch.tick(now)]
    assert found == [(60, S), (160, S)]


def test_what_a_stretch_without_progress_cost_is_counted_from_its_own_beginning() -> None:
    watch = watch_of("no-progress", no_progress_seconds=60)
    before, since = events(used(1_000, 0), used(500, 0))
    for second, state, one in ((0, "a", before), (10, "b", since)):
        now = START + timedelta(seconds=second)
        watch.progress(state, now)
        watch.tick(now)
        watch.see(one)
    (firing,) = watch.tick(START + timedelta(seconds=70))
    assert (firing.tokens, firing.seconds) == (500, 60)


def test_edits_are_no_progress_where_the_harness_sees_none() -> None:
    watch = watch_of("no-progress", no_progress_seconds=60)
    watch.progress("a", START)
    found = [one for each in events(*[edit("a.py") for _ in range(60)]) for one in watch.see(each)]
    assert [one.severity.value for one in found] == [S]


COMPACTED = event(EventKind.LIMIT, text="compacted", compaction=True)


@pytest.mark.parametrize(
    ("steps", "times"),
    [
        pytest.param([used(30_000)] * 4, 1, id="four-turns-of-one-size"),
        pytest.param([used(30_000)] * 8, 2, id="eight"),
        pytest.param([COMPACTED, read("a.py"), COMPACTED], 1, id="compacted-twice"),
        pytest.param([used(30_000)] * 3, 0, id="three"),
        pytest.param([used(30_000 + n) for n in range(50)], 0, id="growing"),
        pytest.param([used(30_000), used(30_000), used(9_000), used(30_000), used(30_000)], 0, id="not-in-a-row"),
        pytest.param([used(0)] * 9, 0, id="unknown"),
        pytest.param([used(30_000, total=True)] * 9, 0, id="totals-of-a-session"),
        pytest.param([s for _ in range(3) for s in (used(9), used(9, model="small"))], 0, id="two-models"),
        pytest.param([COMPACTED, edit("a.py"), COMPACTED, edit("a.py"), COMPACTED], 0, id="an-edit-between"),
        pytest.param([say("I compacted the list, twice")] * 9, 0, id="the-word-in-a-message"),
    ],
)
def test_context_pressure(steps: list[Step], times: int) -> None:
    assert len(fired("context-pressure", *steps)) == times
