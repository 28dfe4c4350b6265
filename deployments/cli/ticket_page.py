"""A ticket as a page for the terminal. Everything in it may be a stranger's text."""

import shlex
from collections.abc import Iterator
from pathlib import Path

from linestop.blocks.plan_branch import PLANS_BRANCH
from linestop.deployments.cli.wrapping import fitted
from linestop.execution.finish_line import describe
from linestop.memory.tickets import Learned
from linestop.text import plain
from linestop.tickets import WAITING_ON_A_PERSON, Ticket, TicketState
from linestop.verdicts import GoalVerdict


def page(
    ticket: Ticket,
    incidents: list[str],
    verdict: GoalVerdict | None = None,
    learned: Learned | None = None,
    report: Path | None = None,
    *,
    width: int | None = None,
) -> str:
    """Return what a person reads before deciding about a ticket, for a terminal of `width` columns.

    `verdict` is the goal-checker's last, `learned` its signs and corrections, `report` the file about its escalation.
    """
    told = _lines(ticket, verdict, learned or Learned(), incidents)
    lines = list(told if width is None else fitted(told, width))  # commands stay whole: they are copied
    if ticket.evidence:
        lines.append(f"look at it: git log -p {ticket.base[:12]}..{plain(ticket.evidence.branch)}")
    elif ticket.state in {*WAITING_ON_A_PERSON, TicketState.GATED}:
        lines += _choices(ticket, incidents, report)
    return "\n".join(line.rstrip() for line in lines)


def _lines(ticket: Ticket, verdict: GoalVerdict | None, learned: Learned, incidents: list[str]) -> Iterator[str]:
    yield f"{ticket.id}  {ticket.state}  {plain(ticket.title)}"
    facts = {
        "why": plain(ticket.reason, limit=1000),
        "batch": ticket.batch,
        "branch": ticket.branch if ticket.progress else "",
        "base": ticket.base[:12],
        "depends on": ", ".join(ticket.depends_on),
        "attempts": str(ticket.attempts),
        "used": used(ticket),
        "held by": plain(ticket.holder),
        "incidents": ", ".join(incidents),
    }
    yield from (f"  {name:<11}{value}" for name, value in facts.items() if value)
    yield "chunks"
    for chunk in ticket.plan.chunks:
        word = ticket.progress.get(chunk.id, "not begun")
        yield f"  {chunk.id}  {plain(chunk.title)}: {plain(word, limit=400)}"
    yield "finish line"
    last = ticket.evidence.goal if ticket.evidence else verdict
    judged = {line.item: line for line in last.lines} if last else {}
    for item in ticket.plan.goal:
        line = judged.get(describe(item))
        word = "not judged" if line is None else "met" if line.met else "NOT MET"
        detail = f": {plain(line.detail, limit=300)}" if line and line.detail else ""
        yield f"  {word:<11}{plain(describe(item), limit=300)}{detail}"
    yield from _memory(learned)
    if ticket.evidence:
        yield f"delivered  {ticket.evidence.commit} on {plain(ticket.evidence.branch)}"


def _memory(learned: Learned) -> Iterator[str]:
    """Yield what the ticket itself learned: failures that came back, and what reviewers and people noted."""
    if learned.problem:
        yield f"what it learned can't be read: {plain(learned.problem, limit=400)}"
    if learned.signs:
        yield "signs: failures that came back, which its briefs ban"
    for sign in learned.signs:
        about = f"{sign.times} times, judged by {plain(sign.source)}{', solved' if sign.solved else ''}"
        yield f"  {sign.id}  {about}: {plain(sign.failure, limit=300)}"
    if learned.corrections:
        yield "corrections: what its briefs say"
    for one in learned.corrections:
        by = f"{plain(one.by)}{', a person' if one.person else ''}, {plain(one.chunk) or 'the whole ticket'}"
        yield f"  {one.at.astimezone():%Y-%m-%d %H:%M}  {by}: {plain(one.text, limit=300)}"


def used(ticket: Ticket) -> str:
    """Return what the agents of a ticket used, nothing where no model was asked."""
    spent = ticket.spent
    money = f", {spent.usd:.4f} dollars" if spent.usd else ""
    return f"{spent.tokens:,} tokens{money} in {spent.dispatches} dispatches" if spent.tokens else ""


def _choices(ticket: Ticket, incidents: list[str], report: Path | None) -> Iterator[str]:
    """Yield what a person can do about a ticket that waits for one."""
    yield "what you can do"
    if report:
        yield f"  read what failed, and how   less {shlex.quote(plain(str(report), limit=1000))}"
    if ticket.progress:
        yield f"  look at what was approved   git log -p {ticket.base[:12]}..{plain(ticket.branch)}"
    for incident in incidents:
        yield f"  read and close the stop     linestop incident show {incident}"
    if ticket.plan.fingerprints:
        yield f"  read or change the plan     git show {PLANS_BRANCH}:plans/{ticket.id}.md"
    else:  # a person's own, filed from any place
        yield f"  read the plan               linestop ticket show {ticket.id} --json | jq .plan"
        yield f"  change it                   commit plans/{ticket.id}.md on branch {PLANS_BRANCH}: it takes its place"
    yield f'  say what to do otherwise    linestop ticket correct {ticket.id} "…"'
    yield f"  let it go on, then execute  linestop ticket release {ticket.id}"
    if ticket.state is not TicketState.GATED:
        yield f"  take it out of the batch    linestop ticket gate {ticket.id} --why …"
