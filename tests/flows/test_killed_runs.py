"""kill -9 at each stage of a ticket: the next run goes on from what was finished, loses nothing, does nothing twice."""

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from linestop.blocks.baseline import baseline
from linestop.blocks.claims import claim
from linestop.blocks.inspection import clean_checkout
from linestop.blocks.line import Line
from linestop.blocks.station import Station
from linestop.execution.order import ExecutionOrder
from linestop.plans import Chunk
from linestop.records import RunRecord, holder
from linestop.tasks.checker import check
from linestop.tasks.goal_checker import check_goal
from linestop.tasks.maker import make
from linestop.tasks.planner import file_tickets
from linestop.tickets import Ticket, TicketState
from linestop.verdicts import GoalVerdict
from tests.flows.small_shop import small_shop, unused_imports, write_plans

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LINESTOP_HOME", str(tmp_path_factory.mktemp("home")))
        root = small_shop(tmp_path_factory.mktemp("template") / "shop")
        line = Line(root)
        base = line.workspaces.head("main")
        with clean_checkout(line, "base", base) as checkout:
            baseline(line.layout, line.checks(checkout), checkout, base)
        write_plans(root, unused_imports("both", "shop/prices.py", "shop/stock.py"))
    return root


@pytest.fixture
def root(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "home"))
    return Path(shutil.copytree(template, tmp_path / "shop", symlinks=True))


class Record(RunRecord):
    """A record whose process is killed as it comes to a certain step for the n-th time."""

    def __init__(self, line: Line, at: str, time: int) -> None:
        super().__init__(line.layout, "ticket", ticket="both")
        self._at, self._left = at, time

    @contextmanager
    def step(self, name: str, **args: Any) -> Iterator[dict[str, Any]]:
        with super().step(name, **args) as said:
            self.reached(name)
            yield said

    def reached(self, name: str) -> None:
        self._left -= name == self._at
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


class Bench(Station):
    """A station that tells its record what it is about to write into the tracker."""

    def keep(self, chunk: Chunk, word: str) -> None:
        self._reached("keep")
        super().keep(chunk, word)

    def end(self, state: TicketState, *, reason: str = "", verdict: GoalVerdict | None = None) -> Ticket:
        self._reached("end")
        return super().end(state, reason=reason, verdict=verdict)

    def close(self) -> None:
        self._reached("close")
        super().close()

    def _reached(self, name: str) -> None:
        assert isinstance(self.record, Record)
        self.record.reached(name)


def carry_out(root: Path, at: str = "", time: int = 1) -> None:
    """Do the steps of a ticket in their order, without a server."""
    line = Line(root)
    file_tickets(line, ExecutionOrder(repository=str(root)))
    ticket = claim(line, "both", holder=holder())
    if ticket is None:
        return
    record = Record(line, at, time)
    record.reached("claim")
    station = Bench(line, ticket, record)
    for chunk in station.remaining():
        made = make(station, chunk, 1)
        assert made.commit is not None
        assert check(station, chunk, made.commit).approved
        station.keep(chunk, made.commit)
    station.end(TicketState.DONE, verdict=check_goal(station))
    station.close()
    record.events.close()


def killed(work: Callable[[], None]) -> bool:
    """Do the work in a process of its own; return whether it was killed."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


@pytest.mark.parametrize(
    ("at", "time", "approved", "attempts"),
    [
        pytest.param("claim", 1, 0, 0, id="after the claim"),
        pytest.param("maker", 1, 0, 1, id="while the maker works"),
        pytest.param("guards", 2, 1, 2, id="between the second commit and its judgement"),
        pytest.param("keep", 1, 0, 1, id="between the approval and its note"),
        pytest.param("end", 1, 2, 2, id="between the verdict and the tracker"),
    ],
)
def test_a_run_killed_at_any_stage_is_finished_by_the_next(
    root: Path, at: str, time: int, approved: int, attempts: int
) -> None:
    line = Line(root)
    assert killed(lambda: carry_out(root, at, time))
    before = line.tracker.get("both")
    assert (before.state, len(before.progress), before.attempts) == (TicketState.CLAIMED, approved, attempts)
    carry_out(root)
    ticket = line.tracker.get("both")
    assert ticket.state is TicketState.DONE
    assert before.progress.items() <= ticket.progress.items()
    # What was approved isn't done again; only the attempt that was cut off is.
    assert ticket.attempts == attempts + 2 - approved
    assert line.workspaces.head("linestop/both") == ticket.progress["c1"]
    assert line.workspaces.git.run("rev-list", "--count", "main..linestop/both").strip() == "2"
    assert not list(line.layout.worktrees.glob("both*"))


def test_a_run_killed_after_the_ticket_ended_leaves_nothing_in_the_way(root: Path) -> None:
    line = Line(root)
    assert killed(lambda: carry_out(root, "close"))
    ended = line.tracker.get("both")
    assert ended.state is TicketState.DONE
    carry_out(root)
    assert line.tracker.get("both") == ended
    assert not list(line.layout.worktrees.glob("both*"))
