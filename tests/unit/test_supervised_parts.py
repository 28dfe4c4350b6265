"""What `up` leaves running: how long it waits."""

import pytest

from linestop.deployments.waiting import wait_seconds


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [
        pytest.param(0, 1, id="none-yet"),
        pytest.param(1, 1, id="the-first"),
        pytest.param(4, 8, id="doubled"),
        pytest.param(7, 60, id="bounded"),
        pytest.param(5_000, 60, id="for-days"),
    ],
)
def test_the_wait_doubles_up_to_a_bound(failures: int, seconds: float) -> None:
    assert wait_seconds(failures, most=60) == seconds
