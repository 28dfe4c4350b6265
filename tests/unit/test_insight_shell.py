"""`linestop insight shell`, in a pipe as a script uses it, and other forms of answers."""

import csv
import io
import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from linestop.deployments.cli.insight import insight
from linestop.deployments.cli.insight_shell import Shell
from linestop.deployments.cli.text_table import text_table
from linestop.errors import RepositoryError, UsageError
from linestop.insight import Analysis
from linestop.paths import Layout
from tests.unit.small_history import caution, segment

HOSTILE = "\x1b]0;owned\x07=cmd|' /C calc'!A0\u202e"
Pipe = Callable[[str], int]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "home"))
    path = tmp_path / "shop"
    (path / ".git").mkdir(parents=True)
    segment(Layout(path), caution(1), caution(1, file=HOSTILE))
    segment(Layout(path), caution(2))
    return path


@pytest.fixture
def pipe(root: Path) -> Pipe:
    def run(text: str) -> int:
        with Analysis(Layout(root)) as analysis:
            return Shell(analysis, io.StringIO(text)).run()

    return run


def test_a_query_over_several_lines_is_answered(pipe: Pipe, capsys: pytest.CaptureFixture[str]) -> None:
    assert pipe("SELECT count(*) AS seen\n  FROM cautions -- all;\n;\n") == 0
    assert capsys.readouterr().out.split() == ["seen", "----", "3"]


def test_the_last_query_needs_no_semicolon(pipe: Pipe, capsys: pytest.CaptureFixture[str]) -> None:
    assert pipe("SELECT 41 + 1 AS n") == 0
    assert "42" in capsys.readouterr().out


def test_a_named_query_is_run_by_its_name(pipe: Pipe, capsys: pytest.CaptureFixture[str]) -> None:
    pipe("hot-files\n.sql hot-files\n")
    out = capsys.readouterr().out
    assert "src/cart.py" in out
    assert "FROM cautions" in out


def test_a_query_that_fails_ends_itself_and_the_exit_code(pipe: Pipe, capsys: pytest.CaptureFixture[str]) -> None:
    assert pipe("SELECT nothing FROM nowhere;\nSELECT 7 AS seven;\n") == 1
    said = capsys.readouterr()
    assert "nowhere" in said.err
    assert "seven" in said.out


def test_its_commands_help_along(pipe: Pipe, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        pipe(
            "SELECT count(*) FROM cautions;\n.help\n.tables\n.schema cautions\n.queries\n;\n\n.quit\nSELECT nothing;\n"
        )
        == 0
    )
    out = capsys.readouterr().out
    assert ".mode FORMAT" in out
    assert "\nlessons\n" in out
    assert "caution_lines" not in out, "where they are kept is nobody's business"
    assert "file_hash" in out
    assert "lesson-effect: " in out


@pytest.mark.parametrize("line", [".what", ".mode yaml", ".schema a;drop", ".schema nothing", ".sql nothing"])
def test_what_it_does_not_understand_it_says(pipe: Pipe, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert pipe(f"{line}\n") == 1
    assert capsys.readouterr().err.strip()


def test_it_answers_in_the_format_that_is_chosen(pipe: Pipe, capsys: pytest.CaptureFixture[str]) -> None:
    pipe(".mode json\nSELECT 1 AS n;\n.mode csv\nSELECT 2 AS n;\n")
    assert json.loads(capsys.readouterr().out.removesuffix("n\n2\n"))[0]["rows"] == [{"n": 1}]


@pytest.mark.parametrize(
    "sql",
    ["DELETE FROM runs", "COMMIT", "SET memory_limit = '1GB'", "ATTACH 'x.db'", "INSTALL httpfs", "EXPORT DATABASE 'x'",
     "SELECT * FROM read_csv('/etc/passwd')", "CREATE TABLE x AS SELECT 1", "PRAGMA database_list", "SELECT 1; COMMIT"],
)  # fmt: skip
def test_it_only_reads(pipe: Pipe, sql: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert pipe(f"{sql};\nSELECT count(*) AS left_over FROM cautions;\n") == 1
    said = capsys.readouterr()
    assert said.out.split() == ["left", "over", "---------", "3"]
    assert said.err


def test_json_is_json_whatever_a_query_answers(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No other program reads NaN or Infinity, and DuckDB's maps have keys that JSON has not."""
    sql = "SELECT 'nan'::DOUBLE AS a, ['-inf'::DOUBLE, 1] AS b, MAP {DATE '2026-11-21': 'inf'::DOUBLE} AS c"
    insight(repository=root, sql=sql, json_=True)

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    (answer,) = json.loads(capsys.readouterr().out, parse_constant=refuse)
    assert answer["rows"] == [{"a": None, "b": [None, 1.0], "c": {"2026-11-21": None}}]


def test_csv_is_safe_in_a_spreadsheet_and_on_a_terminal(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    insight(repository=root, sql="SELECT file, -1 AS n, NULL AS nothing FROM cautions ORDER BY file", csv=True)
    out = capsys.readouterr().out
    rows = list(csv.reader(io.StringIO(out)))
    assert rows[0] == ["file", "n", "nothing"]
    assert ["'=cmd|' /C calc'!A0", "-1", ""] in rows
    insight(repository=root, sql="SELECT '\uff1dcmd' AS wide", csv=True)
    assert capsys.readouterr().out == "wide\n'\uff1dcmd\n"
    assert [char for char in out if not char.isprintable() and char != "\n"] == []


def test_a_picture_is_written_and_named(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "hot.svg"
    insight("hot-files", root, picture=target)
    said = capsys.readouterr()
    assert (said.out, str(target) in said.err) == ("", True)
    assert "src/cart.py" in "".join(ET.fromstring(target.read_text()).itertext())  # noqa: S314  # our own


def test_what_is_older_is_left_out(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    insight(repository=root, sql="SELECT count(*) AS n FROM cautions", since="2026-11-18", csv=True)
    assert capsys.readouterr().out == "n\n1\n"


def test_what_a_repository_commits_is_no_history(tmp_path: Path) -> None:
    root = tmp_path / "clone"
    subprocess.run(["git", "init", "--quiet", str(root)], check=True)
    segment(Layout(root), caution(1))
    subprocess.run(["git", "-C", str(root), "add", "--force", "--all"], check=True)
    with pytest.raises(RepositoryError, match="commits what only linestop writes"):
        insight("hot-files", root)


MIXED = {
    "two formats": {"query": "hot-files", "json_": True, "csv": True},
    "an overview as CSV": {"csv": True},
    "an overview as a picture": {"picture": Path("x.svg")},
    "a shell and a query": {"query": "shell", "sql": "SELECT 1"},
    "a shell and a format": {"query": "shell", "csv": True},
    "no span": {"query": "hot-files", "since": "soon"},
}


@pytest.mark.parametrize("words", MIXED.values(), ids=MIXED.keys())
def test_what_does_not_go_together_is_refused(root: Path, words: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        insight(repository=root, **words)  # type: ignore[arg-type]


ROW = ("src/shop/deep/down/cart.py", 12, "the same call was made again and again")
COLUMNS = ("file", "cautions", "detail")


def test_a_table_gives_way_on_a_narrow_terminal() -> None:
    lines = text_table(COLUMNS, [ROW], width=60).splitlines()
    assert max(len(line) for line in lines) <= 60
    assert "…" in lines[-1]
    assert " 12 " in lines[-1], "numbers are never cut"


def test_an_id_is_never_cut_and_a_moment_is_told_by_the_clock_on_the_wall() -> None:
    moment = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
    row = ("runaway-search-486f8199af-4c19083e", "again " * 10, moment)
    lines = text_table(("candidate", "lesson", "drafted"), [row], width=80, whole=("candidate",)).splitlines()
    assert max(len(line) for line in lines) <= 80
    assert row[0] in lines[-1]
    assert f"{moment.astimezone():%Y-%m-%d %H:%M:%S}" in lines[-1]
    folded = text_table(("candidate", "lesson", "drafted"), [row], width=60, whole=("candidate",)).splitlines()
    assert folded[0] == f"candidate  {row[0]}"


def test_a_table_that_is_far_too_wide_becomes_paragraphs() -> None:
    lines = text_table(COLUMNS, [ROW, ROW], width=30).splitlines()
    assert max(len(line) for line in lines) <= 30
    assert "".join("".join(lines).split()).count("againandagain") == 2, "nothing is cut"


def test_wide_letters_take_two_cells() -> None:
    lines = text_table(("file", "n"), [("カート", 1), ("cart", 22)]).splitlines()
    assert lines[2:] == ["カート   1", "cart    22"]
