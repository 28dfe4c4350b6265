"""Proofs for the oracle: what git and the finish line say about each Done ticket. The rule is linestop/done.py."""

from linestop.blocks.baseline import baseline
from linestop.blocks.inspection import clean_checkout, goal_verdict
from linestop.blocks.line import Line
from linestop.done import OracleVerdict, Proof, judge, load_definition
from linestop.locks import locked
from linestop.paths import workspace_name
from linestop.tickets import Evidence, Ticket, TicketState
from linestop.verdicts import GoalVerdict


def ask(line: Line, batch: str, *, rerun: bool = False) -> OracleVerdict:
    """Return the oracle's verdict on a batch; `rerun` runs every Done ticket's finish line again."""
    every = line.tracker.list()
    tickets = tuple(ticket for ticket in every if ticket.batch == batch)
    others = [ticket for ticket in every if ticket.batch != batch]
    return judge(tickets, proofs=gather(line, tickets, rerun=rerun), definition=load_definition(), others=others)


def gather(line: Line, tickets: tuple[Ticket, ...], *, rerun: bool = False) -> dict[str, Proof]:
    """Return a proof for each Done ticket; `rerun` runs every finish line again instead of reading the kept verdict."""
    return {
        ticket.id: _proof(line, ticket, ticket.evidence, rerun=rerun)
        for ticket in tickets
        if ticket.state is TicketState.DONE and ticket.evidence is not None
    }


def _proof(line: Line, ticket: Ticket, evidence: Evidence, *, rerun: bool) -> Proof:
    refs = (f"refs/heads/{evidence.branch}", line.base_branch)
    holder = next((ref for ref in refs if line.workspaces.contains(ref, evidence.commit)), None)
    if holder is None:
        return Proof(
            ticket=ticket.id, delivered=False, goal_met=None,
            detail=f"commit {evidence.commit[:12]} is neither on {evidence.branch} nor in {line.base_branch}",
        )  # fmt: skip
    verdict = _again(line, ticket, evidence) if rerun else evidence.goal
    judged = verdict.commit == evidence.commit and verdict.finish_line == ticket.finish_line
    detail = "" if judged else "the kept verdict is of another commit or another finish line; run it again with --rerun"
    return Proof(ticket=ticket.id, delivered=True, goal_met=verdict.met if judged else None, detail=detail)


def _again(line: Line, ticket: Ticket, evidence: Evidence) -> GoalVerdict:
    """Run the frozen finish line at the delivered commit, against the base that the ticket was cut from."""
    name = workspace_name(ticket.id, "base")
    # Its checkouts are named after the ticket: a second rerun would take them from under the first.
    with locked(line.layout.worktrees / ".proofs.lock"), clean_checkout(line, name, ticket.base) as checkout:
        checks = line.checks(checkout)
        report = baseline(line.layout, checks, checkout, ticket.base)
        return goal_verdict(line, ticket, checks, report, commit=evidence.commit)
