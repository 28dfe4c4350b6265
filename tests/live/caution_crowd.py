"""Crowds of processes that write, read and compact one repository's cautions. Run as a program: FOLDER ACTION [NUMBER].

`crowd` prints a JSON object of what was acknowledged and seen; `write` prints each id once it is acknowledged; `fill`
writes until the disk refuses, frees it (a limit, else the file `filler`) and writes on.
"""

import json
import os
import resource
import sys
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import duckdb  # noqa: F401  # once, before the crowd is forked

from linestop.errors import RecordError
from linestop.memory.cautions import Caution, CautionKind, CautionLog, compact, read_cautions, recall
from linestop.paths import Layout

EACH = 20  # cautions of one writer
SHARED = 8  # writers that write the same run, with a log that was open before they were forked
_fork = get_context("fork")
Answers = SimpleQueue[Any]
_shared: list[CautionLog] = []


def seen(detail: str, file: str = "src/a.py") -> Caution:
    return Caution(kind=CautionKind.FIRING, detector="repeat", detail=detail, file=file)


def writer(layout: Layout, number: int, go: Event, answers: Answers) -> None:
    log = _shared[0] if number < SHARED else CautionLog(layout, f"run-{number}")
    go.wait()
    answers.put([log.append(seen(f"{number} {one}", f"src/{one}.py")).id for one in range(EACH)])


def reader(layout: Layout, _: int, go: Event, answers: Answers) -> None:
    """Read twice; what was seen once must be seen again, and the index must never show what isn't there."""
    go.wait()
    first = {one.id for one in read_cautions(layout)}
    recalled = {one.id for one in recall(layout, ["src/1.py"], limit=50)}
    second = [one.id for one in read_cautions(layout)]
    answers.put([len(first - set(second)), len(second) - len(set(second)), len(recalled - set(second))])


def compactor(layout: Layout, rounds: int, go: Event, answers: Answers) -> None:
    go.wait()
    answers.put([sum(compact(layout, quiet_seconds=0).cautions for _ in range(rounds))])


def crowd(layout: Layout, size: int) -> None:
    _shared.append(CautionLog(layout, "shared"))
    first = _shared[0].append(seen("open before the fork")).id
    go, written, read, moved = _fork.Event(), _fork.SimpleQueue(), _fork.SimpleQueue(), _fork.SimpleQueue()

    def start(work: Callable[..., None], number: int, answers: Answers) -> Any:
        process = _fork.Process(target=work, args=(layout, number, go, answers), daemon=True)
        process.start()
        return process

    crowd = [start(writer, number, written) for number in range(size)]
    crowd += [start(reader, number, read) for number in range(size)]
    crowd += [start(compactor, 20, moved)]
    go.set()
    acknowledged = [first, *(one for _ in range(size) for one in written.get())]
    odd = [read.get() for _ in range(size)]
    compacted = moved.get()[0]
    for process in crowd:
        process.join()
    codes = [process.exitcode for process in crowd]
    tell({"acknowledged": acknowledged, "odd": odd, "compacted": compacted, "codes": codes})


def write(layout: Layout, number: int) -> None:
    log = CautionLog(layout, f"run-{number}")
    while True:
        os.write(1, f"{log.append(seen('x' * 400)).id}\n".encode())


def fill(layout: Layout, limit: int) -> None:
    """Write until the disk refuses twice, free it, write on. A `limit` of 0: the disk is small itself."""
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    log, acknowledged, refused = CautionLog(layout, "full"), list[str](), list[str]()
    if limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    while len(refused) < 3:
        try:
            acknowledged.append(log.append(seen("y" * (400 - 130 * len(refused)))).id)
        except RecordError as error:
            refused.append(str(error))
    size = log.path.stat().st_size if log.path else 0
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    (layout.root / "filler").unlink(missing_ok=True)
    acknowledged += [log.append(seen("there is room again")).id for _ in range(2)]
    whole = log.path.read_bytes()[:size].endswith(b"\n") if log.path else False
    read = [one.id for one in read_cautions(layout)]
    tell({"acknowledged": acknowledged, "refused": refused, "whole": whole, "read": read})


def tell(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    folder, action, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    {"crowd": crowd, "write": write, "fill": fill}[action](Layout(folder), count)
