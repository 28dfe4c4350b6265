"""The parts of the bench that need no server: pairs, seen commands, snapshots, the table's place."""

import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from linestop.blocks.check_folder import CheckFolder
from linestop.deployments.bench.commands import THROWN_AWAY, Command, replay, seen_commands
from linestop.deployments.bench.pairs import measure
from linestop.deployments.bench.snapshots import Snapshot
from linestop.deployments.bench.table import BEGIN, END, as_markdown, write_table
from linestop.errors import InfraError


def test_a_ratio_is_the_median_of_the_pairs_ratios() -> None:
    found = measure("m", [(2.0, 1.0), (30.0, 10.0), (4.0, 4.0)])
    assert (found.ours, found.bare, found.ratio, found.pairs) == (4.0, 4.0, 2.0, 3)


def test_nothing_measured_is_no_measure() -> None:
    with pytest.raises(ValueError, match="nothing was measured"):
        measure("m", [])


def test_every_process_is_seen_and_can_run_again(tmp_path: Path) -> None:
    script = "open('made', 'a').write('x')"
    with seen_commands(tmp_path / "keep") as seen:
        subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True)
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True)
    assert [command.argv[1:] for command in seen.commands] == [("-c", script)]
    seconds, failed = replay(seen.steps)
    assert (tmp_path / "made").read_text() == "xxx"
    assert seconds > 0
    assert failed == 0


def test_a_command_finds_the_throw_away_folder_it_ran_in_and_no_folder_that_was_removed_before_it(
    tmp_path: Path,
) -> None:
    made = tmp_path / "made"
    with seen_commands(tmp_path / "keep") as seen, TemporaryDirectory(prefix=THROWN_AWAY) as scratch:
        folder = Path(scratch).resolve()
        (folder / "script.py").write_text(f"import os; os.mkdir({str(made)!r})")
        for _ in range(2):
            subprocess.run([sys.executable, str(folder / "script.py")], cwd=folder, check=True)
            shutil.rmtree(made)
    assert replay(seen.steps)[1] == 0
    assert not made.exists()
    assert not folder.exists()


def test_the_folder_of_a_run_of_checks_is_seen_when_it_is_removed(tmp_path: Path) -> None:
    with seen_commands(tmp_path / "keep") as seen:
        with CheckFolder(tmp_path / "checkout") as folder:
            (folder.scratch / "script.py").write_text("")
            subprocess.run([sys.executable, str(folder.scratch / "script.py")], check=True)
        assert not folder.scratch.exists()
    assert replay(seen.steps)[1] == 0


def test_a_command_that_is_gone_counts_as_failed(tmp_path: Path) -> None:
    assert replay([Command(argv=("no-such-command",), cwd=str(tmp_path), env={})])[1] == 1


@pytest.mark.parametrize(
    ("argv", "bare"),
    [
        (("git", "status"), ("git", "status")),
        (("/usr/bin/setpriv", "--pdeathsig", "KILL", "/usr/bin/git", "status"), ("/usr/bin/git", "status")),
        (("setpriv", "--reuid", "5", "git"), ("setpriv", "--reuid", "5", "git")),
    ],
    ids=["plain", "wrapped", "another use"],
)
def test_our_own_wrapper_is_not_part_of_the_bare_command(argv: tuple[str, ...], bare: tuple[str, ...]) -> None:
    assert Command(argv=argv, cwd="/", env={}).bare == bare


def test_a_snapshot_puts_folders_back(tmp_path: Path) -> None:
    kept, late = tmp_path / "kept", tmp_path / "late"
    kept.mkdir()
    (kept / "a").write_text("1")
    (kept / "link").symlink_to("a")
    snapshot = Snapshot([kept, late], tmp_path / "store")
    (kept / "a").write_text("2")
    (kept / "b").write_text("new")
    late.mkdir()
    snapshot.restore()
    assert sorted(path.name for path in kept.iterdir()) == ["a", "link"]
    assert (kept / "a").read_text() == "1"
    assert (kept / "link").is_symlink()
    assert not late.exists()


def test_the_table_replaces_the_former_one(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    write_table(page, as_markdown([measure("m", [(0.3, 0.2)])]))
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
    assert "| m | 0.30 s | 0.20 s | 1.50 |" in text


def test_a_page_without_a_place_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("text")
    with pytest.raises(InfraError):
        write_table(page, "table")
    assert page.read_text() == "text"
