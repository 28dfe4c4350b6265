"""Which tickets may start, which never will, and who holds them up."""

import pytest

from linestop.plans import ChecksPass, Chunk, Plan
from linestop.ready import blocked_forever, held_by_a_person, ready
from linestop.tickets import Ticket, TicketState

PLAN = Plan(
    id="p", title="t", purpose="p", scope=("a.py",), goal=(ChecksPass(),),
    chunks=(Chunk(id="c", title="c", source="ruff", rules=("F401",), paths=("a.py",)),),
)  # fmt: skip
OPEN, CLAIMED, DONE = TicketState.OPEN, TicketState.CLAIMED, TicketState.DONE
GATED, STOPPED, PETITIONED = TicketState.GATED, TicketState.STOPPED, TicketState.PETITIONED


def ticket(
    name: str, *depends_on: str, state: TicketState = OPEN, infra: bool = False, batch: str = "b", reason: str = "r"
) -> Ticket:
    return Ticket(
        id=name, batch=batch, title=name, plan=PLAN, state=state, depends_on=depends_on, infra=infra, reason=reason
    )


def ids(tickets: tuple[Ticket, ...]) -> list[str]:
    return [one.id for one in tickets]


@pytest.mark.parametrize(
    ("tickets", "free"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param([ticket("b"), ticket("a")], ["b", "a"], id="in the given order"),
        pytest.param([ticket("a", "b"), ticket("b")], ["b"], id="a dependency that is open"),
        pytest.param([ticket("a", "b"), ticket("b", state=CLAIMED)], [], id="a dependency that is worked on"),
        pytest.param([ticket("a", "b"), ticket("b", state=DONE)], ["a"], id="a dependency that is Done"),
        pytest.param([ticket("a", "b", "c"), ticket("b", state=DONE), ticket("c")], ["c"], id="one of two"),
        pytest.param([ticket("a", "b"), ticket("b", state=GATED)], [], id="a dependency that is a person's"),
        pytest.param([ticket("a", "b"), ticket("b", state=STOPPED)], [], id="a dependency that stopped"),
        pytest.param([ticket("a", "nobody")], [], id="a dependency that nobody filed"),
        pytest.param([ticket("a", "a")], [], id="itself"),
        pytest.param([ticket("a", "b"), ticket("b", "a"), ticket("c")], ["c"], id="a circle beside others"),
        pytest.param([ticket("a", state=state) for state in TicketState if state is not OPEN], [], id="ended or taken"),
        pytest.param([ticket("a", infra=True), ticket("b", infra=True), ticket("c")], ["a", "c"], id="one infra"),
        pytest.param([ticket("a", infra=True, state=CLAIMED), ticket("b", infra=True)], [], id="infra is worked on"),
        pytest.param([ticket("a", "z", infra=True), ticket("b", infra=True), ticket("z")], ["b", "z"], id="infra 2"),
    ],
)
def test_the_ready_set(tickets: list[Ticket], free: list[str]) -> None:
    assert ids(ready(tickets)) == free


def test_a_dependency_may_lie_in_another_batch() -> None:
    assert ids(ready([ticket("a", "old")], others=[ticket("old", state=DONE, batch="x")])) == ["a"]
    assert ready([ticket("a", "old")], others=[ticket("old", batch="x")]) == ()
    assert ready([], others=[ticket("old", batch="x")]) == ()


def test_a_circle_and_a_missing_dependency_are_named() -> None:
    tickets = [ticket("a", "b"), ticket("b", "c"), ticket("c", "a"), ticket("d", "nobody"), ticket("e", "a")]
    reasons = {blocked.ticket.id: blocked.reason for blocked in blocked_forever(tickets)}
    assert reasons["a"] == "it depends on itself: a -> b -> c -> a"
    assert set(reasons) == {"a", "b", "c", "d"}
    assert "nobody, which nobody filed" in reasons["d"]


def test_a_circle_that_a_done_ticket_cuts_blocks_nobody() -> None:
    assert blocked_forever([ticket("a", "b"), ticket("b", "a", state=DONE)]) == ()


def test_what_depends_on_a_person_waits_on_that_person_too() -> None:
    tickets = [ticket("a", "b"), ticket("b", "c"), ticket("c", state=PETITIONED, reason="a test is wrong"), ticket("d")]
    held = held_by_a_person(tickets)
    assert held["c"] == "petitioned: a test is wrong"
    assert held["b"] == "it depends on c, which waits on a person"
    assert held["a"] == "it depends on b, which waits on a person"
    assert "d" not in held


def test_long_chains_and_wide_circles_end() -> None:
    chain = [ticket(f"t{number}", f"t{number + 1}") for number in range(300)]
    assert len(held_by_a_person([*chain, ticket("t300", state=GATED)])) == 301
    assert len(blocked_forever([*chain, ticket("t300", "t0")])) == 301
