"""The Tracker port's contract: every adapter passes it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from linestop.errors import TrackerError
from linestop.plans import ChecksPass, Chunk, Plan
from linestop.ports import Tracker
from linestop.tickets import Evidence, Ticket, TicketState
from linestop.tracker import MemoryTracker, SqliteTracker
from linestop.verdicts import GoalLine, GoalVerdict

PLAN = Plan(
    id="p1",
    title="t",
    purpose="p",
    scope=("a.py",),
    chunks=(Chunk(id="c1", title="c", source="ruff", rules=("F401",), paths=("a.py",)),),
    goal=(ChecksPass(),),
)


def ticket(name: str = "t1", batch: str = "b") -> Ticket:
    return Ticket(id=name, batch=batch, title="t", plan=PLAN)


@pytest.fixture(params=["memory", "sqlite"])
def tracker(request: pytest.FixtureRequest, tmp_path: Path) -> Tracker:
    return MemoryTracker() if request.param == "memory" else SqliteTracker(tmp_path / "tracker.db")


def test_a_ticket_filed_twice_stays_as_it_was(tracker: Tracker) -> None:
    assert tracker.file(ticket())
    assert not tracker.file(ticket(batch="other"))
    assert tracker.get("t1").batch == "b"


def test_only_one_of_two_claims_wins(tracker: Tracker) -> None:
    tracker.file(ticket())
    assert tracker.claim("t1", holder="one", seconds=60)
    assert tracker.claim("t1", holder="two", seconds=60) is None


def test_a_holder_that_lost_its_claim_can_write_nothing(tracker: Tracker) -> None:
    tracker.file(ticket())
    old = tracker.claim("t1", holder="one", seconds=60)
    assert old
    tracker.reclaim(alive=lambda _: False)
    new = tracker.claim("t1", holder="two", seconds=60)
    assert new
    for write in (tracker.save, lambda held: tracker.end(held, TicketState.STOPPED)):
        with pytest.raises(TrackerError, match="taken over"):
            write(old)
    assert not tracker.renew(old, seconds=60)
    assert tracker.get("t1").holder == "two"


@pytest.mark.parametrize(
    ("seconds", "alive", "opened"),
    [
        pytest.param(60, lambda _: True, False, id="a live holder keeps it"),
        pytest.param(60, lambda _: False, True, id="a dead holder loses it at once"),
        pytest.param(-1, lambda _: True, True, id="a lease that ran out loses it"),
    ],
)
def test_reclaim(tracker: Tracker, seconds: int, alive: Callable[[str], bool], opened: bool) -> None:
    tracker.file(ticket())
    tracker.claim("t1", holder="one", seconds=seconds)
    assert bool(tracker.reclaim(alive=alive)) is opened
    assert (tracker.get("t1").state is TicketState.OPEN) is opened


def test_renewing_moves_the_lease(tracker: Tracker) -> None:
    tracker.file(ticket())
    held = tracker.claim("t1", holder="one", seconds=1)
    assert held
    assert tracker.renew(held, seconds=600)
    lease = tracker.get("t1").lease_until
    assert lease
    assert lease > datetime.now(UTC) + timedelta(seconds=500)


def test_done_without_evidence_is_refused(tracker: Tracker) -> None:
    tracker.file(ticket())
    held = tracker.claim("t1", holder="one", seconds=60)
    assert held
    with pytest.raises(TrackerError, match="can't be Done"):
        tracker.end(held, TicketState.DONE)
    assert tracker.get("t1").state is TicketState.CLAIMED


def test_done_keeps_its_evidence(tracker: Tracker) -> None:
    tracker.file(ticket())
    held = tracker.claim("t1", holder="one", seconds=60)
    assert held
    goal = GoalVerdict(commit="c", finish_line=held.finish_line, lines=(GoalLine(item="checks", met=True),))
    tracker.end(held, TicketState.DONE, evidence=Evidence(commit="c", base="b", branch=held.branch, goal=goal))
    stored = tracker.get("t1")
    assert stored.state is TicketState.DONE
    assert stored.evidence
    assert stored.evidence.goal.met


def test_batches_are_kept_apart(tracker: Tracker) -> None:
    tracker.file(ticket("t1", "a"))
    tracker.file(ticket("t2", "b"))
    assert [each.id for each in tracker.list("a")] == ["t1"]
    assert [each.id for each in tracker.list()] == ["t1", "t2"]


def test_an_unknown_ticket_is_a_clear_error(tracker: Tracker) -> None:
    with pytest.raises(TrackerError, match="no ticket nope"):
        tracker.get("nope")


def test_reading_never_creates_the_file(tmp_path: Path) -> None:
    tracker = SqliteTracker(tmp_path / "tracker.db")
    assert tracker.list() == ()
    assert not tracker.path.exists()


def test_a_corrupt_file_is_named_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "tracker.db"
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(TrackerError, match=r"tracker\.db can't be used"):
        SqliteTracker(path).list()
    assert path.read_bytes() == b"not a database" * 100


def test_saving_never_takes_back_a_renewed_lease(tracker: Tracker) -> None:
    tracker.file(ticket("a"))
    held = tracker.claim("a", holder="me", seconds=10)
    assert held is not None
    tracker.renew(held, seconds=1000)
    saved = tracker.save(held.model_copy(update={"attempts": 1}))
    assert saved.lease_until is not None
    assert held.lease_until is not None
    assert saved.lease_until > held.lease_until


def test_a_released_ticket_reads_its_plan_again_and_a_reclaimed_one_does_not(tracker: Tracker) -> None:
    for name in ("released", "reclaimed"):
        tracker.file(ticket(name))
        held = tracker.claim(name, holder="me", seconds=10)
        assert held is not None
        tracker.save(held.model_copy(update={"frozen": True, "failures_in_a_row": 3, "attempts": 3}))
    stopped = tracker.end(tracker.get("released"), TicketState.STOPPED, reason="three failures")
    tracker.end(stopped, TicketState.OPEN)
    tracker.reclaim(alive=lambda _: False)
    released, reclaimed = tracker.get("released"), tracker.get("reclaimed")
    assert (released.frozen, released.failures_in_a_row, released.attempts) == (False, 0, 3)
    assert (reclaimed.frozen, reclaimed.failures_in_a_row, reclaimed.attempts) == (True, 3, 3)
