"""Cautions in Parquet: each there once, whatever was killed, written or merged on the way."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from linestop.errors import RecordError
from linestop.memory.cautions import (
    Caution,
    CautionKind,
    CautionLog,
    Compacted,
    compact,
    is_due,
    parquet_files,
    read_cautions,
    recall,
)
from linestop.paths import Layout

DAY = "2026-11-21"
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    root = tmp_path / "it's a shop"
    root.mkdir()
    return Layout(root)


def log_of(layout: Layout, run: str) -> CautionLog:
    return CautionLog(layout, run, clock=lambda: NOON)


def seen(detail: str = "again", file: str = "src/a.py") -> Caution:
    return Caution(kind="firing", detector="repeat", detail=detail, file=file)


def filled(layout: Layout, run: str, count: int = 3) -> list[Caution]:
    log = log_of(layout, run)
    return [log.append(seen(f"{run} {number}", file=f"src/{number}.py")) for number in range(count)]


def segments(layout: Layout) -> list[str]:
    return sorted(path.stem for path in layout.cautions.rglob("*.jsonl"))


def now(layout: Layout, *, most: int = 100_000) -> Compacted:
    return compact(layout, quiet_seconds=0, most=most, today=DAY)


def test_what_was_compacted_reads_as_before(layout: Layout) -> None:
    stored = [*filled(layout, "one"), *filled(layout, "two")]
    stored.append(log_of(layout, "two").append(seen("umlaut ü and 'quotes\" \U0001f600")))
    assert now(layout) == (7, 2)
    assert segments(layout) == []
    assert not (layout.cautions / DAY).exists()
    assert list(read_cautions(layout)) == stored
    assert list(read_cautions(layout, file="src/1.py", since=NOON)) == [stored[1], stored[4]]
    assert list(read_cautions(layout, run="two", newest=2)) == stored[-2:]
    assert now(layout) == (0, 0)


def test_an_open_log_goes_on_in_a_new_segment(layout: Layout) -> None:
    log = log_of(layout, "one")
    first = log.append(seen("first"))
    now(layout)
    second = log.append(seen("second"))
    assert segments(layout) == ["one"]
    assert list(read_cautions(layout)) == [first, second]
    now(layout)
    assert list(read_cautions(layout)) == [first, second]


def test_a_run_that_goes_on_and_what_was_just_written_stay(layout: Layout) -> None:
    filled(layout, "running")
    (layout.runs / "running").mkdir(parents=True)
    filled(layout, "ended")
    (layout.runs / "ended").mkdir()
    (layout.runs / "ended" / "result.json").write_text("{}")
    assert compact(layout, today=DAY) == (0, 0)
    assert now(layout) == (3, 1)
    assert segments(layout) == ["running"]
    assert compact(layout, quiet_seconds=0, today="2026-11-22") == (3, 1)


def test_what_a_newer_version_wrote_stays_as_it_is(layout: Layout) -> None:
    filled(layout, "newer")
    path = layout.cautions / DAY / "newer.jsonl"
    record = json.loads(path.read_bytes().splitlines()[0]) | {"id": "newer:x"}
    for odd in ({"kind": "premonition"}, {"mood": "grim"}, {"schema": 2}):
        text = path.read_text()
        path.write_text(text + json.dumps(record | odd) + "\n")
        assert now(layout) == (0, 0)
        assert path.read_text().startswith(text)
        path.write_text(text)
    assert now(layout) == (3, 1)


def test_a_segment_of_which_nothing_can_be_read_stays(layout: Layout) -> None:
    path = layout.cautions / DAY / "odd.jsonl"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"\0\0\0\n")
    assert now(layout) == (0, 0)
    assert path.read_bytes() == b"\0\0\0\n"


def test_a_torn_tail_is_left_behind_and_a_whole_last_line_is_not(layout: Layout) -> None:
    stored = filled(layout, "torn")
    path = layout.cautions / DAY / "torn.jsonl"
    path.write_bytes(path.read_bytes()[:-1])
    other = filled(layout, "half")
    half = layout.cautions / DAY / "half.jsonl"
    half.write_bytes(half.read_bytes()[:-30])
    assert now(layout) == (5, 2)
    assert list(read_cautions(layout)) == [*stored, *other[:2]]


def test_a_kill_before_the_segments_went_doubles_nothing(layout: Layout, tmp_path: Path) -> None:
    stored = filled(layout, "one")
    shutil.copytree(layout.cautions / DAY, tmp_path / "before")
    now(layout)
    shutil.copytree(tmp_path / "before", layout.cautions / DAY)
    assert list(read_cautions(layout)) == stored
    assert now(layout) == (0, 0)
    assert segments(layout) == []
    assert list(read_cautions(layout)) == stored


def test_what_was_written_after_such_a_kill_is_compacted_alone(layout: Layout, tmp_path: Path) -> None:
    stored = filled(layout, "one")
    shutil.copytree(layout.cautions / DAY, tmp_path / "before")
    now(layout)
    shutil.copytree(tmp_path / "before", layout.cautions / DAY)
    stored.append(log_of(layout, "one").append(seen("later")))
    assert list(read_cautions(layout)) == stored
    assert now(layout) == (1, 1)
    assert list(read_cautions(layout)) == stored


def test_what_a_killed_compaction_left_unfinished_is_cleared_away(layout: Layout) -> None:
    stored = filled(layout, "one")
    folder = layout.cautions / "compacted"
    folder.mkdir()
    for name in (".0123.part", ".000001-000001.parquet.part"):
        (folder / name).write_bytes(b"half")
    assert list(read_cautions(layout)) == stored
    assert now(layout) == (3, 1)
    assert [path.name for path in folder.iterdir() if path.name != ".lock"] == ["000001-000001.parquet"]


def test_one_go_takes_about_as_many_as_it_is_told(layout: Layout) -> None:
    for number in range(4):
        filled(layout, f"run-{number}")
    assert now(layout, most=5) == (6, 2)
    assert now(layout, most=5) == (6, 2)


def test_there_is_nothing_to_do_where_there_is_no_memory(layout: Layout) -> None:
    assert not is_due(layout)
    assert compact(layout) == (0, 0)
    assert not layout.state.exists()


def test_a_parquet_file_that_is_broken_is_named_and_nothing_is_touched(layout: Layout) -> None:
    filled(layout, "one")
    now(layout)
    (path,) = parquet_files(layout)
    path.write_bytes(b"garbage")
    filled(layout, "two")
    with pytest.raises(RecordError) as refused:
        list(read_cautions(layout))
    assert path.name in refused.value.found
    with pytest.raises(RecordError):
        now(layout)
    assert (path.read_bytes(), segments(layout)) == (b"garbage", ["two"])


def test_what_an_engine_claims_beyond_all_bounds_is_cut_and_hinders_no_compaction(layout: Layout) -> None:
    """One caution that Parquet can't hold would keep all the others loose for good."""
    log = CautionLog(layout, "r")
    claimed = Caution(kind=CautionKind.FIRING, detector="cost", detail="x", tokens=2**63, calls=2**70, seconds=1e400)
    log.append(claimed)
    log.close()
    assert compact(layout, quiet_seconds=0, today="2999-01-01").cautions == 1
    (one,) = read_cautions(layout)
    assert (one.tokens, one.calls, one.seconds) == (2**53, 2**53, 0.0)
    assert [found.id for found in recall(layout, (), limit=5)] == [one.id]
