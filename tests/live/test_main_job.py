"""The main job as its users meet it: the command, a server of its own, the bundled example, a kill in the middle."""

import hashlib
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from linestop.blocks.git_workspaces import GitWorkspaces
from linestop.deployments.example_repository import example_repository
from linestop.paths import Layout
from linestop.tracker import SqliteTracker
from tests.live.linestop_command import LINESTOP, environment, linestop, machine, reported

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with machine(tmp_path_factory.mktemp("home"), new=True) as home:
        yield home


def everything(root: Path) -> str:
    """Return a hash of each file of a checkout and of its base branch, but for linestop's own state."""
    digest = hashlib.sha256(GitWorkspaces(root).head("main").encode())
    for path in sorted(root.rglob("*")):
        inside = path.relative_to(root)
        if inside.parts[0] in {".git", ".linestop"} or not path.is_file():
            continue
        digest.update(str(inside).encode() + path.read_bytes())
    digest.update((root / ".git" / "index").read_bytes() + (root / ".git" / "HEAD").read_bytes())
    return digest.hexdigest()


def test_the_main_job_delivers_branches_and_leaves_the_checkout_as_it_was(home: Path, tmp_path: Path) -> None:
    root = example_repository(tmp_path / "example")
    before = everything(root)
    reports = reported(home, "run", str(root))
    assert everything(root) == before
    done = [ticket for ticket in reports["execution"]["tickets"] if ticket["state"] == "done" and ticket["commits"]]
    assert done, reports
    workspaces = GitWorkspaces(root)
    for ticket in done:
        plan = SqliteTracker(Layout(root).tracker).get(ticket["id"]).plan
        touched = set(workspaces.changed("main", ticket["branch"]))
        assert touched <= {path for chunk in plan.chunks for path in chunk.paths}
    assert workspaces.files("linestop/wiki")
    again = reported(home, "run", str(root))
    assert again["audit"]["plans"] == []
    assert again["execution"]["ran"] == []
    assert again["documentation"]["commit"] is None


def test_a_killed_run_is_resumed_without_losing_or_repeating_work(home: Path, tmp_path: Path) -> None:
    root = example_repository(tmp_path / "example")
    assert linestop(home, "audit", str(root)).returncode == 0
    tracker = SqliteTracker(Layout(root).tracker)
    run = subprocess.Popen([LINESTOP, "execute", str(root)], env=environment(home), stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 300
    while not any(ticket.progress for ticket in tracker.list()):
        assert run.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < deadline
    run.send_signal(signal.SIGKILL)
    run.wait()
    kept = {ticket.id: dict(ticket.progress) for ticket in tracker.list()}
    report = reported(home, "execute", str(root))
    assert report["answer"] in {"done", "waiting"}
    for ticket in tracker.list():
        assert kept[ticket.id].items() <= ticket.progress.items()
    assert "killed" in linestop(home, "history", str(root)).stdout
