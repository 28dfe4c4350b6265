"""Cautions as the analysis reads them: loose, compacted, both, torn, strange."""

import os
from pathlib import Path

import pytest

from linestop.insight import Analysis, find_query
from linestop.insight.caution_files import SLOW_BYTES
from linestop.insight.columns import MAX_LINE_BYTES
from linestop.memory.cautions.compaction import compact
from linestop.paths import Layout
from tests.unit.small_history import caution, segment


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    root = tmp_path / "we[ir]d *name"
    (root / ".git").mkdir(parents=True)
    return Layout(root)


def ids(layout: Layout) -> list[str]:
    with Analysis(layout) as analysis:
        return [row[0] for row in analysis.ask("SELECT id FROM cautions ORDER BY id").rows]


def test_compacted_and_loose_cautions_are_one_table(layout: Layout) -> None:
    segment(layout, caution(1), caution(1, detector="cycle"))
    compact(layout, quiet_seconds=0.0)
    segment(layout, caution(2))
    assert ids(layout) == ["r1:cycle", "r1:repeat", "r2:repeat"]


def test_a_segment_that_was_compacted_and_is_still_there_counts_once(layout: Layout) -> None:
    path = segment(layout, caution(1))
    kept = path.read_bytes()
    compact(layout, quiet_seconds=0.0)
    assert not path.exists()
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(kept)
    assert ids(layout) == ["r1:repeat"]


def test_every_field_is_the_same_loose_and_compacted(layout: Layout) -> None:
    one = caution(
        1, detail='it said "no", twice', attempt=3, role="maker", model="m", chunk="c", calls=7, signature="s" * 64
    )
    segment(layout, one)
    with Analysis(layout) as analysis:
        loose = analysis.ask("FROM cautions")
    compact(layout, quiet_seconds=0.0)
    with Analysis(layout) as analysis:
        assert analysis.ask("FROM cautions") == loose
    row = dict(zip(loose.columns, loose.rows[0], strict=True))
    assert (row["run_id"], row["attempt"], row["detail"], row["tokens"]) == ("r1", 3, 'it said "no", twice', 100)
    assert row["moment"] == one.at.replace(tzinfo=None)


def test_a_torn_or_strange_line_costs_itself(layout: Layout) -> None:
    path = segment(layout, caution(1))
    strange = (
        b'{"id": "x", "kind": "firing", "seconds": "soon", "at": "never"}\n[1]\nnull\n\xff\xfe{\n{"id":"torn","kin'
    )
    path.write_bytes(strange.replace(b'{"id": "x"', path.read_bytes() + b'{"id": "x"'))
    with Analysis(layout) as analysis:
        rows = analysis.ask("SELECT id, seconds, moment IS NULL FROM cautions ORDER BY id").rows
    assert rows == (("r1:repeat", 10.0, False), ("x", 0.0, True))


def test_a_link_leads_out_and_is_not_read(layout: Layout, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.jsonl"
    path = segment(layout, caution(1))
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    assert ids(layout) == []


def test_a_parquet_file_that_is_none_costs_itself_and_is_named(layout: Layout) -> None:
    segment(layout, caution(1))
    compact(layout, quiet_seconds=0.0)
    (layout.cautions / "compacted" / "000002-000002.parquet").write_bytes(b"PAR1 and nothing else")
    with Analysis(layout) as analysis:
        assert analysis.ask("SELECT count(*) FROM cautions").rows == ((1,),)
        assert "000002-000002.parquet" in analysis.problems[0]


def test_lines_that_make_questions_slow_are_named_with_what_ends_that(layout: Layout) -> None:
    path = segment(layout, caution(1))
    with Analysis(layout) as analysis:
        analysis.ask("SELECT count(*) FROM cautions")
        assert analysis.problems == ()
    with path.open("ab") as file:
        file.writelines(b"\n" * 2**20 for _ in range(SLOW_BYTES // 2**20))
    with Analysis(layout) as analysis:
        analysis.ask(find_query("hot-files").sql)
        (said,) = analysis.problems
    assert said.startswith("64 MB of cautions aren't compacted")
    assert "`linestop caution compact`" in said


def test_what_a_file_is_mostly_named_for_is_the_same_each_time(layout: Layout) -> None:
    """A tie goes by name: which of both was read first is chance."""
    for detector in ("repeat", "cycle"):
        segment(layout, *(caution(number, detector=detector) for number in (1, 2)))
    with Analysis(layout) as analysis:
        answer = analysis.ask(find_query("hot-files").sql)
    assert {row[answer.columns.index("mostly")] for row in answer.rows} == {"cycle"}


def test_a_line_without_an_end_costs_its_file_and_is_named(layout: Layout) -> None:
    """DuckDB would refuse the question: a crash of the machine may leave a hole of any size."""
    segment(layout, caution(1))
    path = segment(layout, caution(2))
    os.truncate(path, path.stat().st_size + 2 * MAX_LINE_BYTES)
    events = layout.runs / "20261121T060000-ticket-aaaaaa" / "events.jsonl"
    events.parent.mkdir(parents=True)
    events.touch()
    os.truncate(events, 2 * MAX_LINE_BYTES)
    with Analysis(layout) as analysis:
        assert analysis.ask("SELECT id FROM cautions").rows == (("r1:repeat",),)
        assert analysis.ask("SELECT kind FROM events").rows == ()
        assert [said.partition(":")[0] for said in analysis.problems] == [
            "2026-11-16/r2.jsonl is left out",
            "20261121T060000-ticket-aaaaaa/events.jsonl is left out",
        ]
