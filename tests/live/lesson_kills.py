"""Processes that write lessons, or migrate a store, killed at any moment; what was left each time, as JSON.

Usage: python lesson_kills.py writing|migrating FOLDER ROUNDS
"""

import json
import os
import random
import signal
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from time import sleep

from linestop.memory.lessons import Lesson, LessonStore, Tier
from linestop.memory.lessons.file import LessonFile
from linestop.memory.lessons.schema import Migration, shipped

LONG = Migration(
    number=len(shipped()) + 1,
    name="9999_long",
    sql="""
CREATE TABLE filled (number INTEGER PRIMARY KEY, text TEXT NOT NULL);
INSERT INTO filled (text) WITH RECURSIVE up (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < 60000)
    SELECT hex(randomblob(40)) FROM up;
CREATE INDEX filled_by_text ON filled (text);
""",
)


def lesson(name: str) -> Lesson:
    now = datetime.now(UTC)
    return Lesson(id=name, title=f"Lesson {name}", why="it happened before a kill", created=now, updated=now)


def killed(work: Callable[[int], None], seconds: float) -> list[str]:
    """Run `work` in a process, kill it, and return the lines that it wrote down before."""
    out, into = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(out)
        work(into)
        os._exit(0)
    os.close(into)
    sleep(seconds)
    os.kill(pid, signal.SIGKILL)
    with os.fdopen(out, "rb") as pipe:
        said = pipe.read()
    os.waitpid(pid, 0)
    return said.decode().split()


def write_on(path: Path, prefix: str) -> Callable[[int], None]:
    def work(into: int) -> None:
        store, number = LessonStore(path, Tier.REPOSITORY), 0
        while True:
            name = f"{prefix}-{number}"
            store.add(lesson(name))
            os.write(into, f"{name}\n".encode())
            store.edit(name, title=f"Changed {name}")
            os.write(into, f"{name}=changed\n".encode())
            number += 1

    return work


def sound(path: Path) -> dict[str, object]:
    """Return what SQLite says of a store after a kill."""
    if not path.exists():
        return {"integrity": "ok", "version": 0, "recorded": 0, "filled": None}
    with closing(sqlite3.connect(path, timeout=5)) as connection:
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        return {
            "integrity": connection.execute("PRAGMA integrity_check").fetchone()[0],
            "version": connection.execute("PRAGMA user_version").fetchone()[0],
            "recorded": connection.execute("SELECT count(*) FROM migrations").fetchone()[0] if tables else 0,
            "filled": connection.execute("SELECT count(*) FROM filled").fetchone()[0] if "filled" in tables else None,
        }


def writing(path: Path, rounds: int) -> list[dict[str, object]]:
    found, told = [], set[str]()
    for number in range(rounds):
        told.update(killed(write_on(path, f"r{number}"), random.uniform(0.005, 0.25)))  # noqa: S311
        there = {one.id: one.title for one in LessonStore(path, Tier.REPOSITORY).list()}
        missing = [
            name
            for name in told
            if (there.get(name) is None if "=" not in name else not there[name.partition("=")[0]].startswith("Changed"))
        ]
        LessonStore(path, Tier.REPOSITORY).add(lesson(f"after-{number}"))
        found.append({**sound(path), "missing": missing, "told": len(told), "there": len(there)})
    return found


def migrating(folder: Path, rounds: int) -> list[dict[str, object]]:
    """Kill first uses (all shipped migrations at once) and a long migration of a store that has lessons."""
    found = []
    for number in range(rounds):
        path = folder / f"{number}.db"
        steps = [*shipped(), LONG] if number % 2 else None
        if steps:
            LessonStore(path, Tier.REPOSITORY).add(lesson("kept"))
        file = LessonFile(path, migrations=steps)
        longest = 0.12 if steps else 0.006
        killed(lambda _, file=file: file.write(lambda _: None), random.uniform(0.001, longest))  # noqa: S311
        after = sound(path)
        kept = (
            [one.id for one in LessonStore(path, Tier.REPOSITORY).list()]
            if after["version"] != LONG.number
            else ["kept"]
        )
        LessonFile(path, migrations=steps).write(lambda _: None)
        found.append({**after, "long": bool(steps), "kept": kept, "then": sound(path)})
    return found


def main() -> None:
    kind, folder, rounds = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    found = writing(folder / "lessons.db", rounds) if kind == "writing" else migrating(folder, rounds)
    sys.stdout.write(json.dumps(found))


main()
