"""Repositories of every shape, through the installed commands: success or a clear message, and nothing is touched."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.linestop_command import linestop, machine, reported

pytestmark = pytest.mark.live
ALL = ("run", "audit", "execute", "document", "doctor", "ticket list", "oracle")
FEW = ("run", "execute", "oracle")  # run goes through the audit and the documentation
STOCK = "import json\n\n\ndef count(items):\n    return len(items)\n"
TEST = "from shop.stock import count\n\n\ndef test_count():\n    assert count('ab') == 2\n"
PROJECT = '[project]\nname = "shop"\nversion = "1"\n[tool.pytest.ini_options]\npythonpath = ["."]\n'


def git(folder: Path, *words: str) -> None:
    owner = ("-c", "user.name=Owner", "-c", "user.email=o@example.org", "-c", "protocol.file.allow=always")
    subprocess.run(["git", *owner, *words], cwd=folder, check=True, capture_output=True)


def shop(root: Path) -> Path:
    files = {"shop/__init__.py": "", "shop/stock.py": STOCK, "tests/test_stock.py": TEST, "pyproject.toml": PROJECT}
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    git(root, "init", "-qb", "main")
    for message in ("first", "second"):
        (root / "notes.txt").write_text(message)
        git(root, "add", "-A")
        git(root, "commit", "-qm", message)
    return root


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


def shallow(root: Path) -> Path:
    source = shop(root.with_name("source"))
    git(source, "clone", "-q", "--depth", "1", f"file://{source}", str(root))
    return root


def no_python(root: Path) -> Path:
    root.mkdir()
    (root / "cart.js").write_text("function cart() { return 1 }\n")
    git(root, "init", "-qb", "main")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "start")
    return root


def dirty(root: Path) -> Path:
    shop(root)
    (root / "shop/stock.py").write_text(STOCK + "\n\ndef half(")
    (root / "-staged here.py").write_text("staged = 1\n")
    git(root, "add", "--", "-staged here.py")
    (root / "untracked\nü.py").write_text("import os\n")
    return root


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with machine(tmp_path_factory.mktemp("home")) as home:
        yield home


def state_of(root: Path) -> dict[str, object]:
    """Return each file's bytes and time, the index's and HEAD's too; linestop's own state apart."""
    inside = [path for path in root.rglob("*") if not {".git", ".linestop"}.intersection(path.relative_to(root).parts)]
    watched = [*inside, *(path for path in (root / ".git/index", root / ".git/HEAD", root / "HEAD") if path.is_file())]
    return {str(path): _seen(path) for path in watched}


def _seen(path: Path) -> object:
    status = path.lstat()
    return (status.st_mtime_ns, status.st_mode, hashlib.sha256(path.read_bytes()).digest() if path.is_file() else b"")


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


WORKING = {"shallow": shallow, "dirty": dirty, "-odd name\nnew ünï $(touch pwned)": shop}


@pytest.mark.parametrize("name", WORKING)
def test_a_ticket_is_delivered_in_any_checkout_that_has_a_commit(home: Path, tmp_path: Path, name: str) -> None:
    root = WORKING[name](tmp_path / name)
    before = state_of(root)
    reports = reported(home, "run", ".", cwd=root)
    assert state_of(root) == before
    assert [ticket["state"] for ticket in reports["execution"]["tickets"]] == ["done"], reports["execution"]
    assert linestop(home, "oracle", cwd=root).returncode == 0
    for command in ("ticket list", "batch status", "history", "insight", "doctor"):
        ended = linestop(home, *command.split(), cwd=root)
        assert ended.returncode == 0, (command, ended.stderr)
    assert state_of(root) == before
    assert not (root / "pwned").exists()


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
