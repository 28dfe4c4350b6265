"""The store of lessons: what is kept, what is kept of what was, and what a broken file does."""

import os
import sqlite3
import stat
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from linestop.errors import RecordError, UsageError
from linestop.memory.lessons import Lesson, LessonStore, Tier, Trust
from linestop.memory.lessons.faults import failure, is_busy
from linestop.memory.lessons.file import MAX_VALUE_BYTES, LessonFile
from linestop.memory.lessons.schema import APPLICATION_ID, Migration, shipped

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)


def lesson(name: str = "one", title: str = "Prices are in cents", **fields: object) -> Lesson:
    values = {"id": name, "title": title, "why": "a day went by", "created": NOW, "updated": NOW, **fields}
    return Lesson.model_validate(values)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "lessons.db"


@pytest.fixture
def store(path: Path) -> LessonStore:
    return LessonStore(path, Tier.REPOSITORY, patience_seconds=0.05)


def sql(path: Path, *statements: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        return [row for statement in statements for row in connection.execute(statement)]


def test_reading_what_was_never_written_finds_and_creates_nothing(store: LessonStore, path: Path) -> None:
    assert store.list(all=True) == store.told("maker") == store.former("one") == ()
    assert store.find("one") is None
    with pytest.raises(UsageError, match="no lesson one"):
        store.get("one")
    assert not path.parent.exists()


def test_a_lesson_comes_back_as_it_was(store: LessonStore) -> None:
    full = lesson(
        body="See `cart.total`.\n\n    indented", file="src/cart.py", file_hash="a" * 64, roles=("maker", "checker"),
        runs=("r1", "r2"), contradicts=("other",), source="debrief-7", title="Ünïcode — “quoted” 漢字",
    )  # fmt: skip
    assert store.add(full) == full
    assert store.get("one") == full == store.list()[0]


def test_a_store_gives_its_lessons_its_tier_and_no_file_hash_to_global_ones(tmp_path: Path) -> None:
    store = LessonStore(tmp_path / "lessons.db", Tier.GLOBAL)
    kept = store.add(lesson(file="pyproject.toml", file_hash="a" * 64))
    assert (kept.tier, kept.file, kept.file_hash) == (Tier.GLOBAL, "pyproject.toml", "")
    assert store.get("one") == kept


def test_an_id_is_given_once(store: LessonStore) -> None:
    store.add(lesson())
    with pytest.raises(UsageError, match="already"):
        store.add(lesson(title="Another"))
    assert store.get("one").title == "Prices are in cents"


def test_every_change_keeps_what_was_said_before(store: LessonStore) -> None:
    store.add(lesson())
    store.edit("one", title="Prices are in whole cents", body="always")
    store.confirm("one", "b" * 64)
    store.add(lesson("two", "Use Decimal for prices"))
    store.supersede("one", "two")
    store.remove("one")
    former = store.former("one")
    assert [one.lesson.title for one in former] == ["Prices are in cents", *["Prices are in whole cents"] * 3]
    assert [one.lesson.file_hash for one in former] == ["", "", "b" * 64, "b" * 64]
    assert [one.lesson.superseded_by for one in former] == ["", "", "", "two"]
    assert [one.number for one in former] == sorted({one.number for one in former})
    with pytest.raises(UsageError):
        store.get("one")


def test_what_is_changed_by_hand_is_kept_too(store: LessonStore, path: Path) -> None:
    store.add(lesson())
    sql(path, "UPDATE lessons SET why = 'by hand in sqlite3'", "DELETE FROM lessons")
    assert [one.lesson.why for one in store.former("one")] == ["a day went by", "by hand in sqlite3"]


def test_what_is_to_be_forgotten_is_nowhere_in_the_files(store: LessonStore, path: Path) -> None:
    store.add(lesson(body="zanzibar"))
    store.edit("one", body="zanzibar again")
    store.remove("one", forget=True)
    assert store.former("one") == ()
    assert [one.name for one in path.parent.iterdir() if b"zanzibar" in one.read_bytes()] == []


def test_a_change_is_never_older_than_what_it_changes(store: LessonStore) -> None:
    ahead = datetime.now(UTC) + timedelta(days=2)
    store.add(lesson(updated=ahead))
    assert store.edit("one", title="Prices are in euros").updated == ahead


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        pytest.param("one", "one", "the same", id="itself"),
        pytest.param("one", "gone", "no lesson gone", id="one that isn't there"),
        pytest.param("gone", "two", "no lesson gone", id="of none"),
        pytest.param("one", "proposed", "only proposed", id="a proposal"),
        pytest.param("one", "old", "superseded by two", id="one that is superseded itself"),
    ],
)
def test_what_can_not_supersede(store: LessonStore, old: str, new: str, why: str) -> None:
    for one in (lesson(), lesson("two"), lesson("proposed", trust=Trust.PROPOSED), lesson("old", superseded_by="two")):
        store.add(one)
    with pytest.raises(UsageError) as caught:
        store.supersede(old, new)
    assert why in str(caught.value)
    assert store.get("one").superseded_by == ""


def test_a_lesson_is_added_and_its_predecessor_superseded_at_once_or_not_at_all(store: LessonStore) -> None:
    store.add(lesson())
    store.add(lesson("two", "Prices are in euros"), supersedes="one")
    assert [one.id for one in store.list()] == ["two"]
    assert store.get("one").superseded_by == "two"
    with pytest.raises(UsageError, match="no lesson gone"):
        store.add(lesson("three"), supersedes="gone")
    assert store.find("three") is None


def test_a_look_that_objects_keeps_a_lesson_out(store: LessonStore) -> None:
    def look(new: Lesson, others: object) -> None:
        raise UsageError("no", found=f"{new.id} against {len(tuple(others))}")  # type: ignore[arg-type]

    store.add(lesson())
    for attempt in (lambda: store.add(lesson("two"), look=look), lambda: store.edit("one", look=look, title="x")):
        with pytest.raises(UsageError, match="no"):
            attempt()
    assert store.list() == (lesson(),)
    seen: list[list[str]] = []
    store.add(lesson("two"))
    store.edit("one", look=lambda _, others: seen.append([other.id for other in others]), title="x")
    assert seen == [["two"]], "what a lesson said before is no other lesson"


def test_an_unknown_field_is_no_edit(store: LessonStore) -> None:
    store.add(lesson())
    for field in ("id", "created", "updated", "tier", "nonsense"):
        with pytest.raises(UsageError, match="can't be edited"):
            store.edit("one", **{field: "x"})


def test_who_is_told(store: LessonStore) -> None:
    for one in (
        lesson("all", file="src/cart.py"),
        lesson("maker", roles=("maker",), updated=NOW + timedelta(hours=2)),
        lesson("checker", roles=("checker",)),
        lesson("proposed", trust=Trust.PROPOSED),
        lesson("superseded", superseded_by="all"),
        lesson("folder", file="src", updated=NOW + timedelta(hours=1)),
    ):
        store.add(one)
    assert [one.id for one in store.told("maker")] == ["maker", "folder", "all"]
    assert [one.id for one in store.told("checker")] == ["folder", "all", "checker"]
    assert [one.id for one in store.told("mak")] == ["folder", "all"]
    assert [one.id for one in store.told("maker", files=["src/cart.py"])] == ["folder", "all", "maker"]
    assert [one.id for one in store.told("maker", files=["src/cart.py"], limit=2)] == ["folder", "all"]


@pytest.mark.parametrize("version", range(1, len(shipped())))
def test_a_store_of_an_older_linestop_is_read_as_it_is_and_brought_up_to_date_by_a_write(
    store: LessonStore, path: Path, version: int
) -> None:
    old = LessonFile(path, migrations=shipped()[:version])
    columns = "id, title, body, why, file, file_hash, roles, source, trust, runs, superseded_by, created, updated"
    row = ("old", "An old one", "", "of old", "", "", '["maker"]', "person", "person", "[]", "", f"{NOW}", f"{NOW}")
    insert = f"INSERT INTO lessons ({columns}) VALUES ({','.join('?' * 13)})"  # noqa: S608  # names of ours
    old.write(lambda connection: connection.execute(insert, row))
    before = lesson("old", "An old one", why="of old", roles=("maker",))
    assert store.list() == (before,)
    assert store.former("old") == ()
    assert sql(path, "PRAGMA user_version") == [(version,)]
    store.edit("old", body="changed now")
    assert [one.lesson for one in store.former("old")] == [before]
    assert sql(path, "PRAGMA user_version") == [(len(shipped()),)]
    names = sql(path, "SELECT number, name FROM migrations ORDER BY number")
    assert names == [(one.number, one.name) for one in shipped()]


def test_the_shipped_migrations_are_numbered_without_a_gap() -> None:
    assert [one.number for one in shipped()] == list(range(1, len(shipped()) + 1))
    assert len(shipped()) >= 3


def test_a_migration_that_fails_leaves_the_store_as_it_was(store: LessonStore, path: Path) -> None:
    store.add(lesson())
    bad = Migration(len(shipped()) + 1, "0099_bad", "CREATE TABLE half (x); INSERT INTO nowhere VALUES (1);")
    with pytest.raises(RecordError, match="can't be used"):
        LessonFile(path, migrations=[*shipped(), bad]).write(lambda _: None)
    assert store.list() == (lesson(),)
    assert sql(path, "SELECT count(*) FROM sqlite_master WHERE name = 'half'") == [(0,)]


def test_the_journal_is_a_log_and_the_wait_for_locks_is_as_specified(store: LessonStore, path: Path) -> None:
    store.add(lesson())
    assert sql(path, "PRAGMA journal_mode", "PRAGMA application_id") == [("wal",), (APPLICATION_ID,)]
    asked = LessonFile(path).read(lambda one: one.execute("PRAGMA busy_timeout").fetchone()[0], None)
    assert asked == 2000


def test_a_store_that_a_stranger_made_is_read_with_care(store: LessonStore, path: Path) -> None:
    """Its schema may call functions, one value may be a gigabyte; and what is to be forgotten must be overwritten."""
    store.add(lesson())
    asked = LessonFile(path).read(
        lambda one: (
            one.execute("PRAGMA trusted_schema").fetchone()[0],
            one.execute("PRAGMA secure_delete").fetchone()[0],
            one.getlimit(sqlite3.SQLITE_LIMIT_LENGTH),
        ),
        None,
    )
    assert asked == (0, 1, MAX_VALUE_BYTES)


def damage(path: Path, *, kind: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "no database":
        path.write_bytes(b"these are my notes\n" * 500)
    elif kind == "torn":
        whole = path.read_bytes()
        path.write_bytes(whole[:5000] + b"\xff" * (len(whole) - 5000))
    elif kind == "newer":
        sql(path, "PRAGMA user_version = 99")
    elif kind == "another program's":
        path.unlink()
        sql(path, "CREATE TABLE tickets (id TEXT)", "PRAGMA user_version = 1")
    elif kind == "a row of nonsense":
        sql(path, "UPDATE lessons SET roles = '{'")
    elif kind == "no text":
        sql(path, "UPDATE lessons SET title = CAST(x'ff00fe' AS TEXT)")
    elif kind == "a folder":
        path.unlink()
        path.mkdir()
    elif kind == "a pipe":
        path.unlink()
        os.mkfifo(path)


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        pytest.param("no database", "is damaged", id="no database"),
        pytest.param("torn", "is damaged", id="torn pages"),
        pytest.param("newer", "a newer linestop", id="of a newer linestop"),
        pytest.param("another program's", "no store of lessons", id="another program's"),
        pytest.param("a row of nonsense", "can't be read", id="a row of nonsense"),
        pytest.param("no text", "can't be read|can't be used|is damaged", id="a text that is none"),
        pytest.param("a folder", "in no such place", id="a folder"),
        pytest.param("a pipe", "in no such place", id="a pipe"),
    ],
)
def test_what_can_not_be_read_is_said_in_three_parts_and_never_overwritten(
    store: LessonStore, path: Path, kind: str, what: str
) -> None:
    store.add(lesson())
    damage(path, kind=kind)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(RecordError, match=what) as caught:
        store.list(all=True)
    assert caught.value.found
    assert caught.value.todo
    if kind not in {"a row of nonsense", "no text"}:  # one that can't be read hinders no other
        with pytest.raises(RecordError, match=what):
            store.add(lesson("two"))
    if kind != "no text" and before is not None and kind != "a row of nonsense":
        assert path.read_bytes() == before


@pytest.mark.parametrize("name", ["", "-wal", "-shm", "-journal", "-turns"])
def test_a_link_in_the_place_of_a_file_is_refused(store: LessonStore, path: Path, tmp_path: Path, name: str) -> None:
    target = tmp_path / "precious"
    target.write_text("mine")
    path.parent.mkdir()
    path.with_name(f"{path.name}{name}").symlink_to(target)
    for attempt in (store.list, lambda: store.add(lesson())):
        with pytest.raises(RecordError, match="no such place"):
            attempt()
    assert target.read_text() == "mine"


def test_a_link_in_the_place_of_the_folder_is_refused(store: LessonStore, path: Path, tmp_path: Path) -> None:
    LessonStore(tmp_path / "elsewhere" / "lessons.db", Tier.REPOSITORY).add(lesson())
    path.parent.symlink_to(tmp_path / "elsewhere")
    for attempt in (store.list, lambda: store.add(lesson("two"))):
        with pytest.raises(RecordError, match="no such place"):
            attempt()


@pytest.mark.parametrize(
    ("code", "what", "todo"),
    [
        pytest.param(sqlite3.SQLITE_BUSY_SNAPSHOT, "held by another process", "network disk", id="busy"),
        pytest.param(sqlite3.SQLITE_PROTOCOL, "held by another process", "doesn't lock", id="locking protocol"),
        pytest.param(sqlite3.SQLITE_IOERR_LOCK, "can't be used", "network disks", id="a lock that fails"),
        pytest.param(sqlite3.SQLITE_IOERR_SHMMAP, "can't be used", "network disks", id="no shared memory"),
        pytest.param(sqlite3.SQLITE_FULL, "can't be used", "free disk space", id="full"),
        pytest.param(sqlite3.SQLITE_READONLY, "can't be used", "writable", id="read-only"),
        pytest.param(sqlite3.SQLITE_CANTOPEN, "can't be used", "writable", id="can't be opened"),
        pytest.param(sqlite3.SQLITE_CORRUPT_INDEX, "is damaged", "backup", id="corrupt"),
        pytest.param(sqlite3.SQLITE_NOTADB, "is damaged", "backup", id="no database"),
        pytest.param(0, "can't be used", "check the disk", id="none of SQLite's"),
    ],
)
def test_every_failure_of_sqlite_says_what_to_do(code: int, what: str, todo: str) -> None:
    error = sqlite3.OperationalError("it went wrong")
    error.sqlite_errorcode = code
    told = failure(Path("/a b/lessons.db"), error)
    assert what in told.what
    assert "it went wrong" in told.found
    assert todo in told.todo
    assert is_busy(error) is what.startswith("held")


def test_an_empty_file_that_a_killed_first_writer_left_is_an_empty_store(store: LessonStore, path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    assert store.list() == ()
    store.add(lesson())
    assert store.list() == (lesson(),)


def test_threads_share_a_store(path: Path) -> None:
    store = LessonStore(path, Tier.REPOSITORY)
    threads = [threading.Thread(target=store.add, args=(lesson(f"t{number}"),)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.list()) == 8


def test_a_folder_of_another_user_is_said(store: LessonStore, path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere; tests/live/test_lessons_live.py has a read-only disk")
    path.parent.mkdir(mode=stat.S_IRUSR | stat.S_IXUSR)
    with pytest.raises(RecordError, match="no lesson can be written"):
        store.add(lesson())
