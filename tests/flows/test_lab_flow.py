"""The lab flow on a real server: the rule in the log, a task for each pair, the answer as an artifact."""

from pathlib import Path

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey, TaskRunFilter, TaskRunFilterFlowRunId

from linestop.errors import UsageError
from linestop.flows.lab import lab
from linestop.lab.entry import EntryState
from linestop.lab.notebook import Notebook
from linestop.lab.order import LabOrder
from linestop.lab.rule import Answer
from linestop.paths import Layout

pytestmark = pytest.mark.live


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LINESTOP_SANDBOX__KIND", "plain")
    monkeypatch.setenv("LINESTOP_SANDBOX__ALLOW_PLAIN", "true")
    return tmp_path / "home"


def order(tmp_path: Path, **fields: object) -> LabOrder:
    return LabOrder.model_validate({"repository": str(tmp_path), "task": "off-topic", **fields})


async def test_pairs_are_tasks_and_the_answer_is_an_artifact(prefect_server: str, tmp_path: Path) -> None:
    state = await lab(order(tmp_path, pairs=5, margin=0.6), return_state=True)
    report = await state.aresult()
    assert (report.entry.state, report.entry.reckoning.answer) == (EntryState.DONE, Answer.NO_CHANGE)
    assert Notebook(Layout(Path(report.entry.repository))).entries() == (report.entry,)
    async with get_client() as client:
        runs = await client.read_task_runs(
            task_run_filter=TaskRunFilter(flow_run_id=TaskRunFilterFlowRunId(any_=[state.state_details.flow_run_id]))
        )
        pages = await client.read_artifacts(
            artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=["lab-off-topic"]))
        )
    assert sorted(run.name for run in runs) == ["bench off-topic", *(f"pair {number}" for number in range(1, 6))]
    (page,) = pages
    assert page.description == "### Lab: no change"
    assert report.entry.rule.text.splitlines()[0] in str(page.data)
    assert "+The nightly report is made by cron, not by the web server" in str(page.data)


async def test_a_dry_run_runs_no_pair_and_a_word_that_means_nothing_is_refused(
    prefect_server: str, tmp_path: Path
) -> None:
    report = await lab(order(tmp_path, dry_run=True))
    assert (report.dry_run, report.entry.pairs, "+Migrations" in report.change) == (True, (), True)
    assert Notebook(Layout(Path(report.entry.repository))).entries() == ()
    with pytest.raises(UsageError, match="is no experiment"):
        await lab(order(tmp_path, task="nothing"))
