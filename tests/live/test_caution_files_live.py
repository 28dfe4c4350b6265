"""What a brief may be told when others hold its index, and what becomes of very many files: it takes seconds."""

import sqlite3
from pathlib import Path

import pytest

from linestop.memory.cautions import parquet_files, read_cautions
from linestop.memory.cautions.parquet_writing import MANY_FILES
from linestop.memory.cautions.shelf import NAME
from linestop.paths import Layout
from tests.unit.test_caution_compaction import filled, now
from tests.unit.test_caution_recall import said, seen, write

pytestmark = pytest.mark.live


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    root = tmp_path / "shop"
    root.mkdir()
    return Layout(root)


def test_an_index_that_is_held_costs_time_and_nothing_else(layout: Layout) -> None:
    write(layout, *(seen(minute, f"src/{minute}.py") for minute in range(200)))
    before = said(layout, "src/5.py", limit=10)
    for end in ("-wal", "-shm"):
        (layout.cautions / (NAME + end)).unlink(missing_ok=True)
    holder = sqlite3.connect(layout.cautions / NAME, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    write(layout, seen(500))
    assert said(layout, "src/5.py", limit=10) == [before[0], "at 500", *before[1:-1]]
    holder.close()


def test_what_is_new_is_told_while_another_process_writes_the_index(layout: Layout) -> None:
    write(layout, seen(1, "src/a.py"), seen(2))
    said(layout)
    holder = sqlite3.connect(layout.cautions / NAME, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    for minute in range(3, 8):
        write(layout, seen(minute, "src/a.py" if minute % 2 else "src/b.py"), run=f"run-{minute}")
    assert said(layout, "src/a.py") == ["at 7", "at 5", "at 3", "at 1", "at 6", "at 4", "at 2"]
    holder.execute("ROLLBACK")
    holder.close()
    assert said(layout, "src/a.py") == ["at 7", "at 5", "at 3", "at 1", "at 6", "at 4", "at 2"]


def test_many_files_become_one_and_nothing_is_seen_twice(layout: Layout) -> None:
    stored = []
    for number in range(MANY_FILES):
        stored += filled(layout, f"run-{number}", 1)
        now(layout)
    assert [path.name for path in parquet_files(layout)] == [f"000001-{MANY_FILES:06}.parquet"]
    assert len(list((layout.cautions / "compacted").glob("*.parquet"))) == MANY_FILES + 1  # for who still reads them
    assert list(read_cautions(layout)) == stored
    stored += filled(layout, "last", 1)
    now(layout)
    assert len(list((layout.cautions / "compacted").glob("*.parquet"))) == 2
    assert list(read_cautions(layout)) == stored
