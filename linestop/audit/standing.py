"""What earlier audits left standing: which plans are open, which findings are covered, which files are spoken for."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from linestop.plans import Plan
from linestop.tickets import Ticket, TicketState


@dataclass(frozen=True)
class Standing:
    """`open` plans wait; `covered` fingerprints are never planned again; `busy` globs are of unmerged branches.

    `merged` are the plans, as they were carried out, whose work the base holds.
    """

    open: tuple[Plan, ...] = ()
    covered: frozenset[str] = frozenset()
    busy: tuple[str, ...] = ()
    ids: frozenset[str] = frozenset()
    merged: tuple[Plan, ...] = ()


def standing(plans: Iterable[Plan], tickets: Iterable[Ticket], *, merged: Callable[[str], bool]) -> Standing:
    """Return what stands. `merged` says whether the base holds a commit: only then a finding may come back.

    A ticket whose plan file is gone still counts: deleting the file does not undo the ticket.
    """
    tickets = tuple(tickets)
    by_plan = {ticket.plan.id: ticket for ticket in tickets}
    every = {ticket.plan.id: ticket.plan for ticket in tickets} | {plan.id: plan for plan in plans}
    open_plans, covered, busy, held = [], set[str](), list[str](), list[Plan]()
    for plan in every.values():
        ticket = by_plan.get(plan.id)
        done = ticket is not None and ticket.state is TicketState.DONE
        if done and ticket and ticket.evidence and merged(ticket.evidence.commit):
            held.append(ticket.plan)
            continue
        covered.update(plan.fingerprints, ticket.plan.fingerprints if ticket else ())
        if not done:
            open_plans.append(plan)
        if done or not plan.gated:
            busy.extend(plan.scope)
    return Standing(
        open=tuple(open_plans), covered=frozenset(covered), busy=tuple(busy), ids=frozenset(every),
        merged=tuple(held),
    )  # fmt: skip
