"""Crews: a maker and agents that judge, through the ticket flow: what each says becomes the right state."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prefect import flow
from prefect.client.schemas.objects import State

from linestop.blocks.line import Line
from linestop.errors import BusyError, PolicyError, RecordError, ToolError
from linestop.events import EventKind, Outcome, Usage
from linestop.execution.order import ExecutionOrder, TicketOrder, TicketOutcome
from linestop.flows.execution import execution
from linestop.flows.ticket import bring_to_end
from linestop.insight.rows import run_rows
from linestop.plans import ChecksPass, Chunk, CommandPasses
from linestop.ports import Discovered, Dispatch, Engine, Work
from linestop.tasks.crew import same_model
from linestop.tasks.planner import file_tickets
from linestop.tickets import Ticket, TicketState
from linestop.verdicts import CheckReport, Ruling
from linestop.watch import LiveLog
from tests.flows.small_shop import small_shop, unused_imports

pytestmark = pytest.mark.usefixtures("prefect_server")
Act = Callable[[Dispatch, Path, LiveLog], Work]
CLEAN = "def count(items):\n    return len(list(items))\n"


class Agent:
    """An engine that does what functions say, one after the other; the last one again and again."""

    def __init__(self, *acts: Act, name: str = "agent", model: str = "") -> None:
        self.name, self.model, self.window = name, model, None
        self.orders: list[Dispatch] = []
        self._acts = acts

    def dispatch(
        self, order: Dispatch, workspace: Path, *, checks: Callable[[Path], CheckReport], events: LiveLog
    ) -> Work:
        self.orders.append(order)
        return self._acts[min(len(self.orders), len(self._acts)) - 1](order, workspace, events)


def mend(_: Dispatch, tree: Path, events: LiveLog) -> Work:
    (tree / "shop/stock.py").write_text(CLEAN)
    events.append(EventKind.USAGE, usage=Usage(input=900, output=100, usd=0.25))
    return Work(summary="Takes the unused imports out.")


def rule(ruling: Ruling | None, *reasons: str) -> Act:
    return lambda *_: Work(summary="looked at it", ruling=ruling, reasons=reasons)


approve, reject, shrug = rule(Ruling.APPROVE), rule(Ruling.REJECT, "shop/stock.py:1 drops a docstring"), rule(None)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LINESTOP_CHECKS__COMMAND", "true")  # what is tested here is who says what, not the checks
    return small_shop(tmp_path / "shop", unused_imports("stock", "shop/stock.py"))


@flow(persist_result=False)
async def one_ticket(line: Line) -> State[TicketOutcome]:
    """Carry the ticket out as the ticket flow does, with engines that only this test has."""
    return await bring_to_end(line, TicketOrder(repository=str(line.layout.root), ticket="stock"))


async def carried(root: Path, **agents: Engine) -> Ticket:
    line = Line(root, agents=agents)
    file_tickets(line, ExecutionOrder(repository=str(root)))
    await one_ticket(line, return_state=True)
    return line.tracker.get("stock")


async def test_a_checker_that_approves_lets_the_ticket_be_done(root: Path) -> None:
    maker, checker = Agent(mend), Agent(approve, name="judge")
    ticket = await carried(root, maker=maker, checker=checker)
    assert ticket.state is TicketState.DONE
    (order,) = checker.orders
    assert (order.role, order.looks_only) == ("checker", True)
    assert "-import json" in order.brief
    assert "Takes the unused imports out" not in order.brief  # nothing of the maker's words


async def test_a_rejection_is_the_next_attempts_correction(root: Path) -> None:
    maker = Agent(mend)
    ticket = await carried(root, maker=maker, checker=Agent(reject, approve))
    assert (ticket.state, ticket.attempts) == (TicketState.DONE, 2)
    assert maker.orders[1].corrections == ("checker: shop/stock.py:1 drops a docstring",)


async def test_a_checker_without_a_ruling_is_asked_once_more_and_is_no_approval(root: Path) -> None:
    checker = Agent(shrug)
    ticket = await carried(root, maker=Agent(mend), checker=checker)
    assert ticket.state is TicketState.STOPPED
    assert len(checker.orders) == 6  # twice for each of three attempts
    assert "it gave no ruling" in ticket.reason


async def test_what_a_checker_writes_is_thrown_away(root: Path) -> None:
    def meddle(_: Dispatch, tree: Path, __: LiveLog) -> Work:
        (tree / "shop/stock.py").write_text("evil = 1\n")
        return Work(summary="", ruling=Ruling.APPROVE)

    assert (await carried(root, maker=Agent(mend), checker=Agent(meddle))).state is TicketState.DONE
    line = Line(root)
    assert line.workspaces.read("linestop/stock", "shop/stock.py") == CLEAN.encode()


async def test_a_reviewer_that_rejects_gives_the_branch_to_a_person(root: Path) -> None:
    ticket = await carried(root, maker=Agent(mend), reviewer=Agent(reject))
    assert ticket.state is TicketState.PETITIONED
    assert ticket.reason.startswith("reviewer: shop/stock.py:1 drops a docstring")
    assert Line(root).workspaces.read("linestop/stock", "shop/stock.py") == CLEAN.encode()


async def test_a_rate_limit_is_waited_for_until_its_time_and_uses_no_attempt(root: Path) -> None:
    until = datetime.now(UTC) + timedelta(seconds=0.3)

    def busy(*_: object) -> Work:
        raise BusyError("the provider asks to wait", found="429", until=until)

    maker = Agent(busy, mend)
    ticket = await carried(root, maker=maker)
    assert (ticket.state, ticket.attempts) == (TicketState.DONE, 1)
    assert datetime.now(UTC) >= until


@pytest.mark.parametrize(
    "until",
    [
        pytest.param(lambda: datetime.now(UTC) + timedelta(hours=1), id="in an hour"),
        pytest.param(lambda: datetime.now(UTC) - timedelta(seconds=1), id="in the past"),
        pytest.param(lambda: datetime(2020, 1, 1), id="in the past, of no zone"),  # noqa: DTZ001  # as a foreign engine may
        pytest.param(lambda: datetime(9999, 12, 31), id="never, of no zone"),  # noqa: DTZ001
        pytest.param(lambda: None, id="no time"),
    ],
)
async def test_a_provider_that_stays_busy_gives_the_ticket_back(
    root: Path, monkeypatch: pytest.MonkeyPatch, until: Callable[[], datetime | None]
) -> None:
    monkeypatch.setenv("LINESTOP_BUDGET__RATE_LIMIT_WAIT_SECONDS", "0.2")

    def busy(*_: object) -> Work:
        raise BusyError("the provider asks to wait", found="429", until=until())

    maker = Agent(busy)
    ticket = await carried(root, maker=maker)
    assert (ticket.state, ticket.attempts, len(maker.orders)) == (TicketState.OPEN, 0, 1)
    assert "busy for longer than is waited for" in ticket.reason


async def test_a_provider_that_is_always_free_in_a_moment_is_not_asked_for_ever(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINESTOP_BUDGET__RATE_LIMIT_WAIT_SECONDS", "1")

    def busy(*_: object) -> Work:
        raise BusyError("the provider asks to wait", found="429", until=datetime.now(UTC) + timedelta(milliseconds=1))

    maker = Agent(busy)
    ticket = await carried(root, maker=maker)
    assert (ticket.state, ticket.attempts) == (TicketState.OPEN, 0)
    assert len(maker.orders) <= 4


async def test_a_full_disk_is_nobodys_attempt(root: Path) -> None:
    def full(*_: object) -> Work:
        raise RecordError("can't write to the record", found="No space left on device", todo="free disk space")

    ticket = await carried(root, maker=Agent(full))
    assert (ticket.state, ticket.attempts, ticket.failures_in_a_row) == (TicketState.OPEN, 0, 0)


async def test_a_checker_that_the_watch_stops_the_line_for_is_not_asked_again(root: Path) -> None:
    def stuck(_: Dispatch, __: Path, events: LiveLog) -> Work:
        events.line_stop = True  # as the ladder's last rung does
        events.stop("repeat: the same call again and again")
        return Work(summary="", ruling=Ruling.APPROVE)

    checker = Agent(stuck)
    ticket = await carried(root, maker=Agent(mend), checker=checker)
    assert (ticket.state, len(checker.orders)) == (TicketState.STOPPED, 1)
    assert "the checker ended in a way that stops the line" in ticket.reason


async def test_a_refused_key_stops_the_line_and_names_the_variable(root: Path) -> None:
    def refused(*_: object) -> Work:
        raise ToolError("the key is refused", found="401", todo="set EXAMPLE_API_KEY")

    ticket = await carried(root, maker=Agent(refused))
    assert ticket.state is TicketState.STOPPED
    assert "EXAMPLE_API_KEY" in ticket.reason


async def test_a_plan_that_a_person_wrote_needs_no_scanner_but_a_goal_that_can_fail(root: Path) -> None:
    words = "from shop.stock import count; assert count(None) == 0"
    chunk = Chunk(
        id="none", title="count(None) is 0", source="person", rules=("bug",), paths=("shop/stock.py",),
        text="An empty stock is None in the old exports.",
    )  # fmt: skip
    plan = unused_imports("stock", "shop/stock.py").model_copy(
        update={"chunks": (chunk,), "goal": (CommandPasses(argv=("python3", "-c", words)), ChecksPass())}
    )
    other = small_shop(root.parent / "other", plan)

    def fix(_: Dispatch, tree: Path, __: LiveLog) -> Work:
        (tree / "shop/stock.py").write_text(CLEAN.replace("items))", "items or ()))"))
        return Work(summary="")

    maker = Agent(fix)
    assert (await carried(other, maker=maker)).state is TicketState.DONE
    assert "An empty stock is None" in maker.orders[0].brief
    assert "Remove the findings" not in maker.orders[0].brief


async def test_costs_are_counted_over_the_tickets_life_and_a_spent_budget_stops_it(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINESTOP_BUDGET__TOKENS", "1500")
    maker = Agent(mend)
    ticket = await carried(root, maker=maker, checker=Agent(reject))
    assert ticket.state is TicketState.STOPPED
    assert (len(maker.orders), maker.orders[0].limits.tokens, maker.orders[1].limits.tokens) == (2, 1500, 500)
    assert (ticket.spent.tokens, ticket.spent.usd) == (2000, 0.5)
    assert "1500 tokens is spent" in ticket.reason


async def test_discovered_work_is_filed_gated_with_an_edge_where_it_blocks(root: Path) -> None:
    finds = (Discovered(title="Broken <b>tool</b>\x1b[2J", text="x", blocks=True), Discovered(title="Old docs"))

    def find(order: Dispatch, tree: Path, events: LiveLog) -> Work:
        return mend(order, tree, events).model_copy(update={"discovered": finds})

    ticket = await carried(root, maker=Agent(find))
    filed = {one.id: one for one in Line(root).tracker.list() if one.id != "stock"}
    assert {one.state for one in filed.values()} == {TicketState.GATED}
    assert sorted(one.title for one in filed.values()) == ["Broken <b>tool</b>", "Old docs"]
    assert ticket.depends_on == tuple(name for name in filed if name.startswith("found-broken"))
    assert all("discovered by stock" in one.reason for one in filed.values())


def loop(_: Dispatch, tree: Path, events: LiveLog) -> Work:
    """Call the same thing until the watch ends it, as an agent that is stuck does."""
    for number in range(200):
        if events.stopping.is_set():
            return Work(summary="stopped")
        events.append(EventKind.TOOL_CALL, tool="shell", args={"command": "cat shop/nope.py"}, call=str(number))
        events.append(
            EventKind.TOOL_RESULT, tool="shell", call=str(number), outcome=Outcome.ERROR,
            text="cat: shop/nope.py: No such file or directory",
        )  # fmt: skip
    (tree / "shop/stock.py").write_text(CLEAN)
    return Work(summary="done at last")


async def test_the_watch_stops_a_loop_while_it_runs_and_the_attempt_failed(root: Path) -> None:
    maker = Agent(loop, mend)
    ticket = await carried(root, maker=maker)
    assert (ticket.state, ticket.attempts) == (TicketState.DONE, 2)
    (correction,) = maker.orders[1].corrections
    assert correction.startswith("stopped: ")
    first = next(row for row in run_rows(Line(root).layout) if row["parameters"].get("attempt") == 1)
    assert first["values"]["watch"]["firings"]


async def test_an_engine_that_nobody_knows_costs_no_ticket_anything(root: Path) -> None:
    order = ExecutionOrder(repository=str(root), maker="nonesuch")
    state = await execution(order, return_state=True)
    with pytest.raises(PolicyError, match="nonesuch"):
        await state.aresult()
    assert Line(root).tracker.list() == ()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"kind": "command", "preset": "codex", "program": "/nowhere/codex"}, "codex"),
        ({"kind": "model", "model": "m", "endpoint": "anthropic"}, "ANTHROPIC_API_KEY"),
    ],
    ids=["no-program", "no-key"],
)
async def test_what_an_engine_lacks_is_said_before_a_ticket_is_filed(
    root: Path, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], words: str
) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    monkeypatch.setenv("LINESTOP_ENGINES__GONE", json.dumps(settings))
    monkeypatch.setenv("LINESTOP_SANDBOX__KIND", "plain")
    monkeypatch.setenv("LINESTOP_SANDBOX__ALLOW_PLAIN", "true")
    state = await execution(ExecutionOrder(repository=str(root), maker="gone"), return_state=True)
    with pytest.raises(ToolError) as refusal:
        await state.aresult()
    assert words in str(refusal.value)
    assert Line(root).tracker.list() == ()


@pytest.mark.parametrize(
    ("maker", "judge", "same"),
    [
        (Agent(name="a", model="m"), Agent(name="b", model="m"), True),
        (Agent(name="a", model="m"), Agent(name="b", model="n"), False),
        (Agent(name="a"), Agent(name="a"), True),
        (Agent(name="a"), Agent(name="b", model="m"), False),
    ],
    ids=["one-model-in-two-engines", "two-models", "one-engine", "unknown-model"],
)
def test_a_model_that_would_judge_itself_is_noticed(maker: Engine, judge: Engine, same: bool) -> None:
    assert same_model(maker, judge) is same
