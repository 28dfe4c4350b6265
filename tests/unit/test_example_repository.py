"""The bundled example repository: the same everywhere, green, and full of real defects."""

import subprocess
import sys
from pathlib import Path

import pytest

from linestop.deployments.example_repository import example_repository
from linestop.errors import RepositoryError

HEAD = "5ff3ad21b884ce575854a9923421b72274b2b71b"


def git(root: Path, *words: str) -> str:
    return subprocess.run(["git", "-C", str(root), *words], check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return example_repository(tmp_path_factory.mktemp("home") / "example")


def test_its_commits_are_the_same_on_every_machine(example: Path) -> None:
    assert git(example, "rev-parse", "main") == HEAD


def test_it_has_a_history_of_several_people(example: Path) -> None:
    assert len(git(example, "log", "--format=%h").splitlines()) >= 6
    assert len(set(git(example, "log", "--format=%an").splitlines())) >= 3
    assert git(example, "status", "--porcelain") == ""
    assert git(example, "symbolic-ref", "--short", "HEAD") == "main"


def test_its_own_tests_are_green(example: Path) -> None:
    done = _tests(example)
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout


def test_it_has_findings_of_several_kinds(example: Path) -> None:
    rules = "F401,F841,B006,B904,E711,UP006,PERF401,S602,S324"
    found = _ruff(example, "--select", rules, "--output-format", "concise").stdout
    assert all(f" {rule} " in found for rule in rules.split(","))


def test_the_safe_fix_of_an_unused_import_breaks_a_test_that_relies_on_it(example: Path, tmp_path: Path) -> None:
    git(example, "worktree", "add", "--quiet", "--detach", str(tmp_path / "tree"))
    _ruff(tmp_path / "tree", "--select", "F401", "--fix")
    done = _tests(tmp_path / "tree")
    assert done.returncode != 0
    assert "LOAN_DAYS" in done.stdout


def test_an_existing_one_keeps_its_state(example: Path) -> None:
    (example / "note.txt").write_text("mine")
    assert example_repository(example) == example
    assert (example / "note.txt").read_text() == "mine"
    (example / "note.txt").unlink()


def test_a_folder_with_something_else_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(RepositoryError) as caught:
        example_repository(tmp_path)
    assert caught.value.todo
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def _tests(root: Path) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:asyncio"]
    return subprocess.run(argv, cwd=root, capture_output=True, text=True, check=False)


def _ruff(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--exit-zero", *words, "src"]
    return subprocess.run(argv, cwd=root, capture_output=True, text=True, check=True)
