"""Signs, through the real flows: a failure that comes back is banned in the brief, and escalates the third time."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from prefect import flow
from prefect.client.schemas.objects import State

from linestop.blocks.claims import claim
from linestop.blocks.line import Line
from linestop.blocks.station import Station
from linestop.execution.order import ExecutionOrder, TicketOrder, TicketOutcome
from linestop.execution.ruling import reject
from linestop.execution.runs import last_report
from linestop.flows.execution import execution
from linestop.flows.ticket import bring_to_end
from linestop.memory.cautions import CautionKind, read_cautions
from linestop.memory.tickets import Correction, TicketBook
from linestop.paths import Layout
from linestop.ports import Dispatch, Engine, Work
from linestop.records import RunKind, RunRecord, holder
from linestop.tasks.chronicler import remember
from linestop.tasks.maker import Made
from linestop.tasks.planner import file_tickets
from linestop.tickets import Ticket, TicketState
from linestop.verdicts import CheckReport, CommandRun, Ruling
from linestop.watch import LiveLog
from tests.flows.small_shop import STOCK, small_shop, unused_imports, write_plans

pytestmark = [pytest.mark.usefixtures("prefect_server"), pytest.mark.live]
Act = Callable[[Dispatch, Path, LiveLog], Work]
CLEAN = "def count(items):\n    return len(list(items))\n"


class Agent:
    """An engine that does what functions say, one after the other; the last one again and again."""

    name, model, window = "agent", "", None

    def __init__(self, *acts: Act) -> None:
        self.orders: list[Dispatch] = []
        self._acts = acts

    def dispatch(
        self, order: Dispatch, workspace: Path, *, checks: Callable[[Path], CheckReport], events: LiveLog
    ) -> Work:
        self.orders.append(order)
        return self._acts[min(len(self.orders), len(self._acts)) - 1](order, workspace, events)


def leaves(text: str, said: str = "All tests pass.") -> Act:
    def act(_: Dispatch, tree: Path, __: LiveLog) -> Work:
        (tree / "shop/stock.py").write_text(text)
        return Work(summary=said)

    return act


hushes = leaves(f"# ruff: noqa\n{STOCK}", "I am certain.")


def strays(_: Dispatch, tree: Path, __: LiveLog) -> Work:
    (tree / "shop/prices.py").write_text("")
    return Work(summary="Tidied up.")


def raises(*_: object) -> Work:
    raise KeyError("no such price")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LINESTOP_CHECKS__COMMAND", "true")  # all but one of these fail before any check is run
    monkeypatch.setenv("LINESTOP_EXECUTION__ATTEMPTS", "5")
    monkeypatch.setenv("LINESTOP_EXECUTION__FAILURES_TO_STOP", "5")
    root = small_shop(tmp_path / "shop")
    write_plans(root, unused_imports("stock", "shop/stock.py"))
    return root


@flow(persist_result=False)
async def one_ticket(line: Line) -> State[TicketOutcome]:
    """Carry the ticket out as the ticket flow does, with engines that only this test has."""
    return await bring_to_end(line, TicketOrder(repository=str(line.layout.root), ticket="stock"))


async def carried(root: Path, **agents: Engine) -> Ticket:
    line = Line(root, agents=agents)
    file_tickets(line, ExecutionOrder(repository=str(root)))
    await one_ticket(line, return_state=True)
    return line.tracker.get("stock")


def briefs(root: Path) -> list[str]:
    """Return the briefs of all dispatches."""
    return [path.read_text() for path in (root / ".linestop/runs").glob("*-dispatch-*/brief.md")]


def first_heading(brief: str) -> str:
    return next(line for line in brief.splitlines() if line.startswith("#"))


@pytest.mark.parametrize("memory", [True, False], ids=["with memory", "without"])
async def test_a_slow_learner_changes_course_with_the_sign_and_only_with_it(
    root: Path, monkeypatch: pytest.MonkeyPatch, *, memory: bool
) -> None:
    for name, value in {
        "EXECUTION__ATTEMPTS": "3", "EXECUTION__FAILURES_TO_STOP": "3", "SANDBOX__KIND": "plain",
        "SANDBOX__ALLOW_PLAIN": "true", "MEMORY__ENABLED": str(memory),
    }.items():  # fmt: skip
        monkeypatch.setenv(f"LINESTOP_{name}", value)
    monkeypatch.delenv("LINESTOP_CHECKS__COMMAND")
    order = ExecutionOrder(repository=str(root), maker="scripted:slow-learner")
    await execution(order, return_state=True)
    ticket = Line(root).tracker.get("stock")
    first, second, third = sorted(briefs(root), key=lambda brief: brief.partition("attempt ")[2][0])
    assert ticket.attempts == 3
    assert first_heading(first) == first_heading(second) == "## Task"
    if memory:
        assert ticket.state is TicketState.DONE
        assert first_heading(third).startswith("## Signs")
        assert "tests/test_shop.py::test_count" in third.partition("## Task")[0]
        (sign,) = TicketBook(Layout(root), "stock").signs(all=True)
        assert (sign.times, sign.source, sign.solved, sign.branch) == (2, "checks", True, "linestop/stock")
        return
    assert ticket.state is TicketState.STOPPED
    assert "3 failures in a row" in ticket.reason
    assert first_heading(third) == "## Task"
    assert not (root / ".linestop/tickets").exists()


async def test_the_same_failure_three_times_stops_the_line_with_a_report(root: Path) -> None:
    ticket = await carried(root, maker=Agent(hushes))
    assert (ticket.state, ticket.attempts) == (TicketState.STOPPED, 3)  # of five that the policy allows
    assert "the same failure 3 times: suppressions" in ticket.reason
    (report,) = (root / ".linestop/runs").glob("*-ticket-*/escalation.md")
    assert last_report(Layout(root), "stock") == report
    text = report.read_text()
    for words in ("suppressions", "I am certain.", "linestop ticket correct stock", "sign-"):
        assert words in text
    (sign,) = TicketBook(Layout(root), "stock").signs()
    assert (sign.times, len(set(sign.runs))) == (3, 3)
    kinds = [(one.kind, one.detector, one.file) for one in read_cautions(Layout(root), ticket="stock")]
    assert kinds == [(CautionKind.GUARD, "suppressions", "shop/stock.py")] * 3 + [(CautionKind.STOP, "line-stop", "")]


async def test_a_caution_has_the_hash_of_the_file_as_the_failed_attempt_left_it(root: Path) -> None:
    await carried(root, maker=Agent(hushes, leaves(CLEAN)))
    (caution,) = read_cautions(Layout(root), kind="guard")
    assert (caution.detector, caution.file, caution.role) == ("suppressions", "shop/stock.py", "maker")
    assert caution.file_hash == hashlib.sha256(f"# ruff: noqa\n{STOCK}".encode()).hexdigest()
    assert caution.signature


async def test_different_failures_are_no_sign_and_stop_as_before(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINESTOP_EXECUTION__FAILURES_TO_STOP", "3")
    ticket = await carried(root, maker=Agent(strays, hushes, raises))
    assert "3 failures in a row" in ticket.reason
    assert TicketBook(Layout(root), "stock").signs(all=True) == ()


async def test_what_a_ticket_learned_is_there_after_its_release(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINESTOP_EXECUTION__FAILURES_TO_STOP", "2")
    assert (await carried(root, maker=Agent(hushes))).failures_in_a_row == 2
    line = Line(root)
    line.tracker.end(line.tracker.get("stock"), TicketState.OPEN, reason="released")
    TicketBook(line.layout, "stock").correct(Correction(text="count() must count", by="ada", person=True))
    monkeypatch.setenv("LINESTOP_EXECUTION__FAILURES_TO_STOP", "9")
    maker = Agent(hushes)
    again = await carried(root, maker=maker)
    (order,) = maker.orders
    assert first_heading(order.brief).startswith("## Signs")
    assert any(one.startswith("suppressions") for one in order.corrections)
    assert order.corrections[-1] == "count() must count"
    told = order.brief.partition("## Corrections")[2]
    assert 0 < told.index("count() must count") < told.index("suppressions")  # newest first
    assert again.attempts == 3
    assert "the same failure 3 times" in again.reason  # the count is of the ticket's life, not of a run


async def test_a_petition_is_no_failure(root: Path) -> None:
    def petitions(*_: object) -> Work:
        return Work(summary="", petition="shop/stock.py: KeyError is what test_count wants, the test is wrong")

    assert (await carried(root, maker=Agent(petitions))).state is TicketState.PETITIONED
    assert not (root / ".linestop/tickets").exists()


async def test_a_reviewers_objection_is_a_correction_of_the_next_run(root: Path) -> None:
    def objects(*_: object) -> Work:
        return Work(summary="", ruling=Ruling.REJECT, reasons=("shop/stock.py:1 drops a docstring",))

    await carried(root, maker=Agent(leaves(CLEAN)), reviewer=Agent(objects))
    (correction,) = TicketBook(Layout(root), "stock").corrections()
    assert (correction.by, correction.chunk) == ("reviewer", "")
    kinds = [(one.kind, one.detector) for one in read_cautions(Layout(root))]
    assert kinds == [(CautionKind.REJECTION, "reviewer")]


async def test_a_book_that_cannot_be_written_fails_no_ticket(root: Path) -> None:
    (root / ".linestop/tickets").write_text("in the way")
    maker = Agent(hushes, leaves(CLEAN))
    ticket = await carried(root, maker=maker)
    assert ticket.state is TicketState.DONE
    assert maker.orders[1].corrections[0].startswith("suppressions")  # told all the same, in this run
    assert (root / ".linestop/tickets").read_text() == "in the way"
    results = [json.loads(path.read_text()) for path in (root / ".linestop/runs").glob("*-ticket-*/result.json")]
    assert [one["outcome"] for one in results] == ["done"]


STOPS = [
    pytest.param(None, "the budget of 10 tokens is spent", [("stop", "budget")], 0, id="budget"),
    pytest.param("dispatch", "the maker: timed out after 5 s", [("timeout", "maker")], 1, id="clock"),
    pytest.param("dispatch", "stopped: the same call 9 times", [("stop", "maker")], 1, id="watch"),
]


@pytest.mark.parametrize(("kind", "fault", "cautions", "failures"), STOPS)
def test_what_stops_the_line_is_a_caution_and_a_spent_budget_no_failure(
    root: Path, kind: RunKind | None, fault: str, cautions: list[tuple[str, str]], failures: int
) -> None:
    line = Line(root, engine=Agent())
    file_tickets(line, ExecutionOrder(repository=str(root)))
    ticket = claim(line, "stock", holder=holder())
    assert ticket is not None
    record = RunRecord(line.layout, "ticket", ticket="stock")
    dispatched = RunRecord(line.layout, kind, ticket="stock") if kind else None
    station = Station(line, ticket, record)
    made = Made(work=Work(summary="half of it"), record=dispatched, fault=fault, stops=True)
    remember(station, ticket.plan.chunks[0], 1, made, reject(fault, by="maker"))
    station.close()
    for one in (record, dispatched):
        if one:
            one.finish("stopped")
    assert [(str(one.kind), one.detector) for one in read_cautions(line.layout)] == cautions
    assert len(station.book.failures()) == len(station.book.reflections()) == failures


def test_what_a_check_said_of_its_checkout_is_told_as_of_the_repository(root: Path) -> None:
    line = Line(root, engine=Agent())
    file_tickets(line, ExecutionOrder(repository=str(root)))
    ticket = claim(line, "stock", holder=holder())
    assert ticket is not None
    record = RunRecord(line.layout, "ticket", ticket="stock")
    station = Station(line, ticket, record)
    said = f'File "{line.layout.worktrees}/stock.check/check.py", line 2\nAssertionError: assert 1 == 2'
    run = CommandRun(argv=("python", "check.py"), exit_code=1, seconds=1, output=said)
    verdict = reject("checks fail: `python check.py` exit code 1", by="checks", checks=CheckReport(runs=(run,)))
    tallies = [
        remember(station, ticket.plan.chunks[0], attempt, Made(work=Work(summary=""), commit="a" * 40), verdict)
        for attempt in (1, 2, 3)
    ]
    station.close()
    record.finish("stopped")
    assert [tally.times for tally in tallies] == [1, 2, 3]
    assert station.escalated == tallies[2].sign
    assert 'File "check.py", line 2' in station.book.failures()[0].text
