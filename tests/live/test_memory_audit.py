"""The kernel's own witness: what works in one repository opens no file of another's memory, DuckDB and git included.

The repositories bear one name, or lie in one another, and remember tickets, lessons and files of the same names.
"""

import ctypes
import json
import os
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.unit.test_memory_isolation import FILE, PAIRS, TICKET, git, repository, teach

pytestmark = pytest.mark.live
ROOT = Path(__file__).parents[2]
OPENED, READ = 0x20, 0x1  # IN_OPEN, IN_ACCESS
_HEAD = struct.Struct("iIII")
WORK = f"""
import json, sys
from pathlib import Path
from linestop.blocks.line import Line
from linestop.deployments.cli.app import main
place, failed = Path(sys.argv[1]), []
told = Line(place).memory.told("{TICKET}", role="maker", chunk="c1", files=("{FILE}",))
print(told.model_dump_json())
for words in json.loads(sys.argv[2]):
    sys.argv = ["linestop", *words]
    try:
        main()
    except SystemExit as ended:
        if ended.code and words[0] != "doctor":  # it says that no tests were found
            failed.append((words, ended.code))
print(failed, file=sys.stderr)
sys.exit(bool(failed))
"""
CALLED = "from linestop.deployments.cli.app import main; main()"
COMMANDS = [
    ["lesson", "list", "--all", "--json"],
    ["lesson", "recall", "went wrong", "--json"],
    ["caution", "list", "--json"],
    ["sign", "list", "--json"],
    ["debrief", "--json"],
    ["insight", "hot-files", "--json"],
    ["lab", "notebook", "--json"],
    ["doctor", "--json"],
]


def watch(folder: Path) -> int:
    """Return a descriptor that tells of every file and folder that anybody opens or reads in a folder."""
    libc = ctypes.CDLL(None, use_errno=True)
    file = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    assert file >= 0
    for place in (folder, *(one for one in folder.rglob("*") if one.is_dir())):
        assert libc.inotify_add_watch(file, os.fsencode(place), OPENED | READ) > 0
    return int(file)


def touched(file: int) -> Iterator[str]:
    """Yield the names of what was opened or read."""
    try:
        block = os.read(file, 2**20)
    except BlockingIOError:
        return
    while block:
        *_, length = _HEAD.unpack_from(block)
        yield block[_HEAD.size : _HEAD.size + length].rstrip(b"\0").decode() or "the folder"
        block = block[_HEAD.size + length :]


@pytest.mark.parametrize("pair", [PAIRS[0], PAIRS[1], PAIRS[4]], ids=lambda pair: pair.__name__)
def test_what_works_in_one_repository_opens_nothing_of_anothers_memory(
    pair: Callable[[Path], tuple[Path, Path]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "home"))
    for place, other in (pair(tmp_path), reversed(pair(tmp_path / "again"))):
        teach(place, "mine")
        teach(other, "secret")
        memory = next(one for one in tmp_path.rglob("lessons.db") if b"secret" in one.read_bytes()).parent
        file = watch(memory)
        try:
            commands = [[*words, *(["--repo"] if words[0] != "doctor" else []), str(place)] for words in COMMANDS]
            done = subprocess.run(
                [sys.executable, "-c", WORK, str(place), json.dumps(commands)],
                cwd=ROOT, capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert list(touched(file)) == []
            assert done.returncode == 0, done.stderr
            assert "l-mine" in done.stdout
            assert "secret" not in done.stdout + done.stderr
            assert (memory / "lessons.db").read_bytes(), "and the witness is awake:"
            assert "lessons.db" in touched(file)
        finally:
            os.close(file)


def test_no_command_reads_what_the_repository_committed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "home"))
    place = repository(tmp_path / "shop")
    teach(place, "secret")
    git(place, "add", "--force", ".linestop")
    file = watch(place / ".linestop")
    try:
        for words in COMMANDS[:-1]:
            done = subprocess.run(
                [sys.executable, "-c", CALLED, *words, "--repo", str(place)],
                cwd=ROOT, capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert done.returncode == 1, words
            assert "commits what only linestop writes" in done.stderr, words
        assert [one for one in touched(file) if one.endswith((".db", ".jsonl", ".parquet"))] == []
    finally:
        os.close(file)
