"""An audit attaches what the analysis knows of the repository, and links it from its page."""

from pathlib import Path

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.objects import Artifact

from linestop.audit.order import AuditOrder
from linestop.flows.audit import audit
from linestop.paths import Layout
from tests.flows.small_shop import small_shop
from tests.unit.small_history import caution, segment

pytestmark = [pytest.mark.live, pytest.mark.usefixtures("prefect_server")]


async def artifacts(key: str) -> list[Artifact]:
    async with get_client() as client:
        return await client.read_artifacts(artifact_filter=ArtifactFilter(key=ArtifactFilterKey(like_=key)))


async def test_an_audit_attaches_the_main_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "home"))
    layout = Layout(small_shop(tmp_path / "shop")).ensure()
    segment(layout, caution(1, file="shop/stock.py"))
    await audit(AuditOrder(repository=str(layout.root)))
    (table,) = await artifacts(f"{layout.key}-insight-hot-files")
    assert table.type == "table"
    assert "shop/stock.py" in str(table.data)
    assert await artifacts(f"{layout.key}-insight-repeat-offenders") == [], "nothing came back: nothing is attached"
    (page,) = await artifacts(f"{layout.key}-audit")
    assert f"(/v2/artifacts/artifact/{table.id})" in str(page.data)
