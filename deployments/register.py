"""Registration: what `prefect.yaml` declares, made for each repository and written to the server.

Work pool, limits and the repository's Block come first. Running again changes nothing that didn't change.
"""

import re
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml
from prefect import Flow
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate, WorkPoolUpdate
from prefect.exceptions import ObjectAlreadyExists
from prefect.schedules import Cron, Schedule
from prefect.types.entrypoint import EntrypointType
from prefect.workers.process import ProcessWorker

from linestop.blocks.engine_blocks import register_engine_blocks
from linestop.blocks.git_workspaces import GitWorkspaces
from linestop.blocks.limits import ensure_limits
from linestop.blocks.prefect_blocks import TargetRepository
from linestop.blocks.run_tags import repository_tag
from linestop.deployments.registry import Registered, registered, remember
from linestop.deployments.settings import MachineSettings
from linestop.paths import Layout, repository_root
from linestop.policy import load_policy

POOL = "linestop"
WEEKLY = "weekly"


async def register_all(paths: list[Path], settings: MachineSettings) -> tuple[Registered, ...]:
    """Register the repositories of `paths` and those known from before; return them all.

    Raises:
        RepositoryError: a path is no repository, or it has no base branch.
        PolicyError: a repository's policy can't be used.
    """
    for path in paths:
        remember(describe(path))
    await _prepare(settings)
    known = tuple(registered().values())
    for repository in known:
        if repository.path.is_dir():
            await _register(repository, settings)
    return known


def describe(path: Path) -> Registered:
    """Return a repository as it would be registered."""
    layout = Layout(repository_root(path))
    base = GitWorkspaces(layout.root).base_branch(load_policy(layout).execution.base)
    return Registered(key=public_key(layout.key), path=layout.root, base=base)


def public_key(key: str) -> str:
    """Return a repository's key in characters that addresses and deployment names allow; its hash keeps it unique."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", key).strip("-.")


async def _prepare(settings: MachineSettings) -> None:
    await ensure_limits(workers=settings.slots, change=settings.workers is not None)
    await TargetRepository.register_type_and_schema()
    await register_engine_blocks()
    pool = WorkPoolCreate(
        name=POOL,
        type=ProcessWorker.type,
        description="Runs of linestop, as processes of the machine that `linestop up` was called on.",
        base_job_template=ProcessWorker.get_default_base_job_template(),
        concurrency_limit=settings.slots,
    )
    async with get_client() as client:
        try:
            await client.create_work_pool(pool)
        except ObjectAlreadyExists:
            await client.update_work_pool(POOL, WorkPoolUpdate(concurrency_limit=settings.slots))


async def _register(repository: Registered, settings: MachineSettings) -> None:
    form = await _form(repository, settings)
    if form.base_branch and form.base_branch != repository.base:
        remember(repository.model_copy(update={"base": form.base_branch}))
    for declared in declarations():
        await _deploy(declared, repository, form)


def form_name(repository: Registered) -> str:
    """Return the name of a repository's Block: the UI takes lower-case letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", repository.key.lower()).strip("-")


async def _form(repository: Registered, settings: MachineSettings) -> TargetRepository:
    """Return the repository's Block, made from the settings where the owner has none yet."""
    name = form_name(repository)
    try:
        found = await TargetRepository.aload(name)
    except ValueError:  # how Prefect says that there is none
        found = TargetRepository(
            path=str(repository.path), audit_cron=settings.audit_cron, audit_timezone=settings.audit_timezone
        )
        await found.save(name)
    return found


def declarations() -> list[dict[str, Any]]:
    """Return the deployments of prefect.yaml."""
    text = files("linestop.deployments").joinpath("prefect.yaml").read_text(encoding="utf-8")
    return list(yaml.safe_load(text)["deployments"])


async def _deploy(declared: dict[str, Any], repository: Registered, form: TargetRepository) -> UUID:
    module, _, function = declared["entrypoint"].rpartition(".")
    flow: Flow[Any, Any] = getattr(import_module(module), function)
    schedule = _schedule(declared, form)
    deployment = await flow.ato_deployment(
        name=repository.key,
        description=f"{declared['description']}\n\nRepository: {repository.path}",
        tags=[*declared["tags"], repository_tag(repository.path)],
        parameters={"order": {"repository": str(repository.path)}},
        schedules=[schedule] if schedule else [],
        work_pool_name=POOL,
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    made: UUID = await deployment.aapply()
    async with get_client() as client:
        await _drop_stale_schedules(client, made, keep=schedule)
    return made


def _schedule(declared: dict[str, Any], form: TargetRepository) -> Schedule | None:
    if not declared.get("schedules") or not form.audit_enabled:
        return None
    return Cron(form.audit_cron, timezone=form.audit_timezone, slug=WEEKLY)


async def _drop_stale_schedules(client: PrefectClient, deployment: UUID, *, keep: Schedule | None) -> None:
    """Delete our schedule where it is declared no more: an empty list leaves old ones running. Others' stay."""
    for found in await client.read_deployment_schedules(deployment):
        if found.slug == WEEKLY and keep is None:
            await client.delete_deployment_schedule(deployment, found.id)
