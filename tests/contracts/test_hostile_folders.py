"""A workspace that is made to be unremovable, or that changes under linestop's hands, harms nobody."""

import os
import subprocess
import sys
from pathlib import Path
from time import monotonic

import pytest

from linestop.blocks.check_folder import CheckFolder
from linestop.blocks.git_workspaces import GitWorkspaces
from linestop.blocks.sandboxes.cells import scratch
from linestop.blocks.sandboxes.growth import used
from linestop.blocks.worktree_folders import remove, sweep
from linestop.errors import RepositoryError
from tests.contracts.test_workspaces import root  # noqa: F401  # a fixture

SWAP = """
import ctypes, sys
libc, (one, other) = ctypes.CDLL(None), map(str.encode, sys.argv[1:])
print(libc.renameat2(-100, one, -100, other, 2), flush=True)
while True:
    libc.renameat2(-100, one, -100, other, 2)
"""


def dig(folder: Path, levels: int, content: bytes = b"x") -> None:
    """Make folders in each other: the last one's path is longer than any call takes."""
    current = os.open(folder, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir("d" * 100, dir_fd=current)
        inner = os.open("d" * 100, os.O_RDONLY, dir_fd=current)
        os.close(current)
        current = inner
    with os.fdopen(os.open("file", os.O_WRONLY | os.O_CREAT, 0o600, dir_fd=current), "wb") as file:
        file.write(content)
    os.close(current)


def test_a_bottomless_folder_is_removed(tmp_path: Path) -> None:
    (tmp_path / "w").mkdir()
    dig(tmp_path / "w", 1_100)
    (tmp_path / "w/locked/in").mkdir(parents=True)
    (tmp_path / "w/locked").chmod(0)
    remove(tmp_path / "w")
    assert not (tmp_path / "w").exists()


def test_a_bottomless_workspace_is_the_makers_doing_and_is_cleaned_up(root: Path) -> None:  # noqa: F811
    workspaces = GitWorkspaces(root)
    base = workspaces.head("main")
    tree = workspaces.open("t", branch="linestop/t", base=base)
    dig(tree, 120)
    with pytest.raises(RepositoryError, match="can't be recorded"):
        workspaces.commit(tree, message="x\n")
    with pytest.raises(RepositoryError):  # whoever starts over makes it anew then
        workspaces.reset(tree, base)
    workspaces.close("t")
    assert not tree.exists()
    workspaces.reset(workspaces.open("t", branch="linestop/t", base=base), base)


def test_a_bottomless_home_of_an_agent_is_gone_with_its_cell(tmp_path: Path) -> None:
    with scratch(tmp_path / "cells") as made:
        dig(made.home, 120)
    assert not list((tmp_path / "cells").iterdir())


def test_what_checks_leave_is_gone_however_deep_it_is(tmp_path: Path) -> None:
    with CheckFolder(tmp_path) as folder:
        dig(folder.scratch / "home", 1_100)
    assert not folder.scratch.exists()


def test_nothing_grows_unseen_where_paths_are_too_long(tmp_path: Path) -> None:
    dig(tmp_path, 60, b"x" * 2**16)
    assert used(tmp_path, most=2**30) > 2**30


def test_a_folder_that_becomes_a_link_meanwhile_leads_nowhere(tmp_path: Path) -> None:
    owner, tree = tmp_path / "owner", tmp_path / "tree"
    (owner / ".git").mkdir(parents=True)
    (tree / "one/.git").mkdir(parents=True)
    (tree / "two").symlink_to(owner)
    for number in range(200):
        (tree / f"one/{number}").touch()
    with subprocess.Popen(
        [sys.executable, "-c", SWAP, str(tree / "one"), str(tree / "two")], stdout=subprocess.PIPE
    ) as swapper:
        assert swapper.stdout is not None
        if swapper.stdout.readline() != b"0\n":
            swapper.kill()
            pytest.skip("this disk can't exchange two names")
        end = monotonic() + 0.5
        while monotonic() < end and (owner / ".git").exists():
            sweep(tree)
            for name in ("one", "two"):
                place = os.open(tree / name, os.O_PATH)
                if not os.path.samestat(os.fstat(place), owner.stat()):
                    (Path(f"/proc/self/fd/{place}") / ".git").mkdir(exist_ok=True)
                os.close(place)
        swapper.kill()
    assert (owner / ".git").exists()
