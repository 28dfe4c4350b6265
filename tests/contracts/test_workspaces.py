"""The Workspaces port's contract. Git is the only adapter: an in-memory one would be a second git."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from linestop.blocks.git_workspaces import GitWorkspaces
from linestop.changes import ABSENT, EXECUTABLE, REGULAR, SYMLINK
from linestop.errors import InfraError, RepositoryError
from linestop.home import PIN, home, spare_home
from linestop.ports import Workspaces


def git(root: Path, *words: str) -> str:
    owner = ("-c", "user.name=Owner", "-c", "user.email=o@example.org")
    env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return subprocess.run(["git", *owner, *words], cwd=root, env=env, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "home"))
    root = tmp_path / "shop"
    (root / "src").mkdir(parents=True)
    (root / "src/a.py").write_text("a = 1\n")
    (root / "src/b.py").write_text("b = 1\n")
    git(root, "init", "-qb", "main")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "start")
    return root


@pytest.fixture(params=[GitWorkspaces], ids=["git"])
def workspaces(request: pytest.FixtureRequest, root: Path) -> Workspaces:
    make: Callable[[Path], Workspaces] = request.param
    return make(root)


@pytest.fixture
def base(workspaces: Workspaces) -> str:
    return workspaces.head("main")


@pytest.fixture
def tree(workspaces: Workspaces, base: str) -> Path:
    return workspaces.open("t", branch="linestop/t", base=base)


def test_a_workspace_is_found_again_as_it_was_left(workspaces: Workspaces, tree: Path, base: str) -> None:
    (tree / "src/a.py").write_text("half")
    assert workspaces.open("t", branch="linestop/t", base=base) == tree
    assert (tree / "src/a.py").read_text() == "half"


def test_a_workspace_lies_outside_the_repository(workspaces: Workspaces, tree: Path) -> None:
    assert not tree.is_relative_to(workspaces.root)


def test_none_is_opened_in_the_repository(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINESTOP_HOME", str(root / "home"))
    with pytest.raises(RepositoryError, match="home lies inside"):
        GitWorkspaces(root).open("t", branch="linestop/t", base="main")


def test_what_a_killed_run_left_in_the_homes_other_place_holds_no_branch(
    root: Path, tree: Path, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spare = spare_home(home())
    monkeypatch.setenv(PIN, str(spare))  # the home can't be written any more
    try:
        again = GitWorkspaces(root).open("t", branch="linestop/t", base=base)
        assert again.is_relative_to(spare)
        assert str(tree) not in git(root, "worktree", "list")
    finally:
        shutil.rmtree(spare, ignore_errors=True)


def test_what_changed_becomes_one_commit_on_the_branch(workspaces: Workspaces, tree: Path, base: str) -> None:
    (tree / "src/a.py").write_text("a = 2\n")
    (tree / "new.py").write_text("n = 1\n")
    (tree / "src/b.py").unlink()
    commit = workspaces.commit(tree, message="work\n")
    assert commit == workspaces.head("linestop/t")
    assert set(workspaces.changed(base, commit)) == {"src/a.py", "new.py", "src/b.py"}
    assert set(workspaces.files(commit)) == {"src/a.py", "new.py"}
    assert workspaces.read(commit, "new.py") == b"n = 1\n"
    assert workspaces.read(commit, "src/b.py") is None
    assert "+a = 2" in workspaces.diff(tree, base, commit)
    assert workspaces.head("main") == base


def test_nothing_changed_is_no_commit(workspaces: Workspaces, tree: Path) -> None:
    assert workspaces.commit(tree, message="nothing\n") is None


def test_a_commit_on_a_parent_takes_in_what_was_committed_there(workspaces: Workspaces, tree: Path, base: str) -> None:
    (tree / "src/a.py").write_text("secret = 1\n")
    git(tree, "commit", "-qam", "by whoever works here")
    (tree / "src/a.py").write_text("a = 3\n")
    commit = workspaces.commit(tree, message="work\n", parent=base)
    assert commit is not None
    assert git(tree, "rev-list", f"{base}..{commit}").split() == [commit]
    workspaces.reset(tree, base)
    (tree / "src/a.py").write_text("a = 4\n")
    git(tree, "commit", "-qam", "all of it, by whoever works here")
    assert workspaces.commit(tree, message="work\n", parent=base) is not None


def test_changes_carry_bytes_and_modes(workspaces: Workspaces, tree: Path, base: str) -> None:
    (tree / "src/a.py").chmod(0o755)
    (tree / "src/b.py").unlink()
    (tree / "link").symlink_to("src/a.py")
    commit = workspaces.commit(tree, message="work\n")
    assert commit is not None
    seen = {one.path: (one.before_mode, one.after_mode, one.after) for one in workspaces.changes(base, commit)}
    assert seen == {
        "src/a.py": (REGULAR, EXECUTABLE, b"a = 1\n"),
        "src/b.py": (REGULAR, ABSENT, None),
        "link": (ABSENT, SYMLINK, b"src/a.py"),
    }


def test_a_snapshot_moves_nothing(workspaces: Workspaces, tree: Path, base: str) -> None:
    (tree / "src/a.py").write_text("a = 2\n")
    snapshot = workspaces.snapshot(tree)
    assert workspaces.read(snapshot, "src/a.py") == b"a = 2\n"
    assert workspaces.head("linestop/t") == base


def test_reset_throws_everything_after_a_commit_away(workspaces: Workspaces, tree: Path, base: str) -> None:
    (tree / "src/a.py").write_text("a = 2\n")
    workspaces.commit(tree, message="work\n")
    (tree / "untracked").mkdir()
    (tree / "untracked/x").write_text("x")
    workspaces.reset(tree, base)
    assert workspaces.head("linestop/t") == base
    assert (tree / "src/a.py").read_text() == "a = 1\n"
    assert not (tree / "untracked").exists()


def test_restore_puts_paths_back_and_takes_new_ones_out(workspaces: Workspaces, tree: Path, base: str) -> None:
    (tree / "src/a.py").write_text("a = 2\n")
    (tree / "conftest.py").write_text("")
    commit = workspaces.commit(tree, message="work\n")
    assert commit is not None
    checkout = workspaces.checkout("t-check", commit)
    workspaces.restore(checkout, commit=base, paths=("src/a.py", "conftest.py"))
    assert (checkout / "src/a.py").read_text() == "a = 1\n"
    assert not (checkout / "conftest.py").exists()
    assert workspaces.head("linestop/t") == commit


def test_a_checkout_is_clean_each_time(workspaces: Workspaces, base: str) -> None:
    first = workspaces.checkout("c", base)
    (first / "left.py").write_text("")
    assert not (workspaces.checkout("c", base) / "left.py").exists()


def test_closing_is_final_and_may_be_done_twice(workspaces: Workspaces, tree: Path) -> None:
    (tree / "src/a.py").write_text("lost")
    workspaces.close("t")
    workspaces.close("t")
    workspaces.close("never-there")
    assert not tree.exists()
    assert workspaces.head("linestop/t")


def test_contains_knows_a_commit_and_a_patch_that_is_the_same(workspaces: Workspaces, tree: Path, base: str) -> None:
    (tree / "src/a.py").write_text("a = 2\n")
    commit = workspaces.commit(tree, message="work\n")
    assert commit is not None
    assert workspaces.contains("linestop/t", commit)
    assert workspaces.contains("linestop/t", base)
    assert not workspaces.contains("main", commit)
    git(workspaces.root, "cherry-pick", "--no-gpg-sign", "-x", commit)
    assert workspaces.contains("main", commit)
    assert not workspaces.contains("gone", commit)
    assert not workspaces.contains("main", "1" * 40)


def test_an_empty_branch_goes_and_one_with_work_stays(workspaces: Workspaces, tree: Path, base: str) -> None:
    workspaces.close("t")
    workspaces.drop_branch("linestop/t", at="1" * 40)
    assert workspaces.head("linestop/t") == base
    workspaces.drop_branch("linestop/t", at=base)
    with pytest.raises(RepositoryError):
        workspaces.head("linestop/t")
    workspaces.drop_branch("linestop/t", at=base)


def test_commits_of_a_person_are_set_aside_and_ours_are_not(workspaces: Workspaces, tree: Path, base: str) -> None:
    (tree / "src/a.py").write_text("a = 2\n")
    workspaces.commit(tree, message="work\n\nLinestop-Ticket: t\n")
    assert workspaces.set_aside("linestop/t", tip=base, ticket="t") is None
    git(tree, "commit", "-q", "--allow-empty", "-m", "by hand")
    mine = git(tree, "rev-parse", "HEAD").strip()
    kept = workspaces.set_aside("linestop/t", tip=base, ticket="t")
    assert kept is not None
    assert workspaces.head(kept) == mine
    assert workspaces.set_aside("linestop/never", tip=base, ticket="never") is None


@pytest.mark.parametrize("head", ["ref: refs/heads/main", "detached"])
def test_a_workspace_off_its_branch_is_written_by_nobody(
    workspaces: Workspaces, tree: Path, base: str, head: str
) -> None:
    words = ("checkout", "-q", "--detach") if head == "detached" else ("symbolic-ref", "HEAD", "refs/heads/main")
    git(tree, *words)
    (tree / "src/a.py").write_text("a = 2\n")
    with pytest.raises(RepositoryError, match="another branch"):
        workspaces.commit(tree, message="work\n")
    assert workspaces.head("main") == base
    assert workspaces.open("t", branch="linestop/t", base=base) == tree
    assert (tree / "src/a.py").read_text() == "a = 1\n"


def test_a_branch_that_its_owner_has_checked_out_is_left_to_them(workspaces: Workspaces, base: str) -> None:
    git(workspaces.root, "checkout", "-qb", "linestop/t")
    with pytest.raises(InfraError, match="is checked out") as caught:
        workspaces.open("t", branch="linestop/t", base=base)
    assert str(workspaces.root) in caught.value.found


def test_the_base_branch_is_the_configured_one_else_the_one_checked_out(workspaces: Workspaces) -> None:
    assert workspaces.base_branch("release") == "release"
    assert workspaces.base_branch(None) == "main"
