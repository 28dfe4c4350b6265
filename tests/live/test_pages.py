"""The pages of the UI, in Chromium: what a person reads there is there, and the links lead on.

With LINESTOP_WRITE_IMAGES=1 it also takes the pictures of docs/deployments.md.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from playwright.sync_api import Page, expect, sync_playwright

from linestop.deployments.example_repository import example_repository

if TYPE_CHECKING:
    from tests.live.conftest import Machine

pytestmark = pytest.mark.live

CHROMIUM = Path("/usr/bin/chromium")
IMAGES = Path(__file__).parents[2] / "docs" / "images"
SETTLED_MS = 3000  # the graph of a run moves until then
Until = Callable[[Callable[[], bool], float, str], float]


@pytest.fixture(scope="module")
def example(machine: "Machine") -> Path:
    root = example_repository(machine.home.parent / "toolshed")
    done = machine.linestop("up", str(root))
    assert done.returncode == 0, done.stderr
    return root


@pytest.fixture(scope="module")
def runs(machine: "Machine", example: Path) -> dict[str, dict[str, Any]]:
    """Return the run of each deployment, started as the form's button does, and those of the tickets by id."""
    found = {}
    for name in ("audit", "execution", "documentation"):
        found[name] = _ended(machine, _started(machine, name))
    tickets = machine.post("/flow_runs/filter", flow_runs={"tags": {"all_": ["linestop"]}}).json()
    ids = {run["id"]: run["parameters"].get("order", {}).get("ticket") for run in tickets}
    return found | {ids[run["id"]]: run for run in tickets if ids[run["id"]]}


def _started(machine: "Machine", flow: str) -> str:
    deployment = _deployment(machine, flow)
    body = {"state": {"type": "SCHEDULED"}, "parameters": deployment["parameters"]}
    return str(machine.post(f"/deployments/{deployment['id']}/create_flow_run", **body).json()["id"])


def _deployment(machine: "Machine", flow: str) -> dict[str, Any]:
    (found,) = machine.post("/deployments/filter", flows={"name": {"any_": [flow]}}).json()
    return dict(found)


def _ended(machine: "Machine", run: str) -> dict[str, Any]:
    from tests.live.conftest import until  # noqa: PLC0415  # its fixture is of a smaller scope

    def read() -> dict[str, Any]:
        return dict(httpx.get(f"{machine.api}/flow_runs/{run}", trust_env=False, timeout=60).json())

    until(lambda: read()["state_type"] in {"COMPLETED", "FAILED", "CRASHED"}, 600, f"the run {run} ended")
    run = read()
    assert run["state_type"] == "COMPLETED", f"{run['name']}: {run['state']['message']}"
    return run


@pytest.fixture(scope="module")
def page(machine: "Machine") -> Iterator[Page]:
    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM}: apt-get install chromium")
    with sync_playwright() as browsers:
        browser = browsers.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(
            base_url=machine.api.removesuffix("/api"), viewport={"width": 1400, "height": 900}
        )  # fmt: skip
        page.set_default_timeout(90_000)
        yield page
        browser.close()


def artifact(machine: "Machine", key: str) -> str:
    """Return the page of an artifact by the end of its key."""
    found = machine.post("/artifacts/latest/filter").json()
    return next(f"/v2/artifacts/artifact/{one['latest_id']}" for one in found if one["key"].endswith(key))


def sees(page: Page, *texts: str) -> None:
    for text in texts:
        expect(page.get_by_text(text).first).to_be_visible(timeout=90_000)


def picture(page: Page, name: str) -> None:
    if os.environ.get("LINESTOP_WRITE_IMAGES"):
        page.wait_for_timeout(SETTLED_MS)
        page.screenshot(path=IMAGES / name)


def test_an_execution_shows_its_tickets_and_its_batch(runs: dict[str, dict[str, Any]], page: Page) -> None:
    run = runs["execution"]
    assert run["name"] == "execution toolshed"
    page.goto(f"/v2/runs/flow-run/{run['id']}")
    sees(page, "execution toolshed", run["state_name"])
    page.get_by_role("tab", name="Artifacts").click()
    sees(page, "batch-")
    picture(page, "execution-run.png")


def test_tickets_are_found_by_their_tags(machine: "Machine", runs: dict[str, dict[str, Any]], page: Page) -> None:
    ticket = next(run for name, run in runs.items() if name.endswith("-tidy"))
    kinds = {tag.partition(":")[0] for tag in ticket["tags"]}
    assert kinds >= {"linestop", "repository", "batch", "ticket"}
    page.goto(f"/v2/runs?tags={next(tag for tag in ticket['tags'] if tag.startswith('ticket:'))}")
    expect(page.get_by_role("link", name=ticket["name"]).first).to_be_visible()


def test_a_ticket_links_verdict_diff_plan_audit_and_execution(
    machine: "Machine", runs: dict[str, dict[str, Any]], page: Page
) -> None:
    ticket = next(name for name in runs if name.endswith("toolshed-tidy"))
    own = artifact(machine, f"-ticket-{ticket}")
    for link, there in {
        "verdict with evidence": "exit code",
        "diff": "diff --git",
        "plan": "plan-",
        "audit that found it": "audit toolshed",
        "execution": "execution toolshed",
    }.items():
        page.goto(own)
        page.get_by_role("link", name=link, exact=True).first.click()
        sees(page, there)


def test_a_verdict_shows_each_line_with_its_evidence(
    machine: "Machine", runs: dict[str, dict[str, Any]], page: Page
) -> None:
    page.goto(artifact(machine, "toolshed-tidy-verdict"))
    sees(page, "the repository's own checks pass", "Evidence", "exit code")
    picture(page, "verdict.png")


def test_audit_and_documentation_lead_on(machine: "Machine", runs: dict[str, dict[str, Any]], page: Page) -> None:
    page.goto(artifact(machine, "-audit"))
    page.get_by_role("link", name="toolshed-tidy").first.click()
    sees(page, "Remove")
    page.goto(artifact(machine, "-wiki"))
    page.get_by_role("link", name="last execution").first.click()
    sees(page, "execution toolshed")


@pytest.mark.parametrize(
    ("flow", "texts"),
    [
        pytest.param("audit", ("Review a repository", "1 to 5"), id="audit"),
        pytest.param("execution", ("Carry out a repository's open tickets", "1 to 32", "run none"), id="execution"),
        pytest.param("documentation", ("Bring the wiki", "at most 10 problems"), id="documentation"),
    ],
)
def test_a_form_explains_itself(
    machine: "Machine", example: Path, page: Page, flow: str, texts: tuple[str, ...]
) -> None:
    page.goto(f"/v2/deployments/deployment/{_deployment(machine, flow)['id']}/run")
    sees(page, *texts)
    expect(page.get_by_text(str(example)).first).to_be_visible()


@pytest.mark.parametrize(
    ("path", "texts"),
    [
        pytest.param("/v2/concurrency-limits", ("infra", "linestop-workers"), id="limits"),
        pytest.param("/v2/blocks", ("toolshed-", "Linestop Repository"), id="blocks"),
        pytest.param("/v2/deployments", ("audit", "execution", "documentation"), id="deployments"),
        pytest.param("/v2/blocks/catalog/linestop-model-engine/create", ("Linestop Engine: model",), id="engines"),
    ],
)
def test_what_up_registers_is_shown(example: Path, page: Page, path: str, texts: tuple[str, ...]) -> None:
    page.goto(path)
    sees(page, *texts)


def test_an_engine_is_made_in_its_form_and_read_by_its_name(machine: "Machine", example: Path, page: Page) -> None:
    page.goto("/v2/blocks/catalog/linestop-command-engine/create")
    sees(page, "A known command line.", "how the command is told its brief", "No secrets")
    page.get_by_label("Name").fill("codex-fast")
    page.get_by_role("button", name="Select").first.click()
    page.get_by_text("codex", exact=True).first.click()
    page.locator("textarea").first.fill("gpt-5-codex")
    picture(page, "engine-form.png")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/v2/blocks/block/**")
    code = f"""
import os
os.environ["PREFECT_API_URL"] = {machine.api!r}
from linestop.blocks.engine_blocks import engine_settings_now
settings = engine_settings_now("block:codex-fast")
assert (settings.preset, settings.model) == ("codex", "gpt-5-codex"), settings
"""
    reader = machine.python(code)
    said = reader.communicate(timeout=300)[1]
    assert reader.returncode == 0, said
