"""The oracle's rule: what counts, what doesn't, and whose turn it is."""

import pytest

from linestop.done import Answer, Definition, Proof, exit_code, judge, load_definition, parse_definition
from linestop.errors import LinestopError
from linestop.execution.finish_line import describe
from linestop.plans import ChecksPass, Chunk, CommandPasses, Plan
from linestop.tickets import Evidence, Ticket, TicketState, finish_line_hash
from linestop.verdicts import GoalLine, GoalVerdict

GOAL = (ChecksPass(), CommandPasses(argv=("true",)))
PLAN = Plan(
    id="p", title="t", purpose="p", scope=("a.py",), goal=GOAL,
    chunks=(Chunk(id="c", title="c", source="ruff", rules=("F401",), paths=("a.py",)),),
)  # fmt: skip
LOWER = PLAN.model_copy(update={"goal": GOAL[:1]})
COMMIT = "c" * 40


def verdict(**changes: object) -> GoalVerdict:
    lines = tuple(GoalLine(item=describe(item), met=True) for item in GOAL)
    whole = GoalVerdict(commit=COMMIT, finish_line=finish_line_hash(GOAL), lines=lines)
    return whole.model_copy(update=changes)


def ticket(name: str = "t", state: TicketState = TicketState.DONE, **changes: object) -> Ticket:
    evidence = Evidence(commit=COMMIT, base="b" * 40, branch=f"linestop/{name}", goal=verdict())
    plain = Ticket(id=name, batch="b", title="t", plan=PLAN, state=state)
    return plain.model_copy(update={"evidence": evidence if state is TicketState.DONE else None, **changes})


def proof(name: str = "t", *, delivered: bool = True, goal_met: bool | None = True) -> Proof:
    return Proof(ticket=name, delivered=delivered, goal_met=goal_met)


def evidence(**changes: object) -> Evidence:
    return Evidence(commit=COMMIT, base="b", branch="x", goal=verdict(**changes))


@pytest.fixture(scope="module")
def definition() -> Definition:
    return load_definition()


def test_a_batch_of_proven_and_explicitly_gated_tickets_is_done(definition: Definition) -> None:
    gated = ticket("g", TicketState.GATED, reason="needs a decision")
    said = judge([ticket(), gated], proofs={"t": proof()}, definition=definition)
    assert (said.answer, said.reasons, said.done) == (Answer.DONE, (), True)
    assert all(one.counts for one in said.tickets)
    assert said.definition == definition.sha256


@pytest.mark.parametrize(
    ("one", "shown", "because"),
    [
        pytest.param(ticket(evidence=None), proof(), "without evidence", id="no evidence"),
        pytest.param(ticket(), None, "nobody gathered", id="no proof"),
        pytest.param(ticket(), proof("other"), "nobody gathered", id="another ticket's proof"),
        pytest.param(ticket(), proof(delivered=False), "delivered is not so", id="not delivered"),
        pytest.param(ticket(), proof(goal_met=False), "goal met is not so", id="goal not met"),
        pytest.param(ticket(), proof(goal_met=None), "can't be told", id="nobody can tell"),
        pytest.param(ticket(evidence=evidence(commit="d" * 40)), proof(), "another commit", id="another commit"),
        pytest.param(ticket(evidence=evidence(finish_line="f" * 64)), proof(), "finish line", id="another finish line"),
        pytest.param(ticket(evidence=evidence(lines=())), proof(), "leaves items", id="an empty verdict"),
        pytest.param(
            ticket(evidence=evidence(lines=verdict().lines[:1])), proof(), "leaves items", id="a verdict of one item"
        ),
        pytest.param(
            ticket(plan=PLAN.model_copy(update={"goal": GOAL[:1]})), proof(), "finish line", id="a lower goal"
        ),
    ],
)
def test_a_ticket_that_says_done_without_its_proof_does_not_count(
    one: Ticket, shown: Proof | None, because: str, definition: Definition
) -> None:
    said = judge([one], proofs={"t": shown} if shown else {}, definition=definition)
    assert said.answer is Answer.NOT_DONE
    assert because in said.reasons[0]


@pytest.mark.parametrize(
    ("states", "answer"),
    [
        pytest.param([TicketState.OPEN], Answer.NOT_DONE, id="open"),
        pytest.param([TicketState.CLAIMED], Answer.NOT_DONE, id="worked on"),
        pytest.param([TicketState.STOPPED], Answer.WAITING, id="stopped"),
        pytest.param([TicketState.PETITIONED, TicketState.STOPPED], Answer.WAITING, id="all with people"),
        pytest.param([TicketState.PETITIONED, TicketState.OPEN], Answer.NOT_DONE, id="some can go on"),
    ],
)
def test_whose_turn_it_is(states: list[TicketState], answer: Answer, definition: Definition) -> None:
    tickets = [ticket(f"t{number}", state) for number, state in enumerate(states)]
    assert judge(tickets, proofs={}, definition=definition).answer is answer


def test_an_open_ticket_behind_a_person_waits_on_that_person(definition: Definition) -> None:
    tickets = [ticket("a", TicketState.OPEN, depends_on=("b",)), ticket("b", TicketState.STOPPED)]
    assert judge(tickets, proofs={}, definition=definition).answer is Answer.WAITING


def test_a_gate_without_a_reason_does_not_count(definition: Definition) -> None:
    said = judge([ticket("g", TicketState.GATED, reason="  ")], proofs={}, definition=definition)
    assert said.answer is Answer.WAITING


def test_an_empty_batch_is_not_done(definition: Definition) -> None:
    assert judge([], proofs={}, definition=definition).answer is Answer.NOT_DONE


@pytest.mark.parametrize(("answer", "code"), [(Answer.DONE, 0), (Answer.NOT_DONE, 3), (Answer.WAITING, 4)])
def test_exit_codes(answer: Answer, code: int) -> None:
    assert exit_code(answer) == code


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\xff", id="no text"),
        pytest.param(b"schema = ", id="no TOML"),
        pytest.param(b"schema = 2\n", id="another schema"),
        pytest.param(b'schema = 1\n[done]\nstates=["done"]\nproof=[]\n[gated]\nstates=["gated"]\n', id="no proof"),
    ],
)
def test_a_damaged_definition_defines_nothing(data: bytes) -> None:
    with pytest.raises(LinestopError, match="definition"):
        parse_definition(data)


def test_another_definition_has_another_hash(definition: Definition) -> None:
    text = b'schema = 1\n[done]\nstates = ["done"]\nproof = ["delivered"]\n[gated]\nstates = ["gated"]\n'
    assert parse_definition(text).sha256 != definition.sha256
