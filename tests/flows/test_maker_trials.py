"""A maker's trials: the same tree is not checked twice for it, and the checker never takes such a report."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from linestop.blocks.claims import claim
from linestop.blocks.line import Line
from linestop.blocks.station import Station
from linestop.events import EventLog
from linestop.execution.order import ExecutionOrder
from linestop.ports import Dispatch, Work
from linestop.records import RunRecord, holder
from linestop.tasks.checker import check
from linestop.tasks.goal_checker import check_goal
from linestop.tasks.maker import make
from linestop.tasks.planner import file_tickets
from linestop.verdicts import CheckReport
from tests.flows.small_shop import small_shop, unused_imports, write_plans

pytestmark = pytest.mark.live

GOOD = "def count(items):\n    return len(list(items))\n"
BAD = "def count(items):\n    return 0\n"


class Trying:
    """An engine that writes one text and asks for the checks, twice."""

    name = "trying"
    model = ""
    window = None

    def __init__(self) -> None:
        self.text = GOOD
        self.reports: list[CheckReport] = []

    def dispatch(
        self, order: Dispatch, workspace: Path, *, checks: Callable[[Path], CheckReport], events: EventLog
    ) -> Work:
        (workspace / "shop/stock.py").write_text(self.text)
        self.reports = [checks(workspace), checks(workspace)]
        return Work(summary="Removes an unused import.")


@pytest.fixture
def engine() -> Trying:
    return Trying()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")  # one for all: the environment of the checks is built once


@pytest.fixture
def station(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path, engine: Trying) -> Iterator[Station]:
    monkeypatch.setenv("LINESTOP_HOME", str(home))
    root = small_shop(tmp_path / "shop")
    write_plans(root, unused_imports("stock", "shop/stock.py"))
    line = Line(root, engine=engine)
    file_tickets(line, ExecutionOrder(repository=str(root)))
    ticket = claim(line, "stock", holder=holder())
    assert ticket is not None
    record = RunRecord(line.layout, "ticket", ticket="stock")
    with closing(record.events):
        found = Station(line, ticket, record)
        yield found
        found.close()


def times(report: CheckReport | None) -> tuple[float, ...]:
    """Return what tells one run of the checks from another."""
    assert report is not None
    return tuple(run.seconds for run in report.runs)


def test_the_same_tree_is_checked_once_for_the_maker_and_again_for_each_verdict(
    station: Station, engine: Trying
) -> None:
    chunk = station.ticket.plan.chunks[0]
    made = make(station, chunk, 1)
    assert made.commit is not None
    first, second = engine.reports
    assert times(first) == times(second)
    verdict = check(station, chunk, made.commit)
    assert verdict.approved
    assert not {*times(verdict.checks)} & {*times(first)}
    station.keep(chunk, made.commit)
    goal = check_goal(station)
    assert goal.met
    evidence = {line.run.seconds for line in goal.lines if line.run}
    assert not evidence & {*times(first), *times(verdict.checks)}


def test_what_the_checker_rejected_is_not_run_again_for_the_maker(station: Station, engine: Trying) -> None:
    chunk = station.ticket.plan.chunks[0]
    engine.text = BAD
    made = make(station, chunk, 1)
    assert made.commit is not None
    rejected = check(station, chunk, made.commit)
    assert rejected.checks is not None
    assert not rejected.approved
    station.fail("; ".join(rejected.reasons))
    make(station, chunk, 2)
    assert [times(report) for report in engine.reports] == [times(rejected.checks)] * 2
    assert not engine.reports[0].green
