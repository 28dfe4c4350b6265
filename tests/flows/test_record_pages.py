"""The pages of a run in the UI lead to its record, and to each dispatch that it started."""

from pathlib import Path

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.objects import Artifact

from linestop.execution.order import ExecutionOrder
from linestop.flows.execution import execution
from linestop.insight import history
from linestop.paths import Layout
from tests.flows.small_shop import CASES, small_shop, unused_imports, write_plans

pytestmark = pytest.mark.usefixtures("prefect_server")


async def page(key: str) -> Artifact:
    """Return the newest version of an artifact."""
    async with get_client() as client:
        found = await client.read_artifacts(artifact_filter=ArtifactFilter(key=ArtifactFilterKey(like_=key)))
    return max(found, key=lambda one: str(one.created))


async def test_a_ticket_and_its_dispatches_lead_to_their_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "home"))
    root = small_shop(tmp_path / "shop", tests=CASES)
    write_plans(root, unused_imports("stock", "shop/stock.py"))
    await execution(ExecutionOrder(repository=str(root)), return_state=True)
    (run,) = history(Layout(root))
    ticket = next(child for child in run.children if child.kind == "ticket")
    (dispatch,) = ticket.children
    record = await page(f"record-{ticket.run_id.lower()}")
    assert f"`linestop run show {ticket.run_id}`" in str(record.data)
    link = f"[maker c0 \\#1](/v2/artifacts/key/dispatch-{dispatch.run_id.lower()})"
    assert f"| {link} | candidate | `linestop run show {dispatch.run_id}` |" in str(record.data)
    assert str(record.flow_run_id) == ticket.flow_run
    told = await page(f"dispatch-{dispatch.run_id.lower()}")
    assert "shop/stock.py" in str(told.data)
    assert f"`linestop lab rerun {dispatch.run_id}`" in str(told.data)
    assert told.task_run_id, "it stands on the maker's page"
    own = await page("%-ticket-stock")
    assert f"[record](/v2/artifacts/key/record-{ticket.run_id.lower()})" in str(own.data)
