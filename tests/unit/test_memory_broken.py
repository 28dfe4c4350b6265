"""A memory that is broken in any way that files can be says so once, stays as it was, and raises nothing."""

import hashlib
import os
import sqlite3
import stat
import subprocess
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from linestop.briefs.model import Told
from linestop.deployments.doctor.diagnosis import State
from linestop.deployments.doctor.memory import look_at_memory
from linestop.memory.cautions import Caution, CautionKind
from linestop.memory.cautions.shelf import NAME
from linestop.memory.lessons import Lesson, LessonStore, Tier
from linestop.memory.memory import MAX_OPEN, MAX_PROBLEMS, Memory
from linestop.memory.tickets.model import Correction, Failure, Reflection
from linestop.paths import Layout, global_lessons
from linestop.policy import MemoryPolicy

GARBAGE = bytes(range(256)) * 40
DAYS = [f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%d}" for days in (0, 1)]  # midnight may come meanwhile
TICKET = "stock"
Harm = Callable[[Layout], object]


def taught(path: Path, tier: Tier = Tier.REPOSITORY, title: str = "Run the tests before you commit") -> Path:
    """Put a lesson into a store as a person does, and return its path."""
    now = datetime.now(UTC)
    lesson = Lesson(id=f"l-{tier}", tier=tier, title=title, why="it went wrong twice", created=now, updated=now)
    LessonStore(path, tier).add(lesson)
    return path


def garbage_in_lessons(layout: Layout) -> None:
    layout.lessons.write_bytes(GARBAGE)


def half_of_the_lessons(layout: Layout) -> None:
    path = taught(layout.lessons)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2 + 100])


def lessons_of_a_newer_linestop(layout: Layout) -> None:
    with closing(sqlite3.connect(taught(layout.lessons))) as connection:
        connection.execute("PRAGMA user_version = 99")


def lessons_of_another_program(layout: Layout) -> None:
    with closing(sqlite3.connect(layout.lessons)) as connection:
        connection.execute("CREATE TABLE photographs (name TEXT)")


def a_folder_for_lessons(layout: Layout) -> None:
    layout.lessons.mkdir()


def a_pipe_for_lessons(layout: Layout) -> None:
    os.mkfifo(layout.lessons)


def garbage_in_everybodys_lessons(_: Layout) -> None:
    global_lessons().parent.mkdir(parents=True, exist_ok=True)
    global_lessons().write_bytes(GARBAGE)


def a_file_for_cautions(layout: Layout) -> None:
    layout.cautions.write_bytes(GARBAGE)


def a_file_for_a_day(layout: Layout) -> None:
    layout.cautions.mkdir()
    for day in DAYS:
        (layout.cautions / day).write_bytes(GARBAGE)


def garbage_in_compacted_cautions(layout: Layout) -> None:
    (layout.cautions / "compacted").mkdir(parents=True)
    (layout.cautions / "compacted" / "000001-000001.parquet").write_bytes(GARBAGE)


def a_file_for_tickets(layout: Layout) -> None:
    layout.tickets.write_bytes(GARBAGE)


def a_pipe_for_the_book(layout: Layout) -> None:
    layout.tickets.mkdir()
    os.mkfifo(layout.tickets / f"{TICKET}.jsonl")


HARMS = [
    garbage_in_lessons, half_of_the_lessons, lessons_of_a_newer_linestop, lessons_of_another_program,
    a_folder_for_lessons, a_pipe_for_lessons, garbage_in_everybodys_lessons, a_file_for_cautions, a_file_for_a_day,
    garbage_in_compacted_cautions, a_file_for_tickets, a_pipe_for_the_book,
]  # fmt: skip


def fingerprints(layout: Layout) -> dict[str, str]:
    """Return what stands in the places of memory, by their paths."""
    days = [layout.cautions / day for day in DAYS]
    places = (layout.lessons, global_lessons(), layout.cautions, *days, layout.tickets, layout.tickets / "stock.jsonl")
    found = {}
    for path in places:
        with suppress(FileNotFoundError, NotADirectoryError):
            mode = path.lstat().st_mode
            text = path.read_bytes() if stat.S_ISREG(mode) else b""
            found[str(path)] = f"{stat.S_IFMT(mode)} {hashlib.sha256(text).hexdigest()}"
    return found


def used(memory: Memory) -> Told:
    """Use every verb of a memory, twice, as a ticket's attempts do; return what is told at last."""
    book = memory.book(TICKET)
    for attempt in (1, 2):
        memory.caution(Caution(kind=CautionKind.CHECK, detector="checks", detail="broke", run="r1", ticket="t0"))
        book.fail(Failure(source="checks", text="AssertionError in test_stock.py", chunk="c0", attempt=attempt))
        book.reflect(Reflection(text="I guessed", chunk="c0", attempt=attempt))
        book.correct(Correction(text="read the test", by="checks", chunk="c0"))
        told = memory.told(TICKET, role="maker", chunk="c0", files=("shop/stock.py",))
    book.solve("c0")
    memory.close()
    return told


@pytest.fixture
def layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "home"))
    (tmp_path / "shop").mkdir()
    return Layout(tmp_path / "shop").ensure()


def test_a_memory_that_works_has_all_and_says_nothing(layout: Layout) -> None:
    taught(layout.lessons)
    taught(global_lessons(), Tier.GLOBAL)
    said: list[str] = []
    told = used(Memory(layout, MemoryPolicy(), say=said.append))
    assert (len(told.lessons), len(told.signs), len(told.cautions)) == (2, 1, 2)
    assert (said, told.problems) == ([], ())


@pytest.mark.parametrize("harm", HARMS, ids=lambda harm: harm.__name__)
def test_what_is_broken_is_said_once_and_nothing_is_overwritten(layout: Layout, harm: Harm) -> None:
    harm(layout)
    before, said = fingerprints(layout), list[str]()
    memory = Memory(layout, MemoryPolicy(), say=said.append)
    told = used(memory)
    assert 1 <= len(said) <= 3
    assert len(set(said)) == len(said)
    assert tuple(said) == memory.problems
    assert set(told.problems) <= set(said)
    assert all(one.startswith("memory.broken ") and one.endswith("the run goes on without") for one in said)
    after = fingerprints(layout)
    assert {path: after.get(path) for path in before} == before


@pytest.mark.parametrize(
    ("harm", "left"),
    [
        pytest.param(garbage_in_lessons, (1, 1, 2), id="lessons-of-everybody-signs-and-cautions"),
        pytest.param(garbage_in_everybodys_lessons, (1, 1, 2), id="lessons-of-the-repository"),
        pytest.param(a_file_for_cautions, (2, 1, 0), id="lessons-and-signs"),
        pytest.param(a_file_for_tickets, (2, 0, 2), id="lessons-and-cautions"),
    ],
)
def test_what_is_whole_beside_it_is_told(layout: Layout, harm: Harm, left: tuple[int, int, int]) -> None:
    for path, tier in ((layout.lessons, Tier.REPOSITORY), (global_lessons(), Tier.GLOBAL)):
        taught(path, tier)
    harm(layout)
    told = used(Memory(layout, MemoryPolicy()))
    assert (len(told.lessons), len(told.signs), len(told.cautions)) == left


def test_more_problems_than_anybody_reads_are_not_said_one_by_one(layout: Layout) -> None:
    said: list[str] = []
    memory = Memory(layout, MemoryPolicy(), say=said.append)
    for number in range(3 * MAX_PROBLEMS):
        memory.report(f"problem {number}")
    assert len(said) == len(memory.problems) == MAX_PROBLEMS + 1
    assert "not said one by one" in said[-1]


def test_a_judge_is_told_of_other_tickets_only(layout: Layout) -> None:
    memory = Memory(layout, MemoryPolicy())
    for ticket in (TICKET, "another"):
        memory.caution(Caution(kind=CautionKind.CHECK, detector="checks", detail="broke", run="r1", ticket=ticket))
    told = {role: memory.told(TICKET, role=role, chunk="c0", files=()).cautions for role in ("maker", "checker")}
    assert {role: {one.ticket for one in cautions} for role, cautions in told.items()} == {
        "maker": {TICKET, "another"},
        "checker": {"another"},
    }


def test_who_hears_later_hears_of_what_was_before(layout: Layout) -> None:
    a_file_for_tickets(layout)
    memory, said = Memory(layout, MemoryPolicy()), list[str]()
    used(memory)
    memory.hear(said.append)
    assert tuple(said) == memory.problems != ()


def test_cautions_of_many_runs_keep_few_files_open(layout: Layout) -> None:
    memory = Memory(layout, MemoryPolicy())
    for number in range(3 * MAX_OPEN):
        memory.caution(Caution(kind=CautionKind.FIRING, detector="repeat", detail="again", run=f"run-{number}"))
    opened = [os.path.realpath(one) for one in Path("/proc/self/fd").iterdir()]
    assert sum(name.startswith(str(layout.cautions)) for name in opened) == MAX_OPEN
    assert len(list(layout.cautions.rglob("*.jsonl"))) == 3 * MAX_OPEN
    memory.close()


def test_a_memory_that_the_policy_turns_off_keeps_nothing_and_complains_of_nothing(layout: Layout) -> None:
    garbage_in_lessons(layout)
    memory = Memory(layout, MemoryPolicy(enabled=False))
    assert used(memory) == Told()
    assert "memory.enabled" in memory.off
    assert not layout.cautions.exists()
    assert not layout.tickets.exists()


def test_a_mistake_of_ours_is_not_taken_for_a_broken_disk(layout: Layout) -> None:
    with pytest.raises(AttributeError):
        Memory(layout, MemoryPolicy()).attempt("x", lambda: None.nothing, None)  # type: ignore[attr-defined]


@pytest.mark.parametrize("harm", [None, *HARMS], ids=lambda harm: harm.__name__ if harm else "none")
def test_the_doctor_says_what_is_remembered_and_what_of_it_is_broken(layout: Layout, harm: Harm | None) -> None:
    subprocess.run(["git", "init", "-q", str(layout.root)], check=True)
    if harm:
        harm(layout)
    else:
        taught(layout.lessons)
        used(Memory(layout, MemoryPolicy()))
    found = list(look_at_memory(layout, MemoryPolicy()))
    assert State.PROBLEM not in {one.state for one in found}, "a run goes on without its memory"
    bad = [one for one in found if one.state is State.WARNING]
    assert all(one.todo for one in bad)
    if harm:
        assert [one.name for one in found if one.name in {"lessons", "cautions", "signs", "debriefs"}] == [
            "lessons", "lessons", "cautions", "signs", "debriefs",
        ], "each is looked at, whatever the one before it was like"  # fmt: skip
        assert len(bad) == 1
    else:
        assert bad == []
        text = "\n".join(one.found for one in found)
        assert "repository: 1 told to agents" in text
        assert "schema " in text
        assert "1 ticket learned something; 0 signs unsolved" in text


def test_a_lock_that_is_never_given_back_is_waited_for_once(layout: Layout) -> None:
    clock = iter(range(0, 1_000, 10))  # each look at it finds ten seconds gone
    memory, tried = Memory(layout, MemoryPolicy(), clock=lambda: float(next(clock))), list[str]()

    def hang() -> None:
        tried.append("again")
        raise TimeoutError("held")

    for _ in range(3):
        memory.attempt("it can't be written", hang, None, about="t1")
    assert len(tried) == 1
    memory.attempt("it can't be written", hang, None, about="t2")
    assert len(tried) == 2, "another's lock is another matter"
    for _ in range(5):
        memory.attempt("it can't be written", hang, None, about="t1")
    assert len(tried) == 3, "after a minute it is tried again"


def test_an_index_of_cautions_that_is_damaged_is_made_anew_for_it_is_never_the_truth(layout: Layout) -> None:
    used(Memory(layout, MemoryPolicy()))
    index = layout.cautions / NAME
    index.write_bytes(GARBAGE)
    memory = Memory(layout, MemoryPolicy())
    assert len(memory.told(TICKET, role="maker", chunk="c0", files=()).cautions) == 2
    assert memory.problems == ()
    assert index.read_bytes() != GARBAGE


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b"[" * 30_000 + b"]" * 30_000, id="nested-too-deep"),
        pytest.param(b'{"a":' * 10_000 + b"1" + b"}" * 10_000, id="objects-nested-too-deep"),
        pytest.param(b"x" * 200_000, id="endless"),
        pytest.param(b"\0" * 5_000, id="a-hole-of-a-crash"),
        pytest.param(b"\xff\xfe{}", id="no-text"),
        pytest.param(
            b'{"schema": 1, "kind": "failure", "id": 1e999, "at": "2026-13-45", "attempt": -1}', id="nonsense"
        ),
        pytest.param(b'{"schema": 99, "kind": "prophecy", "id": "r1:9"}', id="of-a-newer-linestop"),
        pytest.param(b"null", id="null"),
    ],
)
def test_lines_that_linestop_never_wrote_hide_none_that_it_did(layout: Layout, line: bytes) -> None:
    used(Memory(layout, MemoryPolicy()))
    for path in (layout.tickets / f"{TICKET}.jsonl", *layout.cautions.rglob("*.jsonl")):
        path.write_bytes(line + b"\n" + path.read_bytes() + line)
    memory = Memory(layout, MemoryPolicy())
    told = used(memory)
    assert (len(told.signs), len(told.cautions)) == (1, 4)
    assert told.signs[0].times == 4
    assert memory.problems == ()


def test_a_file_whose_name_is_no_text_blinds_no_memory(layout: Layout) -> None:
    """A repository may hold names in Latin-1, or any bytes: git gives them as lone surrogates."""
    taught(layout.lessons)
    memory = Memory(layout, MemoryPolicy())
    memory.caution(Caution(kind=CautionKind.FIRING, detector="repeat", detail="again", run="r", file="src/a.py"))
    told = memory.told(TICKET, role="maker", chunk="c", files=(os.fsdecode(b"src/caf\xe9.py"), "src/a.py"))
    assert (len(told.lessons), len(told.cautions), told.problems) == (1, 1, ())
