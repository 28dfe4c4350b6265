"""Tracker files that are damaged, newer or not there: said clearly, never taken for an empty tracker."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from linestop.errors import TrackerError
from linestop.plans import ChecksPass, Chunk, Plan
from linestop.tickets import Ticket
from linestop.tracker import SqliteTracker

PLAN = Plan(
    id="p", title="t", purpose="p", scope=("a.py",), goal=(ChecksPass(),),
    chunks=(Chunk(id="c", title="c", source="ruff", rules=("F401",), paths=("a.py",)),),
)  # fmt: skip


@pytest.fixture
def tracker(tmp_path: Path) -> SqliteTracker:
    tracker = SqliteTracker(tmp_path / "tracker.db")
    tracker.file(Ticket(id="t", batch="b", title="t", plan=PLAN))
    return tracker


def rewrite(tracker: SqliteTracker, statement: str) -> None:
    connection = sqlite3.connect(tracker.path)
    with connection:
        connection.execute(statement)
    connection.close()


def damage(tracker: SqliteTracker) -> None:
    tracker.path.write_bytes(b"this is no database at all" * 100)


def overwrite_page(tracker: SqliteTracker) -> None:
    rewrite(tracker, "PRAGMA wal_checkpoint(TRUNCATE)")
    data = bytearray(tracker.path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    tracker.path.write_bytes(bytes(data))


@pytest.mark.parametrize(
    ("ruin", "because"),
    [
        pytest.param(damage, "can't be used", id="no database"),
        pytest.param(overwrite_page, "can't be used", id="a damaged page"),
        pytest.param(lambda one: rewrite(one, "PRAGMA user_version = 99"), "newer linestop", id="newer"),
        pytest.param(lambda one: rewrite(one, "UPDATE tickets SET body = '{'"), "can't be read", id="a torn ticket"),
        pytest.param(lambda one: rewrite(one, "DROP TABLE tickets"), "can't be used", id="no table"),
    ],
)
def test_a_tracker_that_can_not_be_read_is_an_error_with_what_to_do(
    tracker: SqliteTracker, ruin: Callable[[SqliteTracker], None], because: str
) -> None:
    ruin(tracker)
    before = tracker.path.read_bytes()
    for use in (tracker.list, lambda: tracker.get("t"), lambda: tracker.claim("t", holder="h", seconds=9)):
        with pytest.raises(TrackerError, match=because) as caught:
            use()
        assert caught.value.todo
    assert tracker.path.read_bytes()[:4096] == before[:4096]


def test_a_folder_in_its_place_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "tracker.db").mkdir()
    with pytest.raises(TrackerError):
        SqliteTracker(tmp_path / "tracker.db").list()


def test_reading_creates_nothing(tmp_path: Path) -> None:
    assert SqliteTracker(tmp_path / "tracker.db").list() == ()
    assert list(tmp_path.iterdir()) == []
