"""The oracle's rule: when a batch is done. A pure judgement; the proofs are gathered from git by blocks/proofs.py.

The definition is linestop/oracle.toml, read from the installed package: no workspace and no repository can hold it.
"""

import hashlib
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from importlib import resources
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from linestop.errors import LinestopError
from linestop.execution.finish_line import describe
from linestop.ready import held_by_a_person
from linestop.tickets import Ticket, TicketState

DEFINITION = "oracle.toml"
_EXIT_CODES = {"done": 0, "not_done": 3, "waiting": 4}


class Answer(StrEnum):
    """What the oracle says of a batch."""

    DONE = "done"  # every ticket is Done with its proof, or explicitly a person's
    NOT_DONE = "not_done"  # there is work that linestop may go on with, or a claim that its proof does not bear out
    WAITING = "waiting"  # not done, and only a person can get any of it going


class _States(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    states: tuple[TicketState, ...] = Field(min_length=1)


class _Proven(_States):
    proof: tuple[Literal["delivered", "goal_met"], ...] = Field(min_length=1)


class Definition(BaseModel):
    """What counts as done; `sha256` is that of the file's bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sha256: str
    schema_: Literal[1] = Field(alias="schema")
    done: _Proven
    gated: _States


class Proof(BaseModel):
    """What git and the frozen finish line say about one Done ticket. `goal_met` None: nobody could tell."""

    model_config = ConfigDict(frozen=True)

    ticket: str
    delivered: bool
    goal_met: bool | None
    detail: str = ""


class TicketEvidence(BaseModel):
    """Whether one ticket counts, and why."""

    model_config = ConfigDict(frozen=True)

    ticket: str
    state: TicketState
    counts: bool
    detail: str = ""


class OracleVerdict(BaseModel):
    """The oracle's answer on a batch with its evidence. `definition` is the SHA-256 of what it was judged by."""

    model_config = ConfigDict(frozen=True)

    batch: str
    answer: Answer
    definition: str
    tickets: tuple[TicketEvidence, ...]
    reasons: tuple[str, ...] = ()

    @property
    def done(self) -> bool:
        """Whether the answer is done."""
        return self.answer is Answer.DONE


def load_definition() -> Definition:
    """Return the definition that the installed linestop brings."""
    return parse_definition(resources.files("linestop").joinpath(DEFINITION).read_bytes())


def parse_definition(data: bytes) -> Definition:
    """Return a definition and its hash.

    Raises:
        LinestopError: the bytes are no definition; the installation is damaged.
    """
    try:
        values = tomllib.loads(data.decode())
        return Definition.model_validate({**values, "sha256": hashlib.sha256(data).hexdigest()})
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise LinestopError(
            "the definition of done can't be read", found=str(error)[:500], todo="install linestop anew"
        ) from error


def judge(
    tickets: Sequence[Ticket],
    *,
    proofs: Mapping[str, Proof],
    definition: Definition,
    others: Iterable[Ticket] = (),
) -> OracleVerdict:
    """Return the verdict on a batch, given all its tickets and a proof by ticket id for each that is Done.

    `others` are tickets of other batches, which these may depend on. A batch without a ticket is not done: nothing
    speaks for it.
    """
    evidence = tuple(_evidence(ticket, proofs.get(ticket.id), definition) for ticket in tickets)
    missing = [one for one in evidence if not one.counts]
    held = held_by_a_person(tickets, others=others)
    answer = Answer.WAITING if all(one.ticket in held for one in missing) else Answer.NOT_DONE
    reasons = [f"{one.ticket}: {held.get(one.ticket, one.detail)}" for one in missing]
    if not tickets:
        answer, reasons = Answer.NOT_DONE, ["the batch has no tickets"]
    elif not missing:
        answer = Answer.DONE
    batch = tickets[0].batch if tickets else ""
    return OracleVerdict(
        batch=batch, answer=answer, definition=definition.sha256, tickets=evidence, reasons=tuple(reasons)
    )  # fmt: skip


def exit_code(answer: Answer) -> int:
    """Return 0 done, 3 not done, 4 waiting on a person."""
    return _EXIT_CODES[answer.value]


def _evidence(ticket: Ticket, proof: Proof | None, definition: Definition) -> TicketEvidence:
    if ticket.state in definition.done.states:
        problem = _unproven(ticket, proof, definition)
        detail = problem or f"commit {ticket.evidence.commit[:12] if ticket.evidence else ''} is delivered and met"
        return TicketEvidence(ticket=ticket.id, state=ticket.state, counts=not problem, detail=detail)
    if ticket.state in definition.gated.states:
        given = bool(ticket.reason.strip())
        return TicketEvidence(
            ticket=ticket.id, state=ticket.state, counts=given, detail=ticket.reason or "gated, but nobody said why"
        )
    claimed = ticket.state is TicketState.CLAIMED
    detail = f"it is worked on by {ticket.holder}" if claimed else ticket.reason or f"it is {ticket.state}"
    return TicketEvidence(ticket=ticket.id, state=ticket.state, counts=False, detail=detail)


def _unproven(ticket: Ticket, proof: Proof | None, definition: Definition) -> str:
    """Return why a Done ticket does not count, nothing where it does. What is unknown does not count."""
    evidence = ticket.evidence
    if evidence is None:
        return "it is Done without evidence"
    if evidence.goal.commit != evidence.commit or evidence.goal.finish_line != ticket.finish_line:
        return "its evidence is of another commit or another finish line"
    if [line.item for line in evidence.goal.lines] != [describe(item) for item in ticket.plan.goal]:
        return "its evidence leaves items of the finish line out"
    if proof is None or proof.ticket != ticket.id:
        return "nobody gathered its proof"
    said = {"delivered": proof.delivered, "goal_met": proof.goal_met}
    for item in definition.done.proof:
        if said[item] is not True:
            unknown = "can't be told" if said[item] is None else "is not so"
            return f"{item.replace('_', ' ')} {unknown}" + (f": {proof.detail}" if proof.detail else "")
    return ""
