"""The branch `linestop/wiki` in real repositories: what is committed, what is kept, what is refused."""

import os
import subprocess
from pathlib import Path

import pytest

from linestop.blocks.git_history import GitHistory
from linestop.blocks.git_workspaces import GitWorkspaces
from linestop.blocks.wiki_branch import WikiBranch
from linestop.errors import RepositoryError
from linestop.wiki import BRANCH, Source, build, lint

CART = "wiki/20_SYSTEM/shop.cart.md"
ENVIRONMENT = {
    "PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_AUTHOR_NAME": "Ann", "GIT_AUTHOR_EMAIL": "a@x.invalid", "GIT_COMMITTER_NAME": "Ann",
    "GIT_COMMITTER_EMAIL": "a@x.invalid",
}  # fmt: skip


def git(root: Path, *words: str) -> str:
    return subprocess.run(
        ["git", "-C", str(root), *words], check=True, capture_output=True, text=True, env=ENVIRONMENT
    ).stdout.strip()


def commit(root: Path, message: str = "change", **files: str) -> str:
    for name, text in files.items():
        (root / "shop").mkdir(exist_ok=True)
        (root / "shop" / f"{name}.py").write_text(text)
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "-m", message)
    return git(root, "rev-parse", "HEAD")


def write(root: Path, path: str, text: str) -> None:
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text)


def document(root: Path, ref: str = "main") -> str | None:
    workspaces = GitWorkspaces(root)
    base = workspaces.head(ref)
    history = GitHistory(workspaces)
    source = Source("shop", history.files(base), history.log(base), paths=frozenset(workspaces.files(base)))
    branch = WikiBranch(workspaces)
    state = branch.state(base)
    wiki = build(source, state.pages)
    assert [str(one) for one in lint(wiki, state.others)] == []
    return branch.write(state, wiki.pages, message="docs: wiki")


def shown(root: Path, path: str, ref: str = BRANCH) -> str:
    return git(root, "show", f"{ref}:{path}")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "home"))
    root = tmp_path / "shop"
    root.mkdir()
    git(root, "init", "--quiet", "--initial-branch=main")
    commit(root, "start", __init__='"""A shop."""\n', cart='"""Carts."""\n', money='"""Money."""\n')
    return root


def test_the_wiki_is_one_commit_on_its_branch_and_nothing_else_moves(root: Path) -> None:
    (root / "dirty.txt").write_text("x")
    before = (git(root, "rev-parse", "main"), git(root, "status", "--porcelain"), sorted(root.iterdir()))
    made = document(root)
    assert made == git(root, "rev-parse", BRANCH)
    assert git(root, "rev-parse", f"{BRANCH}^") == before[0]
    assert (git(root, "rev-parse", "main"), git(root, "status", "--porcelain"), sorted(root.iterdir())) == before
    changed = git(root, "diff", "--name-only", "main", BRANCH).splitlines()
    assert all(path.startswith("wiki/") or path == "agents/CONTEXT.md" for path in changed)


def test_an_unchanged_repository_makes_no_commit(root: Path) -> None:
    document(root)
    assert document(root) is None


@pytest.mark.parametrize("how", [["--no-ff"], ["--ff-only"], ["--squash"]], ids=lambda how: how[0])
def test_after_its_merge_there_is_nothing_new(root: Path, how: list[str]) -> None:
    document(root)
    git(root, "merge", "--quiet", *how, BRANCH, *(["-m", "merge"] if how == ["--no-ff"] else []))
    if how == ["--squash"]:
        git(root, "commit", "--quiet", "-m", "wiki")
    assert document(root) is None


def test_a_change_of_a_module_writes_its_page_and_the_log_and_no_other_module(root: Path) -> None:
    first = document(root)
    commit(root, "baskets", cart='"""Baskets."""\n')
    second = document(root)
    assert first
    assert second
    changed = git(root, "diff", "--name-only", first, second, "--", "wiki").splitlines()
    assert CART in changed
    assert "wiki/20_SYSTEM/shop.money.md" not in changed
    assert git(root, "diff", "main", BRANCH, "--", "shop") == ""
    assert git(root, "merge-base", "--is-ancestor", "main", BRANCH) == ""


def test_edits_of_people_on_the_branch_and_on_the_base_are_both_kept(root: Path, tmp_path: Path) -> None:
    document(root)
    git(root, "merge", "--quiet", "--no-ff", BRANCH, "-m", "merge")
    write(root, CART, (root / CART).read_text() + "\nOn the base.\n")
    write(root, "shop/cart.py", '"""Baskets."""\n')
    commit(root, "on the base")
    side = tmp_path / "side"
    git(root, "worktree", "add", "--quiet", str(side), BRANCH)
    write(side, CART, "On the branch.\n\n" + (side / CART).read_text())
    write(side, "wiki/10_DOMAIN/mine.md", "[cart](../20_SYSTEM/shop.cart.md)\n")
    write(side, "wiki/index.md", (side / "wiki/index.md").read_text() + "\n[mine](10_DOMAIN/mine.md)\n")
    write(side, "picture.svg", "<svg/>")
    commit(side, "on the branch")
    git(root, "worktree", "remove", "--force", str(side))
    assert document(root)
    text = shown(root, CART)
    assert text.startswith("On the branch.")
    assert text.endswith("On the base.")
    assert "Baskets." in text
    assert "mine.md" in shown(root, "wiki/index.md")
    assert shown(root, "picture.svg") == "<svg/>"
    assert shown(root, "shop/cart.py") == '"""Baskets."""'
    assert document(root) is None
    git(root, "merge", "--quiet", "--ff-only", BRANCH)


def test_a_file_outside_the_wiki_that_both_sides_changed_is_refused(root: Path, tmp_path: Path) -> None:
    document(root)
    side = tmp_path / "side"
    git(root, "worktree", "add", "--quiet", str(side), BRANCH)
    commit(side, "side", cart="A = 1\n")
    git(root, "worktree", "remove", "--force", str(side))
    commit(root, "base", cart="A = 2\n")
    with pytest.raises(RepositoryError, match=r"shop/cart\.py"):
        document(root)


@pytest.mark.parametrize("path", ["wiki", "wiki/20_SYSTEM", "agents", CART])
def test_nothing_is_read_or_written_through_a_link(root: Path, tmp_path: Path, path: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).symlink_to(outside)
    commit(root, "link")
    with pytest.raises(RepositoryError, match="is a link or a file"):
        document(root)
    assert list(outside.iterdir()) == []


def test_a_source_file_that_is_a_link_is_named_and_not_followed(root: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.py"
    secret.write_text('"""Top secret."""\n')
    (root / "shop" / "leak.py").symlink_to(secret)
    commit(root, "leak")
    document(root)
    assert "secret" not in git(root, "diff", "main", BRANCH).lower()
    assert "| link |" in shown(root, "wiki/20_SYSTEM/files/shop.md")


def test_a_branch_that_is_checked_out_is_not_pulled_from_under_a_person(root: Path) -> None:
    document(root)
    git(root, "checkout", "--quiet", BRANCH)
    before = git(root, "rev-parse", "HEAD")
    git(root, "branch", "-f", "main", "main")
    git(root, "checkout", "--quiet", "main")
    commit(root, "change", cart='"""Baskets."""\n')
    git(root, "checkout", "--quiet", BRANCH)
    with pytest.raises(RepositoryError, match="is checked out"):
        document(root)
    assert git(root, "rev-parse", "HEAD") == before
    assert git(root, "status", "--porcelain") == ""


def test_odd_file_names_survive_git(root: Path) -> None:
    for name in ("-rf", "a b", "new\nline", 'quo"te', "né", "tab\t", ":(exclude)x", "back\\slash"):
        (root / name).mkdir()
        (root / name / "x.txt").write_text("# Odd.\n")
    commit(root, "odd")
    assert document(root)
    assert document(root) is None


def test_a_shallow_clone_is_documented(root: Path, tmp_path: Path) -> None:
    commit(root, "more", cart='"""Baskets."""\n')
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--depth=1", root.as_uri(), str(clone))
    assert document(clone)
    assert document(clone) is None


def test_a_repository_without_commits_says_so(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    with pytest.raises(RepositoryError, match="no commit at 'main'"):
        document(tmp_path)


def test_commit_messages_and_authors_are_hostile_too(root: Path) -> None:
    git(root, "commit", "--quiet", "--allow-empty", "-m", "empty")
    write(root, "x.txt", "x")
    git(root, "add", "--all")
    evil = "<!-- /claim --> [x](javascript:1) \x1b[31m\x01"
    git(root, "-c", f"user.name={evil}", "commit", "--quiet", "-m", evil)
    assert document(root)
    assert "\x1b" not in shown(root, "wiki/log.md")
    assert document(root) is None


def test_no_hook_of_the_repository_runs(root: Path, tmp_path: Path) -> None:
    for name in ("reference-transaction", "post-commit", "pre-commit", "post-checkout"):
        hook = root / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
        hook.chmod(0o755)
    assert document(root)
    assert not (tmp_path / "ran").exists()
