"""Many processes at one store of lessons, forked from one that has everything loaded: what they met, as JSON.

Usage: python lesson_crowd.py PATH WRITERS READERS LESSONS_EACH
"""

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

from linestop.memory.lessons import Lesson, LessonStore, Tier


def lesson(name: str) -> Lesson:
    now = datetime.now(UTC)
    return Lesson(id=name, title=f"Lesson {name}", why="it happened in a crowd", created=now, updated=now)


def write(path: Path, writer: int, each: int) -> dict[str, object]:
    store, longest = LessonStore(path, Tier.REPOSITORY), 0.0
    for number in range(each):
        began = monotonic()
        store.add(lesson(f"w{writer}-{number}"))
        longest = max(longest, monotonic() - began)
    store.edit(f"w{writer}-0", title=f"Edited by {writer}")
    return {"longest": longest}


def read(path: Path, until: Path) -> dict[str, object]:
    """Read until the writers are through: never nothing, never less than before."""
    os.nice(10)  # two cores are few: the writers shall come to their turns
    store, reads, seen, longest = LessonStore(path, Tier.REPOSITORY), 0, 0, 0.0
    while not (reads and until.exists()):
        began = monotonic()
        found = len(store.list())
        longest, reads = max(longest, monotonic() - began), reads + 1
        if found < max(seen, 1):
            return {"wrong": f"{found} lessons after {seen}"}
        seen = found
    return {"reads": reads, "longest": longest}


def child(work: "object", *args: object) -> tuple[int, int]:
    """Run a function in a process of its own and return its pid and the end of a pipe that its answer comes from."""
    out, into = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(out)
        try:
            answer = work(*args)  # type: ignore[operator]
        except BaseException as error:  # noqa: BLE001  # the parent asserts what it was
            answer = {"error": f"{type(error).__name__}: {error}"}
        os.write(into, json.dumps(answer).encode())
        os._exit(0)
    os.close(into)
    return pid, out


def answer(pid: int, out: int) -> dict[str, object]:
    with os.fdopen(out, "rb") as pipe:
        said = pipe.read()
    os.waitpid(pid, 0)
    return json.loads(said)  # type: ignore[no-any-return]


def main() -> None:
    path, writers, readers, each = Path(sys.argv[1]), *map(int, sys.argv[2:5])
    over = path.with_name("over")
    if readers:
        LessonStore(path, Tier.REPOSITORY).add(lesson("seed"))
    began = monotonic()
    reading = [child(read, path, over) for _ in range(readers)]
    writing = [child(write, path, number, each) for number in range(writers)]
    written = [answer(*one) for one in writing]
    seconds = monotonic() - began
    over.touch()
    sys.stdout.write(json.dumps({"written": written, "read": [answer(*one) for one in reading], "seconds": seconds}))


main()
