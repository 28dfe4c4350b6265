"""The lab flow on a real server: the rule in the log before any pair, the answer as an artifact."""

from pathlib import Path

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey

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


async def test_the_rule_is_said_before_the_first_pair_and_the_answer_is_an_artifact(
    prefect_server: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    state = await lab(order(tmp_path, pairs=5, margin=0.6), return_state=True)
    report = await state.aresult()
    assert (report.entry.state, report.entry.reckoning.answer) == (EntryState.DONE, Answer.NO_CHANGE)
    assert Notebook(Layout(Path(report.entry.repository))).entries() == (report.entry,)
    said = [message.split()[0] for message in caplog.messages if message.startswith("lab.")]
    rule = len(report.entry.rule.text.splitlines())
    assert said == [*["lab.rule"] * rule, *["lab.pair"] * 5, "lab.answer"]
    async with get_client() as client:
        pages = await client.read_artifacts(
            artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=["lab-off-topic"]))
        )
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
