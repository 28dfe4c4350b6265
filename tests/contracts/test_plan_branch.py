"""The plans' branch: written without touching a checkout, read from branch and base."""

import subprocess
from pathlib import Path

import pytest

from linestop.audit.plan_files import render_plan
from linestop.blocks.git_workspaces import GitWorkspaces
from linestop.blocks.plan_branch import PLANS_BRANCH, PlanBranch
from linestop.errors import PlanError, RepositoryError
from linestop.plans import Chunk, FindingsGone, Plan


def git(root: Path, *words: str) -> str:
    argv = ["git", "-C", str(root), "-c", "user.name=t", "-c", "user.email=t@t", *words]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "home"))
    folder = tmp_path / "repository"
    (folder / "plans").mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    (folder / "plans" / "roadmap.md").write_text("---\ntitle: ours\n---\nNot a plan of linestop's.\n")
    (folder / "ü -x.py").write_text("import os\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "start")
    return folder


def plan(name: str, *fingerprints: str, **changes: object) -> Plan:
    chunk = Chunk(id="a", title="A", source="ruff", rules=("F401",), paths=("a.py",))
    made = Plan(
        id=name, title=name, purpose="p", scope=("a.py",), chunks=(chunk,), risks=("r",), fingerprints=fingerprints,
        goal=(FindingsGone(source="ruff", rules=("F401",), paths=("a.py",)),),
    )  # fmt: skip
    return made.model_copy(update=changes)


def branch(root: Path) -> PlanBranch:
    return PlanBranch(GitWorkspaces(root))


def test_plans_are_committed_on_their_branch_and_nothing_else_changes(root: Path) -> None:
    (root / "dirty.txt").write_text("left as it is")
    before = (git(root, "rev-parse", "main", "HEAD"), git(root, "status", "--porcelain"))
    commit = branch(root).write([plan("one"), plan("two")], message="two plans")
    assert git(root, "rev-parse", PLANS_BRANCH).strip() == commit
    assert (git(root, "rev-parse", "main", "HEAD"), git(root, "status", "--porcelain")) == before
    assert git(root, "diff", "--name-only", "main", PLANS_BRANCH).split() == ["plans/one.md", "plans/two.md"]
    assert [one.id for one in branch(root).plans()] == ["one", "two"]


def test_a_plan_that_is_there_already_is_never_written_again(root: Path) -> None:
    first = branch(root).write([plan("one", "f1", "f2")], message="m")
    same_findings = plan("other", "f2")
    assert branch(root).write([plan("one", "f9"), same_findings], message="m") == first
    assert branch(root).write([plan("new", "f2", "f3")], message="m") != first


def test_a_finding_that_is_back_is_planned_though_the_old_file_names_it(root: Path) -> None:
    first = branch(root).write([plan("one", "f1")], message="m")
    again = plan("two", "f1")
    assert branch(root).write([again], message="m") == first
    assert branch(root).write([again], message="m", known={"one"}) != first


def test_a_persons_edit_on_the_branch_wins_over_the_base(root: Path) -> None:
    (root / "plans" / "one.md").write_text(render_plan(plan("one")))
    git(root, "add", "-A")
    git(root, "commit", "-qm", "plan on the base")
    git(root, "checkout", "-qb", PLANS_BRANCH)
    (root / "plans" / "one.md").write_text(render_plan(plan("one", title="edited")) + "a note\n")
    git(root, "commit", "-qam", "edited")
    git(root, "checkout", "-q", "main")
    assert [(one.title, one.notes) for one in branch(root).plans()] == [("edited", "a note\n")]


def test_a_branch_somebody_stands_on_is_not_moved_under_them(root: Path) -> None:
    branch(root).write([plan("one")], message="m")
    git(root, "worktree", "add", "-q", str(root.parent / "w"), PLANS_BRANCH)
    with pytest.raises(RepositoryError) as caught:
        branch(root).write([plan("two")], message="m")
    assert str(root.parent / "w") in caught.value.found


def test_a_bad_plan_is_neither_written_nor_read_in_silence(root: Path) -> None:
    with pytest.raises(PlanError):
        branch(root).write([plan("one", risks=())], message="m")
    assert branch(root).plans() == ()
    (root / "plans" / "one.md").write_text(render_plan(plan("one")).replace("risks:", "riscs:"))
    git(root, "add", "-A")
    git(root, "commit", "-qm", "misspelt")
    with pytest.raises(PlanError) as caught:
        branch(root).plans()
    assert "plans/one.md on main" in caught.value.what
    assert "line" in caught.value.found


def test_a_plan_must_be_called_like_its_file(root: Path) -> None:
    (root / "plans" / "other.md").write_text(render_plan(plan("one")))
    git(root, "add", "-A")
    git(root, "commit", "-qm", "renamed")
    with pytest.raises(PlanError, match="called otherwise"):
        branch(root).plans()


def test_plans_that_is_a_link_is_refused_and_followed_by_nobody(root: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (root / "plans" / "roadmap.md").unlink()
    (root / "plans").rmdir()
    (root / "plans").symlink_to(tmp_path / "elsewhere")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "link")
    with pytest.raises(RepositoryError, match="no folder"):
        branch(root).write([plan("one")], message="m")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_detached_head_still_reads_and_writes_plans(root: Path) -> None:
    git(root, "checkout", "-q", "--detach")
    branch(root).write([plan("one")], message="m")
    assert [one.id for one in branch(root).plans()] == ["one"]
