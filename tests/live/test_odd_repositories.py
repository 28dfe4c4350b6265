"""Repositories of every shape, through the installed commands: success or a clear message, and nothing is touched."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.linestop_command import linestop, machine
from tests.live.odd_shops import git, shop, state_of

pytestmark = pytest.mark.live
ALL = ("run", "audit", "execute", "document", "doctor", "ticket list", "oracle")
FEW = ("run", "execute", "oracle")  # run goes through the audit and the documentation


def empty(root: Path) -> Path:
    root.mkdir()
    git(root, "init", "-qb", "main")
    return root


def one_empty_commit(root: Path) -> Path:
    git(empty(root), "commit", "-q", "--allow-empty", "-m", "start")
    return root


def bare(root: Path) -> Path:
    git(shop(root.with_name("source")), "clone", "-q", "--bare", ".", str(root))
    return root


def detached(root: Path) -> Path:
    git(shop(root), "checkout", "-q", "--detach")
    return root


def no_python(root: Path) -> Path:
    root.mkdir()
    (root / "cart.js").write_text("function cart() { return 1 }\n")
    git(root, "init", "-qb", "main")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "start")
    return root


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with machine(tmp_path_factory.mktemp("home")) as home:
        yield home


SHAPES = {
    "empty": (empty, ALL, "no commit at 'main'"),
    "one empty commit": (one_empty_commit, FEW, ""),
    "bare.git": (bare, ALL, "a bare repository"),
    "detached": (detached, ("run", "document", "execute"), "a detached HEAD"),
    "no python": (no_python, FEW, ""),
}


@pytest.mark.parametrize("name", SHAPES)
def test_every_command_ends_well_or_says_why_not(home: Path, tmp_path: Path, name: str) -> None:
    make, commands, message = SHAPES[name]
    root = make(tmp_path / name)
    before = state_of(root)
    said = ""
    for command in commands:
        ended = linestop(home, *command.split(), *(["."] if command == "run" else []), cwd=root)
        assert "Traceback" not in ended.stderr + ended.stdout, command
        assert "unexpected" not in ended.stderr, (command, ended.stderr)
        assert ended.returncode in {0, 1, 2, 3, 4}, (command, ended.returncode)
        if ended.returncode in {1, 2} and command != "doctor":
            assert "do: " in ended.stderr, (command, ended.stderr)
        said += ended.stderr
    assert message in said
    assert state_of(root) == before


def test_a_folder_that_is_none_and_one_without_a_repository_are_told_apart(home: Path, tmp_path: Path) -> None:
    for where, message in ((tmp_path / "gone", "there is no folder"), (tmp_path, "not in a git repository")):
        ended = linestop(home, "run", str(where))
        assert ended.returncode == 1
        assert message in ended.stderr


def test_a_folder_below_the_root_and_a_linked_worktree_mean_their_repository(home: Path, tmp_path: Path) -> None:
    root = shop(tmp_path / "shop")
    git(root, "worktree", "add", "-q", str(tmp_path / "linked"))
    shutil.copytree(root / "shop", root / "shop/deep")
    for where in (root / "shop/deep", tmp_path / "linked"):
        ended = linestop(home, "ticket", "list", cwd=where)
        assert ended.returncode == 0
        assert os.fspath(root) in ended.stderr
