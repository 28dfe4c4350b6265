"""Lessons under a crowd, under kill -9, and on a folder that can't be written."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from linestop.errors import RecordError
from linestop.memory.lessons import LessonStore, Tier
from linestop.memory.lessons.schema import shipped

pytestmark = pytest.mark.live
HERE, LATEST = Path(__file__).parent, len(shipped())


def run(script: str, *words: object) -> Any:
    argv = [sys.executable, HERE / script, *map(str, words)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_64_writers_and_64_readers_at_once_lose_nothing_and_meet_no_lock(tmp_path: Path) -> None:
    path = tmp_path / "lessons.db"
    told = run("lesson_crowd.py", path, 64, 64, 2)
    assert [one for one in (*told["written"], *told["read"]) if "longest" not in one] == []
    assert all(one["reads"] >= 1 for one in told["read"])
    store = LessonStore(path, Tier.REPOSITORY)
    there = {one.id: one.title for one in store.list()}
    assert there.keys() == {"seed", *(f"w{writer}-{number}" for writer in range(64) for number in range(2))}
    assert [name for name in range(64) if there[f"w{name}-0"] != f"Edited by {name}"] == []
    assert all(store.former(f"w{writer}-0")[0].lesson.title == f"Lesson w{writer}-0" for writer in range(64))


def test_64_writers_make_one_store_among_them(tmp_path: Path) -> None:
    path = tmp_path / "lessons.db"
    told = run("lesson_crowd.py", path, 64, 0, 1)
    assert [one for one in told["written"] if "longest" not in one] == []
    assert len(LessonStore(path, Tier.REPOSITORY).list()) == 64


def test_a_writer_that_is_killed_leaves_all_that_it_was_told_is_kept(tmp_path: Path) -> None:
    rounds = run("lesson_kills.py", "writing", tmp_path, 15)
    assert [one for one in rounds if one["integrity"] != "ok" or one["missing"]] == []
    assert rounds[-1]["told"] > 15


def test_a_migration_that_is_killed_happened_wholly_or_not_at_all(tmp_path: Path) -> None:
    rounds = run("lesson_kills.py", "migrating", tmp_path, 30)
    for one in rounds:
        assert (one["integrity"], one["version"]) == ("ok", one["recorded"])
        assert one["filled"] in {None, 60000}
        assert one["kept"] == (["kept"] if one["long"] else [])
        assert one["then"]["version"] == one["then"]["recorded"] == LATEST + one["long"]
    assert any(one["version"] < one["then"]["version"] for one in rounds), "no kill came in time"


@pytest.mark.parametrize("exclusive", [False, True], ids=["held by a writer", "held for one process alone"])
def test_a_lock_that_is_never_given_back_is_said_in_time(tmp_path: Path, exclusive: bool) -> None:
    path = tmp_path / "lessons.db"
    run("lesson_crowd.py", path, 1, 0, 1)
    store = LessonStore(path, Tier.REPOSITORY, patience_seconds=0.05)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute(f"PRAGMA locking_mode = {'EXCLUSIVE' if exclusive else 'NORMAL'}")
        other.execute("BEGIN EXCLUSIVE")
        if not exclusive:
            assert len(store.list()) == 1  # a log lets readers read
        for attempt in [lambda: store.remove("w0-0"), *([store.list] if exclusive else [])]:
            with pytest.raises(RecordError, match="held by another process") as caught:
                attempt()
            assert "database is locked" in caught.value.found
            assert "network disk" in caught.value.todo
        other.execute("ROLLBACK")
    store.remove("w0-0")


@pytest.mark.parametrize("left_open", [False, True], ids=["closed well", "with a log that was not closed"])
def test_reading_from_a_read_only_disk_leaves_no_file_and_overlooks_nothing(tmp_path: Path, left_open: bool) -> None:
    bwrap = shutil.which("bwrap")
    if not bwrap:
        pytest.skip("bubblewrap is missing: apt-get install bubblewrap")
    folder = tmp_path / "state"
    code = f"""
import os, signal, sqlite3
from datetime import UTC, datetime
from pathlib import Path
from linestop.memory.lessons import Lesson, LessonStore, Tier
now, path = datetime.now(UTC), Path({str(folder / "lessons.db")!r})
store = LessonStore(path, Tier.REPOSITORY)
path.parent.mkdir()
other = None
for name in ("one", "two"):
    store.add(Lesson(id=name, title=name, why="it is written there", created=now, updated=now))
    if {left_open} and other is None:
        other = sqlite3.connect(path)  # keeps the log from being taken up
        other.execute("PRAGMA user_version").fetchall()
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", code], check=False)
    before = sorted(path.name for path in folder.iterdir())
    assert ("lessons.db-wal" in before) is left_open
    reading = f"""
from pathlib import Path
from linestop.memory.lessons import LessonStore, Tier
from linestop.memory.lessons.schema import shipped
from linestop.errors import RecordError
store = LessonStore(Path({str(folder / "lessons.db")!r}), Tier.REPOSITORY)
print(",".join(sorted(one.id for one in store.list())))
try:
    store.remove("one")
except RecordError as error:
    print("mounted" in error.todo, error.found == "Read-only file system")
"""
    argv = [bwrap, "--dev-bind", "/", "/", "--ro-bind", str(folder), str(folder), sys.executable, "-c", reading]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=dict(os.environ))
    assert done.stdout.split("\n")[:2] == ["one,two", "True True"], done.stderr
    assert sorted(path.name for path in folder.iterdir()) == before


NO_LOCKS = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#define REFUSING(name) int name(int fd, int command, ...) { \\
    va_list rest; va_start(rest, command); void *given = va_arg(rest, void *); va_end(rest); \\
    if (command == F_SETLK || command == F_SETLKW || command == F_GETLK || command == F_OFD_SETLK) \\
        { errno = ENOLCK; return -1; } \\
    int (*real)(int, int, ...) = dlsym(RTLD_NEXT, #name); return real(fd, command, given); }
REFUSING(fcntl)
REFUSING(fcntl64)
"""


def test_a_disk_that_locks_nothing_is_said_and_nothing_is_changed(tmp_path: Path) -> None:
    """As network disks do: fcntl refuses every lock with ENOLCK."""
    compiler = shutil.which("cc")
    if not compiler:
        pytest.skip("a C compiler is missing: apt-get install gcc")
    source, library = tmp_path / "no_locks.c", tmp_path / "no_locks.so"
    source.write_text(NO_LOCKS)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    path = tmp_path / "lessons.db"
    run("lesson_crowd.py", path, 1, 0, 1)
    before = path.read_bytes()
    code = f"""
from pathlib import Path
from linestop.errors import RecordError
from linestop.memory.lessons import LessonStore, Tier
store = LessonStore(Path({str(path)!r}), Tier.REPOSITORY, patience_seconds=0.05)
for attempt in (store.list, lambda: store.remove("w0-0")):
    try:
        attempt()
    except RecordError as error:
        print("can't be locked" in error.what and "network disk" in error.todo, error.found)
"""
    argv, env = [sys.executable, "-c", code], {**os.environ, "LD_PRELOAD": str(library)}
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout == "True SQLITE_BUSY: database is locked\n" * 2, done.stderr
    assert path.read_bytes() == before
    assert len(LessonStore(path, Tier.REPOSITORY).list()) == 1
