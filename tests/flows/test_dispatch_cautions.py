"""What the watch sees of a dispatch, and what ends it, is remembered: with its file, its cost and who was at it."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from linestop.blocks.claims import claim
from linestop.blocks.dispatches import Post, dispatch
from linestop.blocks.line import Line
from linestop.blocks.station import Station
from linestop.briefs import bare_brief
from linestop.events import EventKind, EventLog, Outcome
from linestop.execution.order import ExecutionOrder
from linestop.memory.cautions import Caution, read_cautions
from linestop.ports import Dispatch, Work
from linestop.records import RunRecord, holder
from linestop.tasks.planner import file_tickets
from linestop.verdicts import CheckReport
from tests.flows.small_shop import small_shop, unused_imports, write_plans

pytestmark = pytest.mark.live


class Agent:
    """An engine that does one deed."""

    name = "agent"
    model = "model-1"
    window = None

    def __init__(self, deed: Callable[[Path, EventLog], object]) -> None:
        self._deed = deed

    def dispatch(
        self, order: Dispatch, workspace: Path, *, checks: Callable[[Path], CheckReport], events: EventLog
    ) -> Work:
        self._deed(workspace, events)
        return Work(summary="done")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "home"))
    root = small_shop(tmp_path / "shop")
    write_plans(root, unused_imports("stock", "shop/stock.py"))
    return root


@pytest.fixture
def station(root: Path) -> Iterator[Station]:
    line = Line(root)
    file_tickets(line, ExecutionOrder(repository=str(root)))
    ticket = claim(line, "stock", holder=holder())
    assert ticket is not None
    record = RunRecord(line.layout, "ticket", ticket="stock")
    with closing(record.events):
        station = Station(line, ticket, record)
        yield station
        station.close()


def dispatched(station: Station, deed: Callable[[Path, EventLog], object], *, role: str = "maker") -> list[Caution]:
    chunk = station.ticket.plan.chunks[0]
    post = Post(
        role=role, engine=Agent(deed), workspace=station.worktree, chunk=chunk, attempt=2,
        brief=bare_brief(station.ticket.plan, chunk, attempt=2, role=role),
    )  # fmt: skip
    done = dispatch(station, post, checks=lambda _: CheckReport(runs=(), tests=()))
    assert not isinstance(done, str)
    done.finish("done", summary="")
    return list(read_cautions(station.line.layout, run=done.record.id))


def thrash(workspace: Path, events: EventLog) -> None:
    """Edit one file again and again, naming it by its absolute path."""
    file = workspace / "shop" / "stock.py"
    for number in range(5):
        args = {"file_path": str(file), "old_string": f"a{number}", "new_string": f"b{number}"}
        events.append(EventKind.TOOL_CALL, call=str(number), tool="Edit", args=args)
        events.append(EventKind.TOOL_RESULT, call=str(number), tool="Edit", outcome=Outcome.OK, text="edited")


def test_a_firing_is_a_caution_with_its_file_in_the_repository_and_that_files_hash(station: Station) -> None:
    content = (station.worktree / "shop" / "stock.py").read_bytes()
    (caution,) = dispatched(station, thrash)
    assert (caution.kind, caution.detector, caution.ticket, caution.role) == ("firing", "edit-thrash", "stock", "maker")
    assert (caution.engine, caution.model, caution.chunk, caution.attempt) == ("agent", "model-1", "c0", 2)
    assert (caution.file, caution.file_hash) == ("shop/stock.py", hashlib.sha256(content).hexdigest())
    assert caution.calls >= 4


@pytest.mark.parametrize("role", ["checker", "reviewer"])
def test_a_judge_whose_time_ran_out_is_a_caution(station: Station, role: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINESTOP_EXECUTION__DISPATCH_SECONDS", "1")
    station.line.policy = Line(station.line.layout.root).policy
    go_on = threading.Event()
    try:
        cautions = dispatched(station, lambda *_: go_on.wait(60), role=role)
    finally:
        go_on.set()
    (caution,) = [one for one in cautions if one.kind != "firing"]  # the cost detector saw the time go by
    assert (caution.kind, caution.detector, caution.severity, caution.role) == ("timeout", "wall-clock", "stop", role)


def test_a_memory_that_is_turned_off_remembers_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINESTOP_MEMORY__ENABLED", "false")
    line = Line(root)
    file_tickets(line, ExecutionOrder(repository=str(root)))
    ticket = claim(line, "stock", holder=holder())
    assert ticket is not None
    record = RunRecord(line.layout, "ticket", ticket="stock")
    with closing(record.events):
        station = Station(line, ticket, record)
        assert dispatched(station, thrash) == []
        station.close()
    assert not line.layout.cautions.exists()
