"""The detector `cost`."""

from datetime import timedelta

import pytest

from linestop.events import Usage
from linestop.ports import Limits
from tests.unit.watch_script import START, Step, events, fired, say, used, wait, watch_of

W, S = "warning", "stop"


def shares(*steps: Step, limits: Limits, **changes: object) -> list[tuple[str, str]]:
    return [(one.severity.value, one.detail.split(":")[0]) for one in fired("cost", *steps, limits=limits, **changes)]


def test_tokens_warn_at_60_and_85_and_stop_at_100_per_cent() -> None:
    found = shares(*[used(90, 10)] * 12, limits=Limits(tokens=1000))
    what = "of the tokens is used"
    assert found == [(W, f"60 % {what}"), (W, f"90 % {what}"), (S, f"100 % {what}")]


def test_dollars_warn_and_stop() -> None:
    found = shares(*[used(usd=0.05)] * 30, limits=Limits(usd=1.0))
    assert [one[0] for one in found] == [W, W, S]
    assert found[-1] == (S, "100 % of the dollars is used")


def test_wall_clock_warns_and_stops_while_nothing_happens() -> None:
    watch = watch_of("cost", limits=Limits(wall_seconds=100))
    watch.see(events(say("a"))[0])
    found = [(n, one.severity.value) for n in range(0, 200, 5) for one in watch.tick(START + timedelta(seconds=1 + n))]
    assert found == [(60, W), (85, W), (100, S)]


def test_wall_clock_is_read_from_events_as_well() -> None:
    found = shares(say("a"), wait(1_000), say("b"), limits=Limits(wall_seconds=100))
    assert found == [(S, "1001 % of the wall clock is used")]


def test_what_earlier_dispatches_spent_counts() -> None:
    found = shares(used(90, 10), limits=Limits(tokens=1000), spent=Usage(input=500))
    assert found == [(W, "60 % of the tokens is used")]


def test_a_leap_over_all_shares_fires_once() -> None:
    assert shares(used(5_000), used(5_000), limits=Limits(tokens=1000)) == [(S, "505 % of the tokens is used")]


def test_a_total_is_not_added_to_its_parts() -> None:
    steps = [used(100, 100), used(100, 100), used(200, 200, total=True)]
    assert shares(*steps, limits=Limits(tokens=600)) == [(W, "66 % of the tokens is used")]


def test_a_total_that_leaves_parts_out_takes_none_of_them_back() -> None:
    steps = [used(600, 0), used(400, 0, total=True), used(300, 0)]
    assert [one[1][:4] for one in shares(*steps, limits=Limits(tokens=1000))] == ["60 %", "90 %"]


@pytest.mark.parametrize(
    ("steps", "limits"),
    [
        pytest.param([used(500)] * 99, Limits(), id="no-cap"),
        pytest.param([used(90, 9)] * 6, Limits(tokens=1000), id="59-per-cent"),
        pytest.param([used(usd=None)] * 9, Limits(tokens=10**9), id="an-unknown-price-without-a-money-cap"),
        pytest.param([used(0, 0, usd=None)] * 9, Limits(usd=1), id="nothing-used"),
        pytest.param([used(usd=0.5), used(usd=0.5, total=True)], Limits(usd=1), id="a-total-of-the-same-dollars"),
    ],
)
def test_it_stays_quiet(steps: list[Step], limits: Limits) -> None:
    assert shares(*steps, limits=limits) == []


def test_an_unknown_price_fails_closed_and_says_what_to_do() -> None:
    (firing,) = fired("cost", used(model="odd-1"), used(model="odd-1"), limits=Limits(usd=5))
    assert firing.severity == S
    assert "no price is known for odd-1" in firing.detail
    assert 'budget.prices."odd-1"' in firing.detail
    assert "$5" in firing.detail


def test_a_price_that_the_owner_set_is_taken() -> None:
    found = shares(*[used()] * 9, limits=Limits(usd=1), price=lambda model, usage: 0.1 if model == "m" else None)
    assert [one[0] for one in found] == [W, W]


def test_only_the_last_warning_tells_the_agent_to_come_to_an_end() -> None:
    firings = fired("cost", *[used(90, 10)] * 12, limits=Limits(tokens=1000))
    assert [bool(one.message) for one in firings] == [False, True, False]
    assert "Start nothing new" in firings[1].message
