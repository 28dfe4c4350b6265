"""`--since`: a span, or a time; what is neither is refused with what would be one."""

from datetime import UTC, datetime, timedelta

import pytest

from linestop.errors import UsageError
from linestop.since import moment_of

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        pytest.param("90s", NOON - timedelta(seconds=90), id="seconds"),
        pytest.param("30m", NOON - timedelta(minutes=30), id="minutes"),
        pytest.param(" 2H ", NOON - timedelta(hours=2), id="hours"),
        pytest.param("36h", datetime(2026, 11, 20, tzinfo=UTC), id="more than a day"),
        pytest.param("3d", NOON - timedelta(days=3), id="days"),
        pytest.param("1w", NOON - timedelta(days=7), id="weeks"),
        pytest.param("2026-11-20", datetime(2026, 11, 20).astimezone(), id="a day, as the clock on the wall has it"),
        pytest.param("2026-11-20T08:30+02:00", datetime(2026, 11, 20, 6, 30, tzinfo=UTC), id="a time with a zone"),
    ],
)
def test_since_is_a_span_or_a_time(text: str, moment: datetime) -> None:
    assert moment_of(text, now=NOON) == moment


def test_a_day_is_of_the_zone_that_the_answer_is_in() -> None:
    assert moment_of("2026-11-20", zone=UTC) == datetime(2026, 11, 20, tzinfo=UTC)
    assert moment_of("2026-11-20T08:30+02:00", zone=UTC) == datetime(2026, 11, 20, 6, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["", "soon", "2x", "3 moons", "-2h", "-1d", "2026-13-01", "999999w", "0001-01-01T00:00+05:00", "\x1b[2J"]
)
def test_a_since_that_is_no_time_is_refused_with_what_would_be_one(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        moment_of(text, now=NOON)
    assert "2h" in refused.value.todo
    assert "\x1b" not in str(refused.value)
