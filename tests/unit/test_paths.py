"""Where things are kept, and that two repositories never share a place."""

import subprocess
from pathlib import Path

import pytest

from linestop.errors import RepositoryError
from linestop.paths import Layout, repository_key, repository_root


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    git(root, "init", "-q")
    git(root, "-c", "user.name=t", "-c", "user.email=t@t", "commit", "-q", "--allow-empty", "-m", "start")
    return root


def test_a_folder_inside_a_repository_leads_to_its_root(repository: Path) -> None:
    (repository / "a" / "b").mkdir(parents=True)
    assert repository_root(repository / "a" / "b") == repository


def test_a_worktree_leads_to_its_main_checkout(repository: Path, tmp_path: Path) -> None:
    git(repository, "worktree", "add", "-q", "--detach", str(tmp_path / "tree"))
    assert repository_root(tmp_path / "tree") == repository


def test_a_folder_without_a_repository_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(RepositoryError) as caught:
        repository_root(tmp_path)
    assert caught.value.todo


def test_two_repositories_with_one_basename_never_share_a_key(tmp_path: Path) -> None:
    assert repository_key(tmp_path / "a" / "project") != repository_key(tmp_path / "b" / "project")


def test_the_state_folder_ignores_itself(repository: Path) -> None:
    Layout(repository).ensure()
    status = subprocess.run(
        ["git", "-C", str(repository), "status", "--porcelain"], check=True, capture_output=True, text=True
    )
    assert status.stdout == ""


@pytest.mark.parametrize(
    "place",
    [
        pytest.param(".linestop", id="the-folder-itself"),
        pytest.param(".linestop/.gitignore", id="a-file-that-is-not-there-yet"),
        pytest.param(".linestop/runs", id="records"),
        pytest.param(".linestop/tracker.db", id="tracker"),
        pytest.param(".linestop/plans.lock", id="a-lock"),
        pytest.param(".linestop/incidents", id="incidents"),
        pytest.param(".linestop/incidents/.lock", id="a-lock-below"),
        pytest.param(".linestop/baselines/1.lock", id="baselines"),
    ],
)
def test_a_repository_that_brings_a_link_for_its_state_gets_nothing_written_elsewhere(
    repository: Path, tmp_path: Path, place: str
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (repository / place).parent.mkdir(parents=True, exist_ok=True)
    (repository / place).symlink_to(elsewhere / "new" if "." in Path(place).name[1:] else elsewhere)
    with pytest.raises(RepositoryError) as caught:
        Layout(repository).ensure()
    assert caught.value.found == str(repository / place)
    assert list(elsewhere.iterdir()) == []


def test_a_policy_may_be_a_link_for_it_is_only_read(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("")
    (repository / ".linestop").mkdir()
    (repository / ".linestop" / "config.toml").symlink_to(tmp_path / "config.toml")
    assert Layout(repository).ensure().runs.is_dir()
