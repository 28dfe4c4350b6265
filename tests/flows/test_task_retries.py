"""What a task is run again for: the machine's failures, with longer pauses, and never the work's."""

import pytest
from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from linestop.errors import InfraError, TrackerError
from linestop.tasks.auditor import auditor, scanner
from linestop.tasks.checker import checker
from linestop.tasks.goal_checker import goal_checker
from linestop.tasks.maker import maker
from linestop.tasks.retries import only_infrastructure

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.mark.parametrize(
    ("error", "calls"),
    [
        pytest.param(InfraError("the disk is full", todo="free some"), 3, id="infrastructure"),
        pytest.param(TrackerError("taken over", todo="nothing"), 1, id="another-of-ours"),
        pytest.param(ValueError("a mistake"), 1, id="a-mistake"),
    ],
)
async def test_only_infrastructure_is_tried_again(error: Exception, calls: int) -> None:
    seen: list[int] = []

    @task(
        retries=2, retry_delay_seconds=0, retry_condition_fn=only_infrastructure, cache_policy=NO_CACHE,
        persist_result=False,
    )  # fmt: skip
    async def failing() -> None:
        seen.append(1)
        raise error

    @flow(persist_result=False)
    async def once() -> None:
        await failing()

    with pytest.raises(type(error)):
        await once()
    assert len(seen) == calls


@pytest.mark.parametrize("one", [scanner, auditor, maker, checker, goal_checker], ids=lambda one: str(one.name))
def test_every_task_that_is_tried_again_waits_longer_each_time(one: object) -> None:
    assert getattr(one, "retry_condition_fn", None) is only_infrastructure
    delays = getattr(one, "retry_delay_seconds", None)
    assert isinstance(delays, list)
    assert delays == sorted(set(delays))
    assert len(delays) == getattr(one, "retries", None)
