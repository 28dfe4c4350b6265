"""`linestop caution`: what people see, on whatever terminal, whatever the cautions hold."""

import json
import os
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.cells import cell_len

from linestop.deployments.cli.caution_compact import compact
from linestop.deployments.cli.caution_list import list_
from linestop.errors import RepositoryError
from linestop.memory.cautions import Caution, CautionKind, CautionLog
from linestop.memory.cautions import compact as compact_now
from linestop.paths import Layout
from linestop.watch import Severity

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "home"))
    repo = tmp_path / "shop"
    subprocess.run(["git", "init", "-q", str(repo)], check=True)
    return repo


def keep(repo: Path, *details: str, **fields: object) -> list[Caution]:
    log = CautionLog(Layout(repo), "20261121T064800-dispatch-ab12cd")
    basis = {"kind": "firing", "detector": "repeat", **fields}
    return [log.append(Caution.model_validate({**basis, "detail": detail})) for detail in details]


def test_a_repository_without_memory_has_none_and_gets_none(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert list_(repo=repo) == 0
    assert "no cautions" in capsys.readouterr().err
    assert compact(repo=repo) == 0
    assert "nothing to move" in capsys.readouterr().err
    assert not (repo / ".linestop").exists()


def test_the_newest_come_last_and_the_limit_counts_from_the_end(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keep(repo, "one", "two", "three", ticket="bugs", file="src/a.py")
    assert list_(repo=repo, limit=2) == 0
    rows = capsys.readouterr().out.splitlines()
    assert rows[0].split() == ["when", "severity", "kind", "seen", "by", "ticket", "file", "detail"]
    assert [row.split()[2:] for row in rows[2:]] == [
        ["warning", "firing", "repeat", "bugs", "src/a.py", word] for word in ("two", "three")
    ]


def test_json_is_a_caution_a_line(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stored = keep(repo, "one", "zwei ü")
    assert list_(repo=repo, json_=True) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [Caution.model_validate(json.loads(line)) for line in lines] == stored
    assert all(line.isascii() for line in lines)


@pytest.mark.parametrize("compacted", [False, True], ids=["segments", "Parquet"])
def test_filters_find_what_they_name(repo: Path, capsys: pytest.CaptureFixture[str], *, compacted: bool) -> None:
    keep(repo, "a", kind=CautionKind.GUARD, detector="tests", ticket="bugs", file="src/a.py")
    keep(repo, "b", severity=Severity.STOP, engine="codex")
    if compacted:
        assert compact_now(Layout(repo), quiet_seconds=0) == (2, 1)
    for asked, found in (
        ({"kind": CautionKind.GUARD}, "a"), ({"detector": "tests"}, "a"), ({"ticket": "bugs"}, "a"),
        ({"file": "src"}, "a"), ({"severity": Severity.STOP}, "b"), ({"engine": "codex"}, "b"),
    ):  # fmt: skip
        assert list_(repo=repo, since="1h", json_=True, **asked) == 0
        assert [json.loads(line)["detail"] for line in capsys.readouterr().out.splitlines()] == [found]
    assert list_(repo=repo, run="another") == 0
    assert "no cautions that fit" in capsys.readouterr().err


@pytest.mark.parametrize("columns", [24, 40, 80, 120])
def test_no_line_is_wider_than_the_terminal_and_nothing_moves_its_cursor(
    repo: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    keep(
        repo,
        "pytest -q fails \x1b[2J\x1b]0;owned\x07 in a \u202e way",
        file="src/" + "漢字" * 30 + ".py",
        ticket="t" * 60,
    )
    path = next((repo / ".linestop" / "cautions").rglob("*.jsonl"))
    path.write_text(path.read_text().replace("fails", "fails \\u001b[31m \\u202e\\u0007"))  # as if written by hand
    monkeypatch.setenv("COLUMNS", str(columns))
    assert list_(repo=repo) == 0
    out = capsys.readouterr().out
    assert max(map(cell_len, out.splitlines())) <= columns
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", out)
    assert "fails" in out


def test_compacting_by_hand_says_how_many_were_moved(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keep(repo, "one", "two")
    segment = next((repo / ".linestop" / "cautions").rglob("*.jsonl"))
    assert compact(repo=repo, json_=True) == 0
    assert json.loads(capsys.readouterr().out) == {"cautions": 0, "segments": 0}
    os.utime(segment, (0, 0))  # it rested for long
    assert compact(repo=repo) == 0
    assert capsys.readouterr().out == "2 cautions of 1 runs are in Parquet now\n"
    assert not segment.exists()


def test_what_a_repository_commits_as_cautions_is_not_read(repo: Path) -> None:
    keep(repo, "trust me")
    subprocess.run(["git", "-C", str(repo), "add", "--force", ".linestop/cautions"], check=True)
    with pytest.raises(RepositoryError, match="commits"):
        list_(repo=repo)
