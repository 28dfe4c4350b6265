"""What questions about cautions cost, by their number: over Parquet, over JSONL, and over reading the lines in Python.

The cautions are as linestop writes them, in segments of 1,000; the Parquet files are those of its own compaction.
"""

import json
import random
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from linestop.deployments.bench.pairs import Measure, measure, timed
from linestop.insight import Analysis, find_query
from linestop.memory.cautions import Caution, CautionKind
from linestop.memory.cautions.compaction import compact
from linestop.memory.cautions.lines import line_of
from linestop.paths import Layout
from linestop.watch.firing import Severity

SIZES = (10_000, 100_000, 1_000_000)
GOAL_SECONDS = 1.0  # issue 4, part 6: a million cautions
QUERIES = ("hot-files", "repeat-offenders", "cautions-by-kind", "cautions-over-time")
_IN_SEGMENT = 1_000
_DETECTORS = ("repeat", "cycle", "failing-call", "same-result", "checks", "scope")
_ENGINES = ("codex", "claude", "model")
_WORDS = "the same call was made again with the same result while the file stays as it is".split()  # noqa: SIM905


def insight_cost(sizes: Sequence[int] = SIZES, *, pairs: int = 3) -> list[Measure]:
    """Return a measure for each number of cautions and each form that they are kept in."""
    scratch = Path(mkdtemp(prefix="linestop-bench-insight-")).resolve()
    try:
        return [one for size in sizes for one in _measured(scratch / str(size), size, pairs)]
    finally:
        rmtree(scratch, ignore_errors=True)


def write_cautions(layout: Layout, count: int, *, seed: int = 1) -> None:
    """Write so many cautions of an old history into segments, as runs would have."""
    rng, start = random.Random(seed), datetime(2025, 1, 1, tzinfo=UTC)  # noqa: S311  # no secret
    for number in range(0, count, _IN_SEGMENT):
        at = start + timedelta(minutes=20 * number / _IN_SEGMENT)
        run = f"{at:%Y%m%dT%H%M%S}-dispatch-{number // _IN_SEGMENT:06x}"
        lines = [line_of(_caution(rng, run, at, number + index)) for index in range(min(_IN_SEGMENT, count - number))]
        path = layout.cautions / f"{at:%Y-%m-%d}" / f"{run}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(lines))


def _caution(rng: random.Random, run: str, at: datetime, number: int) -> Caution:
    return Caution(
        id=f"{run}:{number:012x}", at=at + timedelta(seconds=number % _IN_SEGMENT), kind=rng.choice(tuple(CautionKind)),
        detector=rng.choice(_DETECTORS), severity=rng.choice((Severity.INFO, Severity.WARNING)),
        detail=" ".join(rng.choices(_WORDS, k=12)), run=run, ticket=f"shop-{number % 400}", chunk="c1", attempt=1,
        role="maker", engine=rng.choice(_ENGINES), model="model-1", file=f"src/module_{rng.randint(0, 400)}.py",
        file_hash=f"{rng.getrandbits(64):016x}" * 4, calls=rng.randint(1, 9), seconds=rng.random() * 60,
        tokens=rng.randint(0, 20_000),
    )  # fmt: skip


def _measured(folder: Path, size: int, pairs: int) -> list[Measure]:
    folder.mkdir(parents=True)
    layout = Layout(folder)
    write_cautions(layout, size)
    bare = [timed(lambda: _by_lines(layout)) for _ in range(pairs)]
    lines = [_slowest(layout) for _ in range(pairs)]
    while compact(layout, quiet_seconds=0.0).cautions:
        continue
    tables = [_slowest(layout) for _ in range(pairs)]
    words = f"a question about {size:,} cautions"
    return [
        _judged(measure(f"{words} in Parquet", list(zip(tables, bare, strict=True))), size),
        measure(f"{words} in JSONL", list(zip(lines, bare, strict=True))),
    ]


def _judged(found: Measure, size: int) -> Measure:
    note = f"the slowest of {', '.join(QUERIES)}; bare: `json.loads` of each line, counted by file"
    found = found.model_copy(update={"note": note})
    if size != max(SIZES):
        return found
    return found.model_copy(update={"goal": f"< {GOAL_SECONDS:.0f} s", "met": found.ours < GOAL_SECONDS})


def _slowest(layout: Layout) -> float:
    """Return the seconds of the slowest question, each asked of an analysis of its own, as the command does."""
    return max(timed(lambda: _asked(layout, name)) for name in QUERIES)  # noqa: B023  # called at once


def _asked(layout: Layout, name: str) -> None:
    with Analysis(layout) as analysis:
        assert analysis.ask(find_query(name).sql).rows  # noqa: S101  # it answers, or the time means nothing


def _by_lines(layout: Layout) -> Counter[str]:
    """Count cautions by file as one would without a database."""
    counted = Counter[str]()
    for path in layout.cautions.glob("*/*.jsonl"):
        with path.open(encoding="utf-8") as file:
            counted.update(json.loads(line)["file"] for line in file)
    return counted
