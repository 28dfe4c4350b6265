"""What counts as progress of a workspace that an agent is working in, and what such a look must never do."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from linestop.blocks.worktree_state import WorktreeState


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "tree/src").mkdir(parents=True)
    (tmp_path / "tree/src/a.py").write_text("a = 1\n")
    return tmp_path / "tree"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda tree: (tree / "src/a.py").write_text("a = 2\n"), id="an edit"),
        pytest.param(lambda tree: (tree / "src/b.py").touch(), id="a new file"),
        pytest.param(lambda tree: (tree / "src/a.py").unlink(), id="a file that is gone"),
        pytest.param(lambda tree: (tree / "src/a.py").rename(tree / "a.py"), id="another name"),
        pytest.param(lambda tree: (tree / "src/a.py").chmod(0o755), id="a program"),
        pytest.param(lambda tree: (tree / "link").symlink_to("src"), id="a link"),
    ],
)
def test_work_is_progress(tree: Path, change: Callable[[Path], object]) -> None:
    state = WorktreeState(tree)
    before = state()
    change(tree)
    assert state() != before
    assert WorktreeState(tree)() == state()


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda _: None, id="nothing"),
        pytest.param(lambda tree: os.utime(tree / "src/a.py"), id="a touch"),
        pytest.param(lambda tree: (tree / "src/a.py").write_text("a = 1\n"), id="the same again"),
        pytest.param(lambda tree: (tree / "__pycache__").mkdir(), id="a cache"),
        pytest.param(lambda tree: os.mkfifo(tree / "src/pipe"), id="a pipe"),
    ],
)
def test_what_brings_nothing_about_is_no_progress(tree: Path, change: Callable[[Path], object]) -> None:
    state = WorktreeState(tree)
    before = state()
    change(tree)
    assert state() == before


def test_a_look_changes_nothing_and_follows_no_link(tree: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key").write_text("one")
    (tree / "out").symlink_to(secret)
    (tree / "key").symlink_to(secret / "key")
    (tree / "sub/.git").mkdir(parents=True)
    os.mkfifo(tree / ".gitignore")
    state = WorktreeState(tree)
    before = state()
    (secret / "key").write_text("two")
    assert state() == before
    assert (tree / "sub/.git").is_dir()
    assert (tree / ".gitignore").is_fifo()


def test_a_workspace_that_is_gone_or_bottomless_is_a_state_as_well(tree: Path) -> None:
    current = os.open(tree, os.O_RDONLY)
    for _ in range(80):
        os.mkdir("d" * 100, dir_fd=current)
        inner = os.open("d" * 100, os.O_RDONLY, dir_fd=current)
        os.close(current)
        current = inner
    os.close(current)
    assert WorktreeState(tree)() == WorktreeState(tree)()
    assert WorktreeState(tree / "nowhere")() == WorktreeState(tree / "nowhere")()
