"""The audit flow on a real repository and server: a finding is planned once, and only on the plans' branch."""

import json
import subprocess
from pathlib import Path

import pytest

from linestop.audit.order import AuditOrder, AuditReport
from linestop.blocks.git_workspaces import GitWorkspaces
from linestop.blocks.plan_branch import PLANS_BRANCH, PlanBranch
from linestop.errors import RepositoryError
from linestop.flows.audit import audit
from linestop.paths import Layout
from linestop.plans import FindingsGone
from linestop.tracker import SqliteTracker

pytestmark = pytest.mark.usefixtures("prefect_server")
PRICES = """import os
import sys


def total(prices):
    if prices is 'x':
        return 0
    return sum(prices)
"""
FILES = {
    "shop/__init__.py": "",
    "shop/prices.py": PRICES,
    "shop/a b.py": "import json\n",
    "shop/cache.py": "import hashlib\n\n\ndef key(text):\n    return hashlib.md5(text).hexdigest()\n",
    "tests/test_shop.py": "import json\n",
    "_vendor/theirs.py": "import json\n",
}  # fmt: skip


def git(root: Path, *words: str) -> str:
    argv = ["git", "-C", str(root), "-c", "user.name=t", "-c", "user.email=t@t", *words]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


def commit(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    git(root, "add", "-A")
    git(root, "commit", "-qm", "change", "--allow-empty")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "home"))
    folder = tmp_path / "shop"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    commit(folder, FILES)
    return folder


async def run(root: Path, **words: object) -> AuditReport:
    return await audit(AuditOrder.model_validate({"repository": str(root), **words}))


def state(root: Path) -> tuple[str, str, str]:
    return git(root, "rev-parse", "main"), git(root, "status", "--porcelain"), git(root, "worktree", "list")


async def test_findings_become_plans_on_their_branch_and_nothing_else_changes(root: Path) -> None:
    (root / "shop/prices.py").write_text("dirty")
    before = state(root)
    report = await run(root)
    assert state(root) == before
    assert {plan.gated is None for plan in report.plans} == {True, False}
    machine = next(plan for plan in report.plans if plan.gated is None)
    assert [chunk.id for chunk in machine.chunks] == ["bugs", "dead-code"]
    assert set(machine.scope) == {"shop/prices.py", "shop/a b.py"}
    assert any(isinstance(item, FindingsGone) for item in machine.goal)
    assert (report.in_tests, report.fixable, report.findings["dead-code"]) == (1, 4, 3)
    assert PlanBranch(GitWorkspaces(root)).plans() == tuple(sorted(report.plans, key=lambda plan: plan.id))
    assert "`shop/prices.py:6` F632" in git(root, "show", f"{PLANS_BRANCH}:plans/{machine.id}.md")


async def test_the_record_holds_what_was_found_and_planned(root: Path) -> None:
    report = await run(root)
    folder = Layout(root).runs / report.run_id
    values = json.loads((folder / "result.json").read_text())["values"]
    assert values["findings"] == report.findings
    assert values["plans"] == [plan.id for plan in report.plans]
    assert values["rules"]["F632"] == 1
    rows = json.loads((folder / "findings.json").read_text())
    assert "+++ b/plans/" in (folder / "diff.patch").read_text()
    assert {row["plan"] for row in rows if not row["in_tests"]} == set(values["plans"])


async def test_a_second_audit_of_an_unchanged_repository_plans_nothing(root: Path) -> None:
    first = await run(root)
    tip = git(root, "rev-parse", PLANS_BRANCH)
    second = await run(root)
    again = await run(root, again=True)
    assert f"unchanged since audit {first.run_id}" in (second.nothing_new or "")
    assert second.findings == first.findings == again.findings
    assert second.plans == again.plans == ()
    assert again.nothing_new == "every finding is covered by a plan"
    assert set(second.waiting) == {plan.id for plan in first.plans}
    assert git(root, "rev-parse", PLANS_BRANCH) == tip


async def test_a_new_problem_is_planned_and_the_known_ones_are_not(root: Path) -> None:
    first = await run(root)
    commit(root, {"tools/release.py": "import re\n"})
    second = await run(root)
    assert [plan.scope for plan in second.plans] == [("tools/release.py",)]
    assert set(second.waiting) == {plan.id for plan in first.plans}


async def test_a_changed_policy_audits_an_unchanged_base(root: Path) -> None:
    await run(root)
    (root / ".linestop" / "config.toml").write_text('[audit]\nignore = ["F401"]\n')
    second = await run(root)
    assert "unchanged" not in (second.nothing_new or "")
    assert "F401" not in json.dumps(second.findings)


async def test_never_more_open_plans_than_allowed_and_the_rest_waits(root: Path) -> None:
    commit(root, {f"p{number}/a.py": "import os\nimport re\nimport sys\n" for number in range(8)})
    first = await run(root, max_plans=3)
    assert len(first.plans) == 3
    assert sum(plan.gated is not None for plan in first.plans) == 1
    assert first.findings_waiting > 0
    second = await run(root, again=True, max_plans=3)
    assert second.plans == ()
    assert "3 plans are open already" in (second.nothing_new or "")


async def test_a_custom_scanner_is_one_line_of_policy(root: Path, tmp_path: Path) -> None:
    place = {"artifactLocation": {"uri": "shop/cache.py"}, "region": {"startLine": 5}}
    found = {"ruleId": "X1", "level": "error", "locations": [{"physicalLocation": place}], "message": {"text": "bad"}}
    lost = {"ruleId": "X2", "locations": [{"physicalLocation": {"artifactLocation": {"uri": "../x.py"}}}]}
    (tmp_path / "out.sarif").write_text(json.dumps({"version": "2.1.0", "runs": [{"results": [found, lost]}]}))
    (root / ".linestop").mkdir()
    (root / ".linestop" / "config.toml").write_text(f'[audit.sources]\nmine = "cat {tmp_path}/out.sarif"\n')
    report = await run(root)
    assert any(plan.chunks[0].source == "mine" and plan.gated for plan in report.plans)
    assert report.refused == ("mine: a result of X2 was refused: '../x.py' is outside of the repository",)


async def test_a_scanner_that_broke_is_named_and_the_others_still_count(root: Path) -> None:
    (root / ".linestop").mkdir()
    (root / ".linestop" / "config.toml").write_text('[audit.sources]\nmine = "no-such-scanner"\n')
    report = await run(root)
    assert report.plans
    assert "mine" in report.refused[0]
    assert "unchanged" not in ((await run(root)).nothing_new or "")


async def test_a_repository_without_python_has_nothing_to_plan(tmp_path: Path, root: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q", "-b", "main")
    commit(other, {"README": "hello\n"})
    report = await run(other)
    assert (report.nothing_new, report.plans, report.branch) == ("nothing was found", (), "")
    assert git(other, "branch", "--list", "linestop/*") == ""


async def test_a_killed_audits_checkout_is_cleared_away(root: Path) -> None:
    GitWorkspaces(root).checkout("20261121T000000-audit-dead00.audit", "main")
    await run(root)
    assert git(root, "worktree", "list").count("\n") == 1


async def test_the_workspace_of_a_ticket_is_no_killed_audits_whatever_it_is_called(root: Path) -> None:
    for name in ("audit", "audit-fixes", "audit.base"):
        GitWorkspaces(root).checkout(name, "main")
    await run(root)
    assert git(root, "worktree", "list").count("\n") == 4


@pytest.mark.parametrize("kind", ["no commits", "bare", "no repository", "a base of ours", "detached"])
async def test_a_repository_that_cannot_be_audited_is_a_clear_stop(root: Path, tmp_path: Path, kind: str) -> None:
    place = tmp_path / "elsewhere"
    match kind:
        case "no commits":
            git(tmp_path, "init", "-q", str(place))
        case "bare":
            git(tmp_path, "clone", "-q", "--bare", str(root), str(place))
        case "no repository":
            place.mkdir()
        case "a base of ours":
            place = root
            git(root, "checkout", "-qb", "linestop/plans")
        case _:
            place = root
            git(root, "checkout", "-q", "--detach")
    with pytest.raises(RepositoryError) as caught:
        await run(place)
    assert caught.value.todo


async def test_an_audit_never_touches_the_tracker(root: Path) -> None:
    await run(root)
    assert SqliteTracker(Layout(root).tracker).list() == ()


async def test_a_file_that_does_not_parse_breaks_no_source_and_waits_for_a_person(root: Path) -> None:
    commit(root, {"shop/broken.py": "import os\nx = ((((\n"})
    report = await run(root)
    broken = [plan for plan in report.plans if any("shop/broken.py" in chunk.paths for chunk in plan.chunks)]
    assert broken
    assert all(plan.gated for plan in broken)
