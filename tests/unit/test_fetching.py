"""A merged commit that a clone hasn't got yet is fetched, and nothing of the clone moves."""

import subprocess
from pathlib import Path

import pytest

from linestop.deployments.fetching import fetch_base
from linestop.deployments.registry import Registered
from linestop.errors import InfraError


def git(folder: Path, *words: str) -> str:
    return subprocess.check_output(
        ["git", "-c", "user.name=a", "-c", "user.email=a@b.invalid", *words], cwd=folder, text=True
    ).strip()  # fmt: skip


@pytest.fixture
def forge(tmp_path: Path) -> Path:
    forge = tmp_path / "forge"
    forge.mkdir()
    git(forge, "init", "-q", "-b", "main")
    git(forge, "commit", "-q", "--allow-empty", "-m", "start")
    return forge


def test_a_missing_commit_comes_without_moving_a_branch_or_running_a_hook(forge: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", str(forge), "clone")
    clone = tmp_path / "clone"
    hook = clone / ".git" / "hooks" / "reference-transaction"
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    hook.chmod(0o755)
    before = git(clone, "for-each-ref")
    (tmp_path / "ran").unlink(missing_ok=True)
    git(forge, "commit", "-q", "--allow-empty", "-m", "merged")
    merged = git(forge, "rev-parse", "HEAD")
    fetch_base(Registered(key="clone-1", path=clone, base="main"), merged)
    assert not (tmp_path / "ran").exists()
    assert git(clone, "cat-file", "-t", merged) == "commit"
    after = [line for line in git(clone, "for-each-ref").splitlines() if "refs/linestop/" not in line]
    assert after == before.splitlines()


def test_a_remote_that_is_away_may_be_tried_again(forge: Path) -> None:
    with pytest.raises(InfraError) as refused:
        fetch_base(Registered(key="forge-1", path=forge, base="main"), "0" * 40)
    assert "origin" in refused.value.found
