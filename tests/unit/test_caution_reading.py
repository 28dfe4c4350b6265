"""Reading and following cautions: what can't be read costs itself only, and what comes is seen once."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from linestop.memory.cautions import Caution, CautionLog, Follower, Wanted, follow, read_cautions
from linestop.paths import Layout
from linestop.watch import Severity

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
GOOD: dict[str, Any] = {
    "schema": 1, "id": "r:1", "at": "2026-11-21T12:00:00Z", "kind": "firing", "detector": "repeat", "detail": "again",
}  # fmt: skip


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    root = tmp_path / "shop"
    root.mkdir()
    return Layout(root)


def write(layout: Layout, *lines: bytes, run: str = "r", day: str = "2026-11-21") -> Path:
    path = layout.cautions / day / f"{run}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(lines))
    return path


def line(**fields: Any) -> bytes:
    return json.dumps({**GOOD, **fields}).encode() + b"\n"


def seen(**fields: Any) -> Caution:
    return Caution.model_validate({"kind": "firing", "detector": "repeat", "detail": "again", **fields})


BAD = [
    pytest.param(b"\n \n\r\n", id="blank"),
    pytest.param(b"\0" * 4096 + b"\n", id="zeros, as after a power cut"),
    pytest.param(line(id="r:0")[:40] + b"\n", id="torn and closed"),
    pytest.param(b"\xff\xfe\x00garbage\n", id="binary"),
    pytest.param(b"[1, 2]\n3\nnull\n", id="other JSON"),
    pytest.param(b"[" * 5000 + b"\n", id="deep"),
    pytest.param(b'{"id": "x"}\n', id="no caution"),
    pytest.param(line(id=""), id="no id"),
    pytest.param(line(id="r:0", kind="premonition"), id="a kind of a newer version"),
    pytest.param(line(id="r:0", severity="grave"), id="a severity of a newer version"),
    pytest.param(line(id="r:0", at="yesterday"), id="no time"),
    pytest.param(line(id="r:0", tokens=2**63), id="more tokens than Parquet can count"),
    pytest.param(line(id="r:0", seconds="Infinity"), id="seconds without an end"),
    pytest.param(line(id="r:0", detail="x" * 100_000), id="huge"),
    pytest.param(b"x" * 3_000_000 + b"\n", id="megabytes"),
]


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_line_costs_itself_only(layout: Layout, bad: bytes) -> None:
    write(layout, line(id="r:1"), bad, line(id="r:2"), bad[:-1])
    assert [one.id for one in read_cautions(layout)] == ["r:1", "r:2"]


def test_fields_of_a_newer_version_are_left_out_and_missing_ones_have_their_defaults(layout: Layout) -> None:
    write(layout, line(mood="grim", schema=2))
    (one,) = read_cautions(layout)
    assert (one.severity, one.calls, one.file) == (Severity.WARNING, 0, "")


def test_a_time_without_a_zone_is_utc(layout: Layout) -> None:
    write(layout, line(at="2026-11-21T12:00:00"))
    assert [one.at for one in read_cautions(layout, since=NOON)] == [NOON]


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00"])
def test_a_time_that_utc_does_not_have_is_taken_as_utc(layout: Layout, at: str) -> None:
    write(layout, line(at=at))
    (one,) = read_cautions(layout)
    assert one.at == datetime.fromisoformat(at).replace(tzinfo=UTC)


def test_all_runs_and_days_come_oldest_first(layout: Layout) -> None:
    write(layout, line(id="b", at="2026-11-21T11:00:00Z"), line(id="d", at="2026-11-21T13:00:00Z"), run="one")
    write(layout, line(id="c", at="2026-11-21T12:00:00Z"), run="two")
    write(layout, line(id="a", at="2026-11-20T12:00:00+02:00"), run="two", day="2026-11-20")
    assert [one.id for one in read_cautions(layout)] == ["a", "b", "c", "d"]
    assert [one.id for one in read_cautions(layout, newest=2)] == ["c", "d"]
    assert list(read_cautions(layout, newest=0)) == []


def test_what_is_in_two_segments_counts_once(layout: Layout) -> None:
    write(layout, line(), run="one")
    write(layout, line(), run="two")
    assert len(list(read_cautions(layout))) == 1


FILTERS: list[Any] = [
    pytest.param({"ticket": "bugs"}, {"ticket": "bug"}, id="ticket"),
    pytest.param({"detector": "cycle"}, {"detector": "repeat"}, id="detector"),
    pytest.param({"kind": "guard"}, {"kind": "check"}, id="kind"),
    pytest.param({"run": "one"}, {"run": "two"}, id="run"),
    pytest.param({"engine": "codex"}, {"engine": "mini"}, id="engine"),
    pytest.param({"severity": Severity.STOP}, {"severity": Severity.INFO}, id="severity"),
    pytest.param({"file": "src/a.py"}, {"file": "src/a.pyi"}, id="file"),
]


@pytest.mark.parametrize(("asked", "other"), FILTERS)
def test_a_filter_lets_through_what_it_names(layout: Layout, asked: dict[str, Any], other: dict[str, Any]) -> None:
    log = CautionLog(layout, "r")
    fits = log.append(seen(**asked))
    log.append(seen(**other))
    assert list(read_cautions(layout, **asked)) == [fits]


@pytest.mark.parametrize(
    ("asked", "files"),
    [
        pytest.param("src", ["src/a.py", "src/in/b.py"], id="a folder"),
        pytest.param("./src/", ["src/a.py", "src/in/b.py"], id="as a shell completes it"),
        pytest.param("src/a.py", ["src/a.py"], id="a file"),
        pytest.param("sr", [], id="the beginning of a name"),
    ],
)
def test_a_file_is_asked_for_by_its_path_or_its_folder(layout: Layout, asked: str, files: list[str]) -> None:
    log = CautionLog(layout, "r")
    for file in ("src/a.py", "src/in/b.py", "srcs/c.py", ""):
        log.append(seen(file=file))
    assert [one.file for one in read_cautions(layout, file=asked)] == files


def test_since_counts_the_moment_itself(layout: Layout) -> None:
    log = CautionLog(layout, "r")
    for hours in (-1, 0, 1):
        log.append(seen(at=NOON + timedelta(hours=hours)))
    assert [one.at.hour for one in read_cautions(layout, since=NOON)] == [12, 13]


def test_what_is_no_segment_is_left_alone(layout: Layout, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "r.jsonl").write_bytes(line(id="theirs"))
    write(layout, line())
    day = layout.cautions / "2026-11-21"
    (day / "link.jsonl").symlink_to(outside / "r.jsonl")
    (day / "notes.txt").write_bytes(line(id="notes"))
    (day / "folder.jsonl").mkdir()
    (layout.cautions / "2026-11-20").symlink_to(outside)
    (layout.cautions / "someday").mkdir()
    (layout.cautions / "someday" / "r.jsonl").write_bytes(line(id="someday"))
    (layout.cautions / "2026-11-19").write_text("no folder")
    assert [one.id for one in read_cautions(layout)] == ["r:1"]


def test_reading_and_following_create_nothing(layout: Layout) -> None:
    assert list(read_cautions(layout)) == []
    assert Follower(layout).new() == []
    assert list(follow(layout, over=lambda: True)) == []
    assert not layout.state.exists()


def steps(*actions: Callable[[], object]) -> tuple[Callable[[], bool], Callable[[float], object]]:
    """Return what ends a follower after its actions, and the wait in which each is done."""
    waiting = list(actions)
    return lambda: not waiting, lambda _: waiting.pop(0)()


def test_what_is_written_is_followed_over_new_runs_and_days(layout: Layout) -> None:
    old, young = CautionLog(layout, "old", clock=lambda: NOON), CautionLog(layout, "young", clock=lambda: NOON)
    tomorrow = CautionLog(layout, "old", clock=lambda: NOON + timedelta(days=1))
    before = CautionLog(layout, "old", clock=lambda: NOON - timedelta(days=300))
    old.append(seen(detail="before it began"))
    over, wait = steps(
        lambda: old.append(seen(detail="the same run")),
        lambda: young.append(seen(detail="a new run")),
        lambda: tomorrow.append(seen(detail="a new day")),
        lambda: None,
        lambda: before.append(seen(detail="the clock was set back")),
        lambda: old.append(seen(detail="the last")),
    )
    assert [one.detail for one in follow(layout, over=over, wait=wait)] == [
        "the same run", "a new run", "a new day", "the clock was set back", "the last",
    ]  # fmt: skip


def test_a_line_is_followed_once_it_is_whole(layout: Layout) -> None:
    path = write(layout, line(id="r:1"), line(id="r:2")[:20])
    follower = Follower(layout)
    with path.open("ab") as file:
        file.write(line(id="r:2")[20:40])
        file.flush()
        assert follower.new() == []
        file.write(line(id="r:2")[40:] + b"torn\n" + line(id="r:3"))
    assert [one.id for one in follower.new()] == ["r:2", "r:3"]
    assert follower.new() == []


def test_a_segment_that_is_made_anew_is_followed_from_its_beginning(layout: Layout) -> None:
    path = write(layout, line(id="r:1"), line(id="r:2"))
    follower = Follower(layout)
    path.unlink()
    assert follower.new() == []
    write(layout, line(id="r:3"))
    assert [one.id for one in follower.new()] == ["r:3"]


@pytest.mark.parametrize("last", [(), ("s:1",)], ids=["as long", "longer"])
def test_a_segment_that_got_the_inode_of_one_that_is_gone_is_followed(layout: Layout, last: tuple[str, ...]) -> None:
    path = write(layout, line(id="r:1"), line(id="r:2"))
    follower = Follower(layout)
    inode = path.stat().st_ino
    path.write_bytes(b"".join(line(id=one) for one in ("r:8", "r:9", *last)))  # as after a compaction
    os.utime(path, (2e9, 2e9))
    assert path.stat().st_ino == inode
    assert [one.id for one in follower.new()] == ["r:8", "r:9", *last]
    assert follower.new() == []


def test_only_what_fits_is_followed(layout: Layout) -> None:
    follower = Follower(layout, Wanted(ticket="bugs"))
    log = CautionLog(layout, "r")
    log.append(seen(ticket="others"))
    fits = log.append(seen(ticket="bugs"))
    assert follower.new() == [fits]
