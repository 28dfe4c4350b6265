"""Registration: what the server knows of a repository, and that doing it again changes only what changed."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import GlobalConcurrencyLimit
from prefect.client.schemas.responses import DeploymentResponse

from linestop.blocks.prefect_blocks import TargetRepository
from linestop.deployments.draining import start_documentation
from linestop.deployments.inbox import Delivery
from linestop.deployments.register import POOL, form_name, register_all
from linestop.deployments.registry import Registered
from linestop.deployments.settings import MachineSettings

pytestmark = [pytest.mark.live, pytest.mark.usefixtures("prefect_server")]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a repository whose name is awkward in an address."""
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "home"))
    shop = tmp_path / "my shop & café"
    shop.mkdir()
    (shop / "shop.py").write_text('"""A shop."""\n')
    for words in (["init", "-q", "-b", "trunk"], ["add", "-A"], ["commit", "-qm", "start"]):
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b.invalid", *words], cwd=shop, check=True)
    return shop


async def registered_one(path: Path) -> Registered:
    (found,) = await register_all([path], MachineSettings())
    return found


async def deployment(name: str) -> DeploymentResponse:
    async with get_client() as client:
        return await client.read_deployment_by_name(name)


async def test_a_repository_gets_a_deployment_of_each_flow(shop: Path) -> None:
    found = await registered_one(shop)
    assert found.base == "trunk"
    for flow in ("audit", "execution", "documentation", "debrief", "lab"):
        made = await deployment(f"{flow}/{found.key}")
        assert made.entrypoint == f"linestop.flows.{flow}.{flow}"
        assert made.parameters == {"order": {"repository": str(shop)}}
        assert made.work_pool_name == POOL
        assert not made.pull_steps


async def test_the_form_shows_the_nested_model_with_its_descriptions(shop: Path) -> None:
    found = await registered_one(shop)
    schema: dict[str, Any] = (await deployment(f"execution/{found.key}")).parameter_openapi_schema or {}
    fields = schema["definitions"]["ExecutionOrder"]["properties"]
    assert fields["repository"]["description"]
    assert fields["parallel"]["description"]


async def test_registering_again_leaves_one_schedule_and_switching_it_off_none(shop: Path) -> None:
    found = await registered_one(shop)
    await registered_one(shop)
    schedules = (await deployment(f"audit/{found.key}")).schedules
    assert [each.slug for each in schedules] == ["weekly"]
    form = await TargetRepository.aload(form_name(found))
    form.audit_enabled = False
    await form.save(overwrite=True)
    await registered_one(shop)
    assert (await deployment(f"audit/{found.key}")).schedules == []


async def test_a_time_set_in_the_form_of_the_ui_holds(shop: Path) -> None:
    found = await registered_one(shop)
    form = await TargetRepository.aload(form_name(found))
    form.audit_cron = "30 5 * * 2"
    await form.save(overwrite=True)
    await registered_one(shop)
    (schedule,) = (await deployment(f"audit/{found.key}")).schedules
    assert getattr(schedule.schedule, "cron", None) == "30 5 * * 2"


async def test_a_limit_that_the_owner_changed_stays_so(shop: Path) -> None:
    await registered_one(shop)
    async with get_client() as client:
        await client.upsert_global_concurrency_limit_by_name("linestop-workers", 7)
        await registered_one(shop)
        limits: list[GlobalConcurrencyLimit] = [
            await client.read_global_concurrency_limit_by_name(name) for name in ("linestop-workers", "infra")
        ]
    assert [limit.limit for limit in limits] == [7, 1]


async def test_two_deliveries_of_a_commit_make_one_run(shop: Path) -> None:
    found = await registered_one(shop)
    runs = {
        await start_documentation(Delivery(id=number, repository=found.key, commit="a" * 40, tries=0))
        for number in (1, 2)
    }
    assert len(runs) == 1
    async with get_client() as client:
        run = await client.read_flow_run(runs.pop())  # type: ignore[arg-type]  # a string does as well
    assert run.parameters == {"order": {"repository": str(shop), "ref": "a" * 40}}


async def test_prefects_own_command_deploys_the_file(shop: Path) -> None:
    await registered_one(shop)  # as `linestop up` does: it makes the work pool
    file = Path(__file__).parents[2] / "deployments" / "prefect.yaml"
    words = ["--no-prompt", "deploy", "--all", "--prefect-file", str(file)]
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-P", "-m", "prefect", *words],
        env=os.environ | {"LINESTOP_REPOSITORY": str(shop)}, cwd=shop, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    for flow in ("audit", "execution", "documentation", "debrief", "lab"):
        assert f"'{flow}/{flow}' successfully created" in done.stdout
