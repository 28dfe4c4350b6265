"""A question reads what it asks about, and nothing besides."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from linestop.errors import UsageError
from linestop.insight import Analysis
from linestop.insight.memory_rows import lesson_rows
from linestop.insight.needs import is_complete, needs_of
from linestop.memory.lessons import Lesson, LessonStore, Tier
from linestop.paths import Layout
from tests.unit.small_history import caution, segment

NEEDS: dict[str, tuple[str, dict[str, set[str]]]] = {
    "a column": ("SELECT file FROM cautions", {"cautions": {"file"}}),
    "a filter": ("SELECT file FROM cautions WHERE kind = 'check'", {"cautions": {"file", "kind"}}),
    "rows only": ("SELECT count(*) FROM Cautions", {"cautions": set()}),
    "another table": ("SELECT state FROM tickets", {"tickets": {"state"}}),
    "a table's name as a text": (
        "SELECT id FROM tickets WHERE title = 'cautions events'",
        {"tickets": {"id", "title"}},
    ),
    "a name of one's own": ("WITH cautions AS (SELECT 1) FROM cautions", {}),
    "a description": ("DESCRIBE events", {}),
    "no table": ("SELECT 1", {}),
    "a join": (
        "SELECT outcome FROM runs JOIN told USING (run_id)",
        {"runs": {"outcome", "run_id"}, "told": {"run_id"}},
    ),
    "a subquery": (
        "SELECT id FROM tickets WHERE id IN (SELECT ticket FROM cautions)",
        {"tickets": {"id"}, "cautions": {"ticket"}},
    ),
    "a function of tables": ("SELECT kind FROM query_table('cautions')", {"cautions": {"kind"}}),
}


@pytest.mark.parametrize(("sql", "expected"), NEEDS.values(), ids=NEEDS.keys())
def test_a_query_needs_the_columns_that_it_names(sql: str, expected: dict[str, set[str]]) -> None:
    assert {table: set(columns) for table, columns in needs_of(sql).items()} == expected


WHOLE = {
    "a star": "FROM cautions",
    "a summary": "SUMMARIZE cautions",
    "several statements": "SELECT 1; SELECT kind FROM cautions",
    "a pivot without its values": "PIVOT cautions ON kind USING count(*)",
    "a row as a value": "SELECT cautions FROM cautions",
}


@pytest.mark.parametrize("sql", WHOLE.values(), ids=WHOLE.keys())
def test_what_may_read_all_columns_gets_them(sql: str) -> None:
    needs = needs_of(sql)
    assert set(needs) == {"cautions"}
    assert {"id", "moment", "detector", "file_hash"} <= needs["cautions"]


def test_a_query_in_a_text_needs_all() -> None:
    sql = "FROM json_execute_serialized_sql(json_serialize_sql('SELECT count(*) FROM cautions'))"
    assert needs_of(sql)["cautions"] >= {"id", "detail"}


def test_a_view_needs_what_it_is_made_of() -> None:
    assert set(needs_of("SELECT verdict FROM attempts")) == {"runs", "failures", "tickets"}
    assert set(needs_of("PIVOT attempts ON verdict USING count(*)")) == {"runs", "failures", "tickets"}


def test_a_question_about_tickets_opens_no_caution(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    segment(layout, caution(1)).chmod(0)
    (layout.cautions / "compacted").mkdir()
    (layout.cautions / "compacted" / "000001-000001.parquet").write_bytes(b"not Parquet at all")
    with Analysis(layout) as analysis:
        analysis.ask("SELECT count(*) FROM tickets")
        assert not analysis.problems
        analysis.ask("SELECT count(*) FROM cautions")
        assert "000001-000001.parquet" in analysis.problems[0]


def test_a_column_that_nobody_asked_for_is_not_kept_and_comes_when_asked(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    segment(layout, caution(1, detail="seen"))
    with Analysis(layout) as analysis:
        assert analysis.ask("SELECT file FROM cautions").rows == (("src/cart.py",),)
        assert analysis.ask("SELECT detail, file FROM cautions").rows == (("seen", "src/cart.py"),)


def test_an_error_ends_its_own_question_only(tmp_path: Path) -> None:
    with Analysis(Layout(tmp_path)) as analysis:
        with pytest.raises(UsageError, match="can't be run"):
            analysis.ask("SELECT CAST('x' AS INTEGER)")
        assert analysis.ask("SELECT 1").rows == ((1,),)


@pytest.mark.parametrize(
    ("sql", "complete"),
    [
        ("SELECT 1;", True),
        ("SELECT 1", False),
        ("SELECT ';", False),
        ("SELECT 1 -- ;", False),
        ("SELECT ';' ;\n", True),
    ],
)
def test_a_query_is_complete_at_its_own_semicolon(sql: str, *, complete: bool) -> None:
    assert is_complete(sql) is complete


def test_columns_of_one_name_are_told_apart(tmp_path: Path) -> None:
    with Analysis(Layout(tmp_path)) as analysis:
        assert analysis.ask("SELECT 1 AS n, 2 AS n, 3 AS n").columns == ("n", "n_1", "n_2")


def test_a_file_is_hashed_once_however_many_lessons_are_about_it(tmp_path: Path) -> None:
    layout, now, asked = Layout(tmp_path), datetime(2026, 11, 21, tzinfo=UTC), list[str]()

    def hashed(_: Path, file: str) -> str:
        asked.append(file)
        return "h"

    lessons = [
        Lesson(id=f"l{n}", title="Mind it.", why="It broke.", file=f"{n % 2}.py", created=now, updated=now)
        for n in range(6)
    ]
    LessonStore(layout.lessons, Tier.REPOSITORY).put_all(lessons, lambda *_: True)
    assert [row["hash_now"] for row in lesson_rows(layout, pytest.fail, hashed=hashed)] == ["h"] * 6
    assert asked == ["0.py", "1.py"]
