"""What a brief may be told is found by file and newest, from an index that is never the truth."""

import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from linestop.memory.cautions import Caution, CautionLog, compact, recall, upkeep
from linestop.memory.cautions.shelf import KEEP, NAME, REPEATS
from linestop.paths import Layout
from linestop.watch import Severity

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    root = tmp_path / "shop"
    root.mkdir()
    return Layout(root)


def write(layout: Layout, *cautions: Caution, run: str = "r") -> None:
    log = CautionLog(layout, run, clock=lambda: NOON)
    for caution in cautions:
        log.append(caution)
    log.close()


def seen(minute: int, file: str = "", detail: str = "", **fields: object) -> Caution:
    at = NOON + timedelta(minutes=minute)
    detail = detail or f"at {minute}"
    return Caution.model_validate(
        {"kind": "firing", "detector": "repeat", "detail": detail, "file": file, "at": at, **fields}
    )


def said(layout: Layout, *files: str, limit: int = 100) -> list[str]:
    return [one.detail for one in recall(layout, files, limit=limit)]


def test_files_in_play_come_first_then_the_newest_of_the_rest(layout: Layout) -> None:
    write(
        layout, seen(1, "src/a.py"), seen(2, "src/a.py", severity=Severity.INFO), seen(3, "src/b.py"), seen(4),
        seen(5, "src/c.py"),
    )  # fmt: skip
    assert said(layout, "src/b.py", "src/a.py") == ["at 3", "at 1", "at 2", "at 5", "at 4"]
    assert said(layout, "src/a.py", limit=2) == ["at 1", "at 5"]
    assert said(layout) == ["at 5", "at 4", "at 3", "at 2", "at 1"]


@pytest.mark.parametrize(
    ("word", "found"),
    [
        pytest.param("src", ["at 2", "at 1"], id="a folder"),
        pytest.param("src/in/", ["at 2"], id="a folder with its slash"),
        pytest.param("src/**/*.py", ["at 2", "at 1"], id="a glob"),
        pytest.param("src/b*", ["at 1"], id="the beginning of a name"),
        pytest.param("**/*.py", [], id="a glob without a beginning: as if nothing was named"),
        pytest.param("sr", [], id="no such file"),
        pytest.param("'; DROP TABLE notes; --", [], id="SQL"),
    ],
)
def test_a_folder_or_a_glob_stands_for_the_files_in_it(layout: Layout, word: str, found: list[str]) -> None:
    write(layout, seen(1, "src/b.py"), seen(2, "src/in/a.py"), seen(3, "srcs/a.py"), seen(4))
    rest = [one for one in ("at 4", "at 3", "at 2", "at 1") if one not in found]
    assert said(layout, word) == [*found, *rest]


def test_it_sees_what_was_written_since_the_last_time(layout: Layout) -> None:
    assert said(layout) == []
    write(layout, seen(1))
    assert said(layout) == ["at 1"]
    write(layout, seen(2))
    write(layout, seen(3), run="other")
    path = layout.cautions / "2026-11-21" / "r.jsonl"
    with path.open("ab") as file:
        file.write(b'{"id": "torn')
    assert said(layout) == ["at 3", "at 2", "at 1"]
    write(layout, seen(4))
    assert said(layout) == ["at 4", "at 3", "at 2", "at 1"]


def test_a_line_that_is_being_written_is_told_once_it_is_whole(layout: Layout) -> None:
    write(layout, seen(1))
    path = layout.cautions / "2026-11-21" / "r.jsonl"
    line = path.read_bytes().replace(b"at 1", b"at 2").replace(b'"id":"r:', b'"id":"r:2')
    with path.open("ab") as file:
        file.write(line[:50])
        file.flush()
        assert said(layout) == ["at 1"]
        file.write(line[50:])
    assert sorted(said(layout)) == ["at 1", "at 2"]


def test_compaction_changes_nothing_of_it(layout: Layout) -> None:
    write(layout, *(seen(minute, f"src/{minute % 7}.py") for minute in range(40)))
    before = recall(layout, ["src/3.py"], limit=20)
    compact(layout, quiet_seconds=0)
    assert recall(layout, ["src/3.py"], limit=20) == before
    (layout.cautions / NAME).unlink()
    assert recall(layout, ["src/3.py"], limit=20) == before


def garbage(path: Path) -> None:
    path.write_bytes(b"garbage" * 1000)


def half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def scribbled(path: Path) -> None:
    known = path.read_bytes()
    path.write_bytes(known[:8192] + b"\xaa" * (len(known) - 8192))


def gone(path: Path) -> None:
    path.unlink()


def empty(path: Path) -> None:
    path.write_bytes(b"")


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("harm", [garbage, half, scribbled, gone, empty, a_folder])
def test_an_index_that_is_broken_or_gone_costs_time_and_nothing_else(
    layout: Layout, harm: Callable[[Path], None]
) -> None:
    write(layout, *(seen(minute, f"src/{minute}.py") for minute in range(200)))
    before = said(layout, "src/5.py", limit=10)
    for end in ("-wal", "-shm"):
        (layout.cautions / (NAME + end)).unlink(missing_ok=True)
    harm(layout.cautions / NAME)
    write(layout, seen(500))
    assert said(layout, "src/5.py", limit=10) == [before[0], "at 500", *before[1:-1]]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_is_read_only_is_recalled_from_all_the_same(layout: Layout) -> None:
    write(layout, seen(1))
    layout.cautions.chmod(0o500)
    try:
        assert said(layout) == ["at 1"]
    finally:
        layout.cautions.chmod(0o700)


def test_what_a_person_removed_is_forgotten(layout: Layout) -> None:
    write(layout, seen(1), run="one")
    write(layout, seen(2), run="two")
    compact(layout, quiet_seconds=0)
    write(layout, seen(3), run="three")
    assert said(layout) == ["at 3", "at 2", "at 1"]
    (layout.cautions / "2026-11-21" / "three.jsonl").unlink()
    assert said(layout) == ["at 2", "at 1"]
    shutil.rmtree(layout.cautions / "compacted")
    assert said(layout) == []


def test_a_segment_that_another_took_the_place_of_is_read_anew(layout: Layout) -> None:
    write(layout, seen(1), seen(2))
    said(layout)
    (layout.cautions / "2026-11-21" / "r.jsonl").unlink()
    write(layout, seen(3))
    assert said(layout) == ["at 3"]


@pytest.mark.parametrize("more", [pytest.param("", id="as-long"), pytest.param(" and longer", id="longer")])
def test_a_segment_that_got_the_inode_of_one_that_is_gone_is_read_anew(layout: Layout, more: str) -> None:
    write(layout, seen(1))
    assert said(layout) == ["at 1"]
    segment = layout.cautions / "2026-11-21" / "r.jsonl"
    other = Layout(layout.root.parent / "other")
    other.root.mkdir()
    write(other, seen(2, detail="at 2" + more))
    inode = segment.stat().st_ino
    segment.write_bytes((other.cautions / "2026-11-21" / "r.jsonl").read_bytes())  # as after a compaction
    os.utime(segment, (2e9, 2e9))
    assert segment.stat().st_ino == inode
    assert said(layout) == ["at 2" + more]


def test_the_index_of_a_former_version_goes(layout: Layout) -> None:
    write(layout, seen(1))
    (layout.cautions / "recall-1.db").write_bytes(b"of a former version")
    assert said(layout) == ["at 1"]
    assert [path.name for path in layout.cautions.glob("recall-*.db")] == [NAME]


def test_a_hot_file_keeps_its_newest_and_what_says_the_same_hides_nothing_else(layout: Layout) -> None:
    write(layout, seen(0, "hot.py", "the rare one"), *(seen(n, "hot.py", "the same") for n in range(1, 5 * KEEP)))
    found = recall(layout, ["hot.py"], limit=1000)
    assert [one.detail for one in found] == ["the same"] * REPEATS + ["the rare one"]
    assert found[0].at == NOON + timedelta(minutes=5 * KEEP - 1)


@pytest.mark.parametrize("compacted", [False, True], ids=["loose", "compacted"])
def test_infos_push_no_warning_out(layout: Layout, *, compacted: bool) -> None:
    """A warning ranks before every info, however many of them an agent has written since."""
    infos = (seen(n, "hot.py", severity=Severity.INFO) for n in range(1, 7 * KEEP))
    write(layout, seen(0, "hot.py", "the warning"), *infos)
    if compacted:
        compact(layout, quiet_seconds=0, today="2030-01-01")
    found = said(layout, "hot.py", limit=4 * KEEP)
    assert found[:2] == ["the warning", f"at {7 * KEEP - 1}"]


def test_a_file_whose_name_reads_like_a_glob_is_found(layout: Layout) -> None:
    """Next.js calls its pages so; the folder holds more files than are looked at for a glob."""
    name = "app/[id]/page.tsx"
    write(layout, seen(0, name, "mine"), *(seen(n, f"app/{n}.tsx") for n in range(1, 60)))
    assert said(layout, name, limit=10)[0] == "mine"


def test_upkeep_does_nothing_where_there_is_little(layout: Layout) -> None:
    write(layout, seen(1))
    assert upkeep(layout) == (0, 0)
    assert not (layout.cautions / NAME).exists()
