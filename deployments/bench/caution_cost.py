"""What cautions cost: writing them from 1, 8 and 64 processes over a bare write and fsync, and finding a brief's few.

Each writer is a process with a file of its own, as a run is. Cautions that are found lie in Parquet, made by DuckDB.
"""

import os
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from linestop.deployments.bench.pairs import Measure, measure, timed
from linestop.memory.cautions import Caution, CautionKind, CautionLog, recall
from linestop.memory.cautions.lines import line_of
from linestop.memory.cautions.parquet import database, parquet_folder
from linestop.memory.cautions.parquet_writing import Source, name_of, write_parquet
from linestop.paths import Layout

WRITERS = (1, 8, 64)
APPENDS = 1_024  # by all writers together
SIZES = (1_000, 10_000, 100_000, 1_000_000)
FILES = 2_000  # that cautions are about
IN_PLAY = tuple(f"src/part{number % 40}/module{number}.py" for number in range(7, 300, 50))
LIMIT = 1_000  # what a brief chooses from
LOOKS = 9
GOAL_MS = 60
GOAL_RATIO = 2.0  # "flat"
_SHAPE = Caution(
    kind=CautionKind.FIRING, detector="repeat", detail="the same call 3 times in the last 10: pytest -q tests", calls=3,
    run="20261121T064800-dispatch-ab12cd", ticket="shop-bugs", chunk="c1", attempt=1, role="maker", engine="codex",
    file=IN_PLAY[0], file_hash="a" * 64, seconds=12.5, tokens=3_000,
)  # fmt: skip
_MADE = """(
    SELECT 'made:' || lpad(hex(range), 12, '0') AS id, TIMESTAMPTZ '2026-01-01 00:00:00+00' + to_seconds(range) AS "at",
           'firing' AS kind, 'repeat' AS detector, if(range % 5 = 0, 'info', 'warning') AS severity,
           'the same call ' || hash(range) % 1000 || ' was made 3 times in the last 10' AS detail, 'made' AS run,
           'ticket-' || range % 300 AS ticket, 'c1' AS chunk, 1 AS attempt, 'maker' AS role, 'codex' AS engine,
           '' AS model, 'src/part' || n % 40 || '/module' || n || '.py' AS file, sha256(range::VARCHAR) AS file_hash,
           '' AS signature, 3 AS calls, 12.5 AS seconds, 3000 AS tokens
    FROM (SELECT range, hash(range + 1) % $files AS n FROM range($count))
)"""


def caution_cost(pairs: int, *, quick: bool = False) -> list[Measure]:
    """Return the cost of appending from ever more writers, and of recall among ever more cautions."""
    appends = [_appends(writers, pairs) for writers in WRITERS]
    sizes = SIZES[:-1] if quick else SIZES
    with TemporaryDirectory(prefix="linestop-cautions-") as scratch:
        return [*appends, *_recalls(Path(scratch), sizes)]


def _appends(writers: int, pairs: int) -> Measure:
    found = measure(
        f"{APPENDS:,} cautions appended by {writers} {'process' if writers == 1 else 'processes'} over a bare write and"
        " fsync of the same lines",
        [(_crowd(_append, writers), _crowd(_write, writers)) for _ in range(pairs)],
    )
    each = found.ours * writers / APPENDS
    return found.model_copy(
        update={"note": f"{APPENDS / found.ours:,.0f} cautions/s on the disk, {each * 1000:.2g} ms each"}
    )


def _crowd(work: Callable[[Path, int, int], None], writers: int) -> float:
    """Return the seconds from the start of all writers, which are processes by then, to the end of the last."""
    fork = get_context("fork")
    with TemporaryDirectory(prefix="linestop-cautions-") as folder:
        ready, go = fork.Barrier(writers + 1), fork.Event()

        def writer(number: int) -> None:
            ready.wait()
            go.wait()
            work(Path(folder), number, APPENDS // writers)

        crowd = [fork.Process(target=writer, args=(number,), daemon=True) for number in range(writers)]
        for process in crowd:
            process.start()
        ready.wait()
        start = perf_counter()
        go.set()
        for process in crowd:
            process.join()
        return perf_counter() - start


def _append(folder: Path, number: int, count: int) -> None:
    log = CautionLog(Layout(folder), f"run-{number}")
    for _ in range(count):
        log.append(_SHAPE)


def _write(folder: Path, number: int, count: int) -> None:
    line = line_of(_SHAPE.model_copy(update={"id": f"{_SHAPE.run}:0123456789ab"}))
    file = os.open(folder / f"run-{number}.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for _ in range(count):
        os.write(file, line)
        os.fsync(file)
    os.close(file)


def _recalls(scratch: Path, sizes: tuple[int, ...]) -> list[Measure]:
    """Return recall among each number of cautions over recall among the fewest, look by look in turn."""
    layouts = {size: _filled(scratch / str(size), size) for size in sizes}
    built = {size: timed(lambda: _recall(layout)) for size, layout in layouts.items()}  # noqa: B023  # called at once
    looks = {size: [timed(lambda: _recall(layout)) for _ in range(2)] for size, layout in layouts.items()}  # noqa: B023
    for _ in range(LOOKS):
        for size, layout in layouts.items():
            looks[size].append(timed(lambda: _recall(layout)))  # noqa: B023
    few = sizes[0]
    return [_of_size(size, looks[size][2:], looks[few][2:], built[size]) for size in sizes]


def _of_size(size: int, ours: list[float], few: list[float], built: float) -> Measure:
    found = measure(
        f"the {LIMIT:,} that a brief chooses from, found among {size:,} cautions, over {SIZES[0]:,}",
        list(zip(ours, few, strict=True)),
    )
    ratio = median(ours) / max(median(few), 1e-9)
    met = found.ours * 1000 <= GOAL_MS and ratio <= GOAL_RATIO
    return found.model_copy(
        update={
            "ratio": ratio,
            "goal": f"≤ {GOAL_MS} ms and flat (≤ {GOAL_RATIO:g})",
            "met": met,
            "note": f"its index was made anew from Parquet in {built:.1f} s, once",
        }
    )


def _filled(root: Path, size: int) -> Layout:
    """Return a repository with so many cautions in Parquet."""
    root.mkdir()
    layout = Layout(root).ensure()
    parquet_folder(layout).mkdir(parents=True)
    with database() as db:
        write_parquet(
            db, Source(_MADE, {"count": size, "files": FILES}), parquet_folder(layout) / name_of(1, 1), {}, size
        )
    return layout


def _recall(layout: Layout) -> None:
    if len(recall(layout, IN_PLAY, limit=LIMIT)) < LIMIT:
        raise AssertionError("recall found too few")
