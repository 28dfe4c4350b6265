"""The commands about a ticket's own memory: `sign list`, `ticket correct`, and what `ticket show` tells of it."""

import json
import subprocess
from pathlib import Path

import pytest

from linestop.deployments.cli import sign, ticket
from linestop.deployments.cli.ticket_correct import correct
from linestop.errors import TrackerError, UsageError
from linestop.memory.tickets import Failure, TicketBook
from linestop.paths import Layout
from linestop.plans import ChecksPass, Chunk, Plan
from linestop.tickets import Ticket, TicketState
from linestop.tracker import SqliteTracker

CHUNK = Chunk(id="c1", title="Unused imports", source="ruff", rules=("F401",), paths=("a.py",), findings=1)
PLAN = Plan(
    id="shop-bugs", title="Bugs", purpose="p", scope=("a.py",), chunks=(CHUNK,), goal=(ChecksPass(),), risks=("few",)
)


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "home"))
    repo = tmp_path / "shop"
    subprocess.run(["git", "init", "-q", str(repo)], check=True)
    return repo


def file(repo: Path, name: str = "shop-bugs", state: TicketState = TicketState.OPEN) -> None:
    tracker = SqliteTracker(Layout(repo).ensure().tracker)
    tracker.file(Ticket(id=name, batch="b", title=name, plan=PLAN, state=state))


def fail(repo: Path, ticket_id: str, text: str, source: str = "checks", chunk: str = "c1") -> None:
    for attempt in (1, 2):
        TicketBook(Layout(repo), ticket_id).fail(Failure(source=source, text=text, chunk=chunk, attempt=attempt))


def listed(capsys: pytest.CaptureFixture[str], **words: object) -> list[str]:
    assert sign.list_(json_=True, **words) == 0  # type: ignore[arg-type]
    return [one["failure"] for one in json.loads(capsys.readouterr().out)]


def test_reading_where_nothing_was_learned_creates_nothing(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sign.list_(repo=repo) == 0
    said = capsys.readouterr()
    assert (said.out, "no signs" in said.err) == ("", True)
    assert listed(capsys, repo=repo) == []
    assert not (repo / ".linestop").exists()


def test_signs_are_listed_by_ticket_judge_and_whether_they_are_solved(
    repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fail(repo, "cart", "tests/test_cart.py::test_a fails\x1b[2J")
    fail(repo, "shop-bugs", "scope: shop/prices.py is outside of it", source="guard:scope")
    fail(repo, "shop-bugs", "tests/test_shop.py::test_b fails", chunk="c2")
    TicketBook(Layout(repo), "shop-bugs").solve("c2")
    cart, scope, solved = (
        "tests/test_cart.py::test_a fails",
        "scope: shop/prices.py is outside of it",
        "tests/test_shop.py::test_b fails",
    )
    assert listed(capsys, repo=repo) == [cart, scope]
    assert listed(capsys, repo=repo, all_=True) == [cart, scope, solved]
    assert listed(capsys, repo=repo, ticket="shop-bugs") == [scope]
    assert listed(capsys, repo=repo, source="guard:") == listed(capsys, repo=repo, source="guard:scope") == [scope]
    assert listed(capsys, repo=repo, source="guard") == []
    assert sign.list_(repo=repo, all_=True) == 0
    out = capsys.readouterr().out
    assert "2, solved" in out
    assert "\x1b" not in out


def test_a_book_that_cannot_be_read_hides_no_other(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fail(repo, "cart", "tests/test_cart.py::test_a fails")
    (repo / ".linestop/tickets/broken.jsonl").mkdir()
    assert sign.list_(repo=repo) == 1
    said = capsys.readouterr()
    assert "test_cart.py" in said.out
    assert "broken.jsonl" in said.err


def test_a_persons_word_is_kept_told_and_shown(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file(repo)
    assert correct("shop-bugs", "totals are in\x1b[2J cents\n", repo=repo) == 0
    assert correct("shop-bugs", "leave the docstring", chunk="c1", repo=repo) == 0
    assert capsys.readouterr().out.splitlines()[1] == "chunk c1 of ticket shop-bugs will be told: leave the docstring"
    book = TicketBook(Layout(repo), "shop-bugs")
    assert [(one.text, one.chunk, one.person) for one in book.corrections("c1")] == [
        ("totals are in cents", "", True),
        ("leave the docstring", "c1", True),
    ]
    assert ticket.show("shop-bugs", repo=repo) == 0
    page = capsys.readouterr().out
    assert "a person, the whole ticket: totals are in cents" in page
    assert ticket.show("shop-bugs", repo=repo, json_=True) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["id"], [one["text"] for one in shown["corrections"]]) == (
        "shop-bugs",
        ["totals are in cents", "leave the docstring"],
    )


def test_the_signs_of_a_ticket_are_on_its_page(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file(repo)
    fail(repo, "shop-bugs", "tests/test_shop.py::test_b fails")
    assert ticket.show("shop-bugs", repo=repo) == 0
    assert "2 times, judged by checks: tests/test_shop.py::test_b fails" in capsys.readouterr().out


def test_a_correction_says_what_else_it_takes(
    repo: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file(repo, state=TicketState.STOPPED)
    assert correct("shop-bugs", "count them", repo=repo, json_=True) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["text"] == "count them"
    assert "linestop ticket release shop-bugs" in said.err
    monkeypatch.setenv("LINESTOP_MEMORY__ENABLED", "false")
    assert correct("shop-bugs", "count them", repo=repo) == 0
    assert "memory is off" in capsys.readouterr().err


REFUSED = [
    pytest.param("shop-bugs", " \n\x1b[2J", {}, "says something", id="nothing said"),
    pytest.param("shop-bugs", "x" * 2_001, {}, "too long", id="too long"),
    pytest.param("shop-bugs", "x", {"chunk": "c9"}, "no chunk c9", id="a chunk that isn't there"),
    pytest.param("done-one", "x", {}, "can't be corrected", id="a ticket that is done"),
]


@pytest.mark.parametrize(("name", "text", "words", "why"), REFUSED)
def test_a_correction_that_nobody_would_be_told_is_refused(
    repo: Path, name: str, text: str, words: dict[str, str], why: str
) -> None:
    file(repo)
    file(repo, "done-one", TicketState.DONE)
    with pytest.raises(UsageError, match=why):
        correct(name, text, repo=repo, **words)
    assert not (repo / ".linestop/tickets").exists()


def test_a_ticket_that_is_not_there_cannot_be_corrected(repo: Path) -> None:
    file(repo)
    with pytest.raises(TrackerError):
        correct("nope", "x", repo=repo)
