"""A home on a read-only disk costs a run its memory there and no more: the ticket is done, and all of it is said."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from linestop.memory.lessons import Tier
from linestop.paths import Layout, global_lessons
from linestop.runs import read_run
from linestop.runs.find import run_folders
from tests.flows.small_shop import small_shop, unused_imports, write_plans
from tests.live.linestop_command import LINESTOP, environment
from tests.unit.test_memory_broken import taught

# An ordinary user is root in a namespace of their own, where that is allowed.
UNSHARE = ["unshare", "--mount", *([] if os.getuid() == 0 else ["--map-root-user"])]
POSSIBLE = (
    shutil.which("unshare") and subprocess.run([*UNSHARE, "true"], capture_output=True, check=False).returncode == 0
)
pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(not POSSIBLE, reason="no mount namespace can be made here: unshare --mount"),
]
READ_ONLY = """
set -eu
mount --bind "$1" "$1" && mount -o remount,bind,ro "$1"
if touch "$1/x" 2>/dev/null; then exit 99; fi
shift
code=0; "$@" || code=$?
"$1" down >&2
exit $code
"""


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    root = small_shop(tmp_path / "shop")
    write_plans(root, unused_imports("stock", "shop/stock.py"))
    return Layout(root).ensure()


def executed(disk: Path, env: dict[str, str], layout: Layout) -> "subprocess.CompletedProcess[str]":
    """Carry the batch out while `disk` is read-only, and stop what was started."""
    env |= {"TMPDIR": str(disk.parent)}
    return subprocess.run(
        [*UNSHARE, "sh", "-c", READ_ONLY, "sh", disk, LINESTOP, "execute"],
        cwd=layout.root, env=env, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip


def briefs(layout: Layout) -> str:
    return "".join(path.read_text() for path in layout.runs.rglob("brief.md"))


def assert_done_and_said(ended: "subprocess.CompletedProcess[str]", layout: Layout, why: str) -> None:
    assert ended.returncode == 0, ended.stderr
    assert "Oracle   done" in ended.stdout
    git = ["git", "-C", layout.root, "log", "--format=%s", "HEAD..linestop/stock"]
    assert subprocess.run(git, capture_output=True, text=True, check=True).stdout.count("\n") == 1
    assert why in ended.stderr.splitlines()[0], "before anything else"
    (said,) = (one for one in ended.stdout.splitlines() if one.startswith("Memory "))
    assert why in said
    (batch,) = (one for one in run_folders(layout) if "-execution-" in one.name)
    assert [why in one for one in read_run(layout, batch).values["memory"]] == [True]


def test_a_read_only_home_costs_a_run_its_memory_there_and_no_more(
    layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("LINESTOP_HOME", str(home))
    taught(global_lessons(), Tier.GLOBAL, title="Count with len and nothing else")
    (home / "settings.toml").write_text("server_start_seconds = 250\n")
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    ended = executed(home, environment(home), layout)
    assert_done_and_said(ended, layout, f"home {home} can't be written: Read-only file system")
    assert {path: path.read_bytes() for path in home.rglob("*") if path.is_file()} == before
    assert "Count with len and nothing else" in briefs(layout), "what can be read is told"
    assert "stopped: server" in ended.stderr, "nothing is left behind"
    (spare,) = tmp_path.glob("linestop-*")
    assert {"logs", "prefect", "worktrees"} <= {path.name for path in spare.iterdir()}


def test_a_user_whose_whole_home_is_read_only_has_their_tickets_done(layout: Layout, tmp_path: Path) -> None:
    user = tmp_path / "user"
    user.mkdir()
    env = {name: value for name, value in environment(user).items() if name != "LINESTOP_HOME"} | {"HOME": str(user)}
    ended = executed(user, env, layout)
    assert_done_and_said(ended, layout, f"home {user}/.linestop can't be written: Read-only file system")
    assert list(user.iterdir()) == []
