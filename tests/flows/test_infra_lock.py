"""The infra lock: one holder, named to whoever waits in vain. That a crash frees it is tests/live/."""

import asyncio
from pathlib import Path

import pytest
from prefect.concurrency.asyncio import concurrency

from linestop.blocks.infra_lock import infra_lock
from linestop.blocks.limits import INFRA, ensure_limits
from linestop.errors import InfraError
from linestop.records import holder

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "home"))


async def test_it_has_one_holder_at_a_time_and_all_get_their_turn() -> None:
    inside: list[int] = []
    most: list[int] = []

    async def work(number: int) -> None:
        async with infra_lock(30):
            inside.append(number)
            most.append(len(inside))
            await asyncio.sleep(0)
            inside.remove(number)

    await asyncio.gather(*(work(number) for number in range(3)))
    assert most == [1, 1, 1]


async def test_who_waits_in_vain_is_told_who_holds_it() -> None:
    async with infra_lock(5):
        with pytest.raises(InfraError) as refused:
            async with infra_lock(0.5):
                pytest.fail("two holders")
    assert holder() in refused.value.found


async def test_it_waits_for_a_holder_on_another_host_as_well() -> None:
    await ensure_limits()
    async with concurrency(INFRA, occupy=1, strict=True, lease_duration=60):
        with pytest.raises(InfraError) as refused:
            async with infra_lock(1):
                pytest.fail("two holders")
    assert INFRA in refused.value.found
    async with infra_lock(5):
        pass


async def test_it_is_free_again_after_its_body_failed() -> None:
    with pytest.raises(ZeroDivisionError):
        async with infra_lock(5):
            raise ZeroDivisionError
    async with infra_lock(5):
        pass
