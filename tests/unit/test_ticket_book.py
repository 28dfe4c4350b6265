"""The book of a ticket: what was written is there, whatever else happened to the file; what it comes to."""

import json
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from linestop.errors import LinestopError, RecordError, UsageError
from linestop.memory.tickets import Correction, Failure, Reflection, TicketBook, books, learned_by
from linestop.memory.tickets.book import MAX_FILE, MAX_TEXT
from linestop.paths import Layout

COUNT = "FAILED tests/test_shop.py::test_count - assert 0 == 2"
TOTAL = "FAILED tests/test_shop.py::test_total - assert 0 == 3"


@pytest.fixture
def book(tmp_path: Path) -> TicketBook:
    return TicketBook(Layout(tmp_path), "shop")


def failure(text: str = COUNT, **words: object) -> Failure:
    return Failure.model_validate({"source": "checks", "text": text, "chunk": "c0", "attempt": 1, **words})


def test_the_second_same_failure_is_a_sign_and_the_third_escalates(book: TicketBook) -> None:
    first, second, third = (book.fail(failure(run=f"r{number}")) for number in (1, 2, 3))
    assert (first.times, first.sign, first.escalates) == (1, None, False)
    assert (second.times, second.is_new, second.escalates) == (2, True, False)
    assert (third.times, third.is_new, third.escalates) == (3, False, True)
    assert second.sign
    assert second.sign.branch == "linestop/shop"
    (sign,) = book.signs()
    assert (sign.id, sign.times, sign.runs) == (second.sign.id, 3, ("r1", "r2", "r3"))
    assert sign.failure == COUNT
    assert sign.at == book.failures()[1].at, "when it became a sign"


def test_the_sign_that_came_up_first_stands_first(book: TicketBook) -> None:
    for text in (COUNT, TOTAL, TOTAL, COUNT):
        book.fail(failure(text))
    assert [sign.failure for sign in book.signs()] == [TOTAL, COUNT]


def test_counts_are_of_the_ticket_s_life_not_of_a_run_or_a_chunk(tmp_path: Path) -> None:
    tallies = [
        TicketBook(Layout(tmp_path), "shop").fail(failure(chunk=f"c{number}", attempt=number + 1))
        for number in range(3)
    ]
    assert [one.times for one in tallies] == [1, 2, 3]


OTHERS = [
    pytest.param({"text": TOTAL}, id="another failure"),
    pytest.param({"source": "checker"}, id="another judge"),
    pytest.param({"file": "other/test_shop.py"}, id="a file of the same name in another folder"),
]


@pytest.mark.parametrize("words", OTHERS)
def test_other_failures_count_for_themselves(book: TicketBook, words: dict[str, object]) -> None:
    book.fail(failure(file="tests/test_shop.py"))
    assert book.fail(failure(**{"file": "tests/test_shop.py", **words})).times == 1
    assert book.fail(failure(file="tests/test_shop.py")).times == 2


def test_another_ticket_has_a_book_of_its_own(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    assert [TicketBook(layout, name).fail(failure()).times for name in ("shop", "cart", "shop")] == [1, 1, 2]
    assert [book.ticket for book in books(layout)] == ["cart", "shop"]


def test_what_may_not_arm_is_kept_and_never_counted(book: TicketBook) -> None:
    tallies = [book.fail(failure("tests still fail")) for _ in range(5)]
    assert {(one.times, one.sign, one.escalates) for one in tallies} == {(0, None, False)}
    assert len(book.failures()) == 5


def test_a_sign_is_solved_once_its_chunk_is_approved_and_not_when_it_comes_again(book: TicketBook) -> None:
    for _ in range(2):
        book.fail(failure())
    before = book.path.read_bytes()
    book.solve("c1")
    assert len(book.signs()) == 1  # another chunk's approval
    assert book.path.read_bytes() == before
    book.solve("c0")
    assert book.signs() == ()
    assert [one.solved for one in book.signs(all=True)] == [True]
    assert book.fail(failure()).escalates
    assert [one.solved for one in book.signs()] == [False]


def test_solving_what_has_no_sign_writes_nothing(book: TicketBook) -> None:
    book.solve("c0")
    assert not book.path.exists()


def test_reading_never_makes_a_file_or_a_folder(book: TicketBook) -> None:
    assert (book.signs(), book.corrections(), book.reflections("c0"), book.failures()) == ((), (), (), ())
    assert not book.path.parent.parent.exists()


def test_corrections_of_a_chunk_come_with_those_of_the_whole_ticket(book: TicketBook) -> None:
    for text, chunk in (("one", "c0"), ("two", ""), ("three", "c1"), ("one", "c0")):
        book.correct(Correction(text=text, by="checks", chunk=chunk))
    assert [one.text for one in book.corrections("c0")] == ["two", "one"]  # said twice, told once: where it was last
    assert [one.text for one in book.corrections()] == ["two", "three", "one"]


def test_reflections_are_kept_by_chunk_and_silence_is_none(book: TicketBook) -> None:
    for text, chunk in (("I emptied it", "c0"), ("  ", "c0"), ("I forgot", "c1")):
        book.reflect(Reflection(text=text, chunk=chunk, attempt=1))
    assert [one.text for one in book.reflections("c0")] == ["I emptied it"]
    assert len(book.reflections()) == 2


def test_a_torn_tail_loses_only_its_line(book: TicketBook) -> None:
    book.fail(failure())
    with book.path.open("ab") as file:
        file.write(b'{"schema": 1, "kind": "failure", "source": "chec')
    assert len(book.failures()) == 1
    assert book.fail(failure()).times == 2
    assert len(book.failures()) == 2
    assert [json.loads(line)["kind"] for line in book.path.read_text().splitlines() if line.endswith("}")] == [
        "failure", "failure", "sign",
    ]  # fmt: skip


FOREIGN = [
    pytest.param(b"\xff\xfe\x00 no text at all\n", id="bytes"),
    pytest.param(b'{"kind": "failure"}\n', id="fields that are missing"),
    pytest.param(b'{"kind": "failure", "source": 1, "text": [], "chunk": {}, "attempt": -1}\n', id="of other types"),
    pytest.param(b'{"kind": "prophecy", "schema": 9}\n', id="a later version's kind"),
    pytest.param(b'{"kind": ["failure"]}\n[1]\nnull\n{}\n', id="no kind"),
    pytest.param(b"[" * 50_000 + b"\n", id="nested too deep"),
    pytest.param(b'{"kind": "failure", "text": "' + b"x" * 200_000 + b'"}\n', id="a huge line"),
    pytest.param(b"\n\n\n", id="blank lines"),
]


@pytest.mark.parametrize("lines", FOREIGN)
def test_foreign_lines_are_passed_over(book: TicketBook, lines: bytes) -> None:
    book.fail(failure())
    with book.path.open("ab") as file:
        file.write(lines)
    assert book.fail(failure()).times == 2
    assert len(book.signs()) == 1


def test_fields_of_a_later_version_are_passed_over(book: TicketBook) -> None:
    book.fail(failure())
    line = json.loads(book.path.read_text()) | {"mood": "bad", "schema": 2}
    book.path.write_text(json.dumps(line) + "\n")
    assert book.fail(failure()).times == 2


def test_what_is_written_holds_no_secret_no_control_character_and_has_an_end(
    book: TicketBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_API_TOKEN", "swordfish-swordfish")
    text = "\x1b[2J\u202eswordfish-swordfish\nsecond line of cart.py: KeyError " + "x" * 9_000
    book.fail(failure(text, file="a\x1b[31m/b.py", run="r\n" * 9_000))
    book.correct(Correction(text=text, by="swordfish-swordfish" * 99))
    book.reflect(Reflection(text=text, chunk="c0", attempt=1))
    raw = book.path.read_bytes()
    assert b"swordfish" not in raw
    assert b"\\u001b" not in raw
    assert len(raw) < 4 * MAX_TEXT
    (kept,) = book.failures()
    assert kept.text.startswith("[redacted]\nsecond line")
    assert len(kept.text) <= MAX_TEXT
    assert kept.file == "a/b.py"


def test_two_failures_that_differ_in_a_secret_alone_are_one(book: TicketBook, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "cart.py: KeyError: 'swordfish-swordfish' is no order"
    book.fail(failure(text))
    monkeypatch.setenv("SHOP_API_TOKEN", "swordfish-swordfish")
    assert book.fail(failure(text)).times == 2


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", "A", "x" * 62, "a.b", "a\n", "-a"])
def test_a_name_that_is_no_ticket_opens_no_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="no ticket"):
        TicketBook(Layout(tmp_path), name)


def test_a_link_is_not_followed(book: TicketBook, tmp_path: Path) -> None:
    book.fail(failure())
    book.path.unlink()
    outside = tmp_path / "outside.jsonl"
    outside.write_text("mine\n")
    book.path.symlink_to(outside)
    for action in (lambda: book.fail(failure()), book.signs, lambda: book.correct(Correction(text="x", by="me"))):
        with pytest.raises(LinestopError):
            action()
    assert outside.read_text() == "mine\n"
    assert list(books(Layout(tmp_path))) == []
    assert "can't read" in learned_by(Layout(tmp_path), "shop").problem


def test_a_pipe_in_its_place_hangs_nobody(book: TicketBook) -> None:
    book.fail(failure())
    book.path.unlink()
    os.mkfifo(book.path)
    with pytest.raises(RecordError, match="can't read"):
        book.signs()
    with pytest.raises(RecordError, match="can't write"):
        book.fail(failure())


def test_a_file_that_is_too_large_is_refused_and_stays_as_it_is(book: TicketBook) -> None:
    book.fail(failure())
    with book.path.open("r+b") as file:
        file.truncate(MAX_FILE + 1)
    with pytest.raises(RecordError):
        book.signs()
    with pytest.raises(RecordError):
        book.fail(failure())
    assert book.path.stat().st_size == MAX_FILE + 1
    with book.path.open("r+b") as file:
        file.truncate(MAX_FILE - 10)
    with pytest.raises(RecordError, match="is full"):
        book.fail(failure())
    assert len(book.failures()) == 1


def test_a_folder_that_nobody_may_write_is_said_in_three_parts(book: TicketBook) -> None:
    book.path.parent.mkdir(parents=True)
    book.path.mkdir()
    with pytest.raises(RecordError, match="can't write") as caught:
        book.fail(failure())
    assert caught.value.found
    assert caught.value.todo


@contextmanager
def room(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond a size, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_full_disk_leaves_no_half_line_and_loses_nothing_that_was_written(book: TicketBook) -> None:
    book.fail(failure())
    before = book.path.read_bytes()
    with room(len(before) + 40), pytest.raises(RecordError, match="can't write"):
        book.fail(failure())
    assert book.path.read_bytes() == before
    assert book.fail(failure()).times == 2


def _fail_often(root: str, count: int) -> None:
    for _ in range(count):
        TicketBook(Layout(Path(root)), "shop").fail(failure())


def test_processes_and_threads_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    fork = multiprocessing.get_context("fork")
    writers = [fork.Process(target=_fail_often, args=(str(tmp_path), 8)) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(30)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: _fail_often(str(tmp_path), 4), range(4)))
    book = TicketBook(Layout(tmp_path), "shop")
    assert len(book.failures()) == 48
    assert book.signs()[0].times == 48


KILLED = """
import sys
from pathlib import Path
from linestop.memory.tickets import Failure, TicketBook
from linestop.paths import Layout
book = TicketBook(Layout(Path(sys.argv[1])), "shop")
while True:
    tally = book.fail(Failure(source="checks", text=sys.argv[2], chunk="c0", attempt=1))
    print(tally.times, flush=True)
"""


def test_what_was_counted_before_kill_9_is_counted_after_it(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", KILLED, str(tmp_path), COUNT]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout
        said = [int(writer.stdout.readline()) for _ in range(20)]
        writer.kill()
        said += [int(line) for line in writer.stdout if line.endswith("\n")]
    after = TicketBook(Layout(tmp_path), "shop").fail(failure()).times
    assert said == list(range(1, len(said) + 1))
    assert after - 1 in {len(said), len(said) + 1}  # one may be on disk whose number it could no longer say


def test_the_lines_can_be_read_by_others(book: TicketBook) -> None:
    for _ in range(2):
        book.fail(failure(run="r1"))
    book.correct(Correction(text="x", by="ada", person=True))
    book.solve("c0")
    lines = [json.loads(line) for line in book.path.read_text().splitlines()]
    assert [one["kind"] for one in lines] == ["failure", "failure", "sign", "correction", "solved"]
    assert {one["schema"] for one in lines} == {1}
