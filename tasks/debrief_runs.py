"""The debrief runs of the server: one waits for each ticket or batch with something to decide, no second one.

A run that asks about what was decided elsewhere is woken, so that no form stands there for nothing. Without a
deployment (`linestop up` registers it) there is no run: the candidates wait in their files.
"""

import hashlib
from collections.abc import Iterable

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterTags,
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.sorting import FlowRunSort
from prefect.states import Scheduled

from linestop.blocks.run_tags import LINESTOP, repository_tag
from linestop.debrief import Debriefs
from linestop.paths import Layout

FLOW = "debrief"
MAX_RUNS = 100  # of one ticket or batch
MAX_PAUSED = 200  # as many as subjects may wait; the server gives no more at once
WOKEN = "Resuming"  # as Prefect calls a run that was answered


async def ask(layout: Layout, subjects: Iterable[str] = ()) -> dict[str, FlowRun]:
    """See to it that a run waits for each subject with open candidates, all of them by default; return the runs.

    Runs that wait for nothing any more are woken, whatever their subject.
    """
    debriefs = Debriefs(layout)
    waiting = debriefs.waiting()
    open_ids = {one.id for one in waiting}
    found: dict[str, FlowRun] = {}
    async with get_client() as client:
        await _wake_idle(client, layout, open_ids)
        deployment = await _deployment(client, layout)
        if deployment is None:
            return found
        for subject in dict.fromkeys(subjects or (one.subject for one in waiting)):
            ids = [one.id for one in waiting if one.subject == subject]
            if ids:
                found[subject] = await _run_of(client, layout, deployment, subject, ids)
    return found


def subject_tag(subject: str) -> str:
    """Return the tag of the runs of a subject."""
    return f"debrief:{subject}"


async def _deployment(client: PrefectClient, layout: Layout) -> DeploymentResponse | None:
    found = await client.read_deployments(
        flow_filter=FlowFilter(name=FlowFilterName(any_=[FLOW])),
        deployment_filter=DeploymentFilter(tags=DeploymentFilterTags(all_=[repository_tag(layout.root)])),
        limit=1,
    )
    return found[0] if found else None


async def _run_of(
    client: PrefectClient, layout: Layout, deployment: DeploymentResponse, subject: str, ids: list[str]
) -> FlowRun:
    tags = [LINESTOP, repository_tag(layout.root), subject_tag(subject)]
    runs = await client.read_flow_runs(
        flow_run_filter=FlowRunFilter(tags=FlowRunFilterTags(all_=tags)), limit=MAX_RUNS,
        sort=FlowRunSort.EXPECTED_START_TIME_DESC,
    )  # fmt: skip
    if live := next((run for run in runs if run.state is None or not run.state.is_final()), None):
        return live
    candidates = hashlib.sha256("\n".join(sorted(ids)).encode()).hexdigest()[:16]
    return await client.create_flow_run_from_deployment(
        deployment.id,
        parameters={"order": {"repository": str(layout.root), "subject": subject}},
        tags=tags,
        # Those who come at once count the same ended runs and so make one run; one that ended early is made again.
        idempotency_key=f"debrief:{layout.key}:{subject}:{candidates}:{len(runs)}",
    )


async def _wake_idle(client: PrefectClient, layout: Layout, open_ids: set[str]) -> None:
    paused = FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.PAUSED]))
    runs = await client.read_flow_runs(
        flow_filter=FlowFilter(name=FlowFilterName(any_=[FLOW])),
        flow_run_filter=FlowRunFilter(
            tags=FlowRunFilterTags(all_=[LINESTOP, repository_tag(layout.root)]), state=paused
        ),
        limit=MAX_PAUSED,
    )
    for run in runs:
        if run.state and asked_about(run.state.state_details.pause_key) not in open_ids:
            await client.set_flow_run_state(run.id, Scheduled(name=WOKEN))


def question_key(candidate_id: str, number: int) -> str:
    """Return the key of the so-maniest time that a run asks about a candidate."""
    return f"{candidate_id}-{number}"


def asked_about(key: str | None) -> str:
    """Return the candidate that a question's key is about."""
    return (key or "").rpartition("-")[0]
