"""From findings to plans: areas share no file, chunks no rule and path, and never more than there is room for."""

from collections import Counter
from datetime import date
from itertools import combinations

import pytest

from linestop.audit.globs import matches_any
from linestop.audit.planning import Drafts, Ground, draft_plans
from linestop.audit.priority import priority
from linestop.audit.standing import Standing, standing
from linestop.audit.validation import problems_of
from linestop.findings import Finding, Severity
from linestop.plans import FindingsGone, Plan
from linestop.tickets import Evidence, Ticket, TicketState
from linestop.verdicts import GoalVerdict

NOTHING = Standing()
DAY = date(2026, 11, 21)


def finding(path: str, rule: str = "F401", line: int = 1, *, fixable: bool = True, **more: object) -> Finding:
    values = {
        "source": "ruff",
        "rule": rule,
        "path": path,
        "line": line,
        "fixable": fixable,
        "snippet": f"{rule} {line}",
    }
    return Finding.model_validate(values | more)


def drafted(*findings: Finding, stands: Standing = NOTHING, max_plans: int = 5) -> Drafts:
    ground = Ground(base="b" * 40, day=DAY, standing=stands, reported=findings)
    return draft_plans(findings, ground, max_plans=max_plans)


def plans(*findings: Finding, stands: Standing = NOTHING, max_plans: int = 5) -> tuple[Plan, ...]:
    return tuple(draft.plan for draft in drafted(*findings, stands=stands, max_plans=max_plans).drafts)


def test_nothing_found_plans_nothing() -> None:
    assert drafted() == Drafts()


def test_what_a_person_let_a_plan_leave_is_not_planned_again_after_the_merge() -> None:
    (plan,) = plans(*several("src/shop/a.py"))
    goal = tuple(item.model_copy(update={"at_most": 1}) if item.kind == "findings" else item for item in plan.goal)
    stands = Standing(ids=frozenset({plan.id}), merged=(plan.model_copy(update={"goal": goal}),))
    assert plans(finding("src/shop/a.py", line=2), stands=stands) == ()
    assert plans(*several("src/shop/a.py", 2), stands=stands), "more than was accepted"
    assert plans(finding("src/shop/a.py", line=9), stands=stands), "another one than the plan's"
    assert plans(finding("src/shop/a.py", line=2), stands=Standing(merged=(plan,))), "nothing was accepted"


def several(path: str, count: int = 3) -> list[Finding]:
    return [finding(path, line=line) for line in range(1, count + 1)]


def test_each_package_is_a_plan_and_no_file_is_in_two() -> None:
    shop = [*several("src/shop/a.py"), finding("src/shop/sub/b.py")]
    found = plans(*shop, *several("tools/c.py"), *several("setup.py"))
    assert [plan.id for plan in found] == [
        "2026-11-21-shop-dead-code", "2026-11-21-top-dead-code", "2026-11-21-tools-dead-code",
    ]  # fmt: skip
    for one, other in combinations(found, 2):
        assert not set(one.scope) & set(other.scope)


def test_areas_with_hardly_a_finding_share_a_plan() -> None:
    small = [finding("src/shop/a.py"), finding("tools/c.py"), finding("setup.py"), finding("setup.py", line=2)]
    large, together = plans(*several("docs/conf.py"), *small)
    assert (large.id, together.id) == ("2026-11-21-docs-dead-code", "2026-11-21-small-areas-dead-code")
    assert together.title == "Dead code in the top folder, src/shop and tools"
    assert together.scope == ("setup.py", "src/shop/a.py", "tools/c.py")
    (alone,) = plans(finding("src/shop/a.py"))
    assert alone.id == "2026-11-21-shop-dead-code"


def test_many_small_areas_are_counted_not_named() -> None:
    found = plans(*(finding(f"p{number:02}/a.py") for number in range(60)))
    assert found[0].title == "Dead code in 40 folders"
    assert problems_of(found[0]) == ()


def test_a_plan_whose_findings_are_mended_takes_no_slot() -> None:
    first = plans(finding("a.py", "B006", fixable=False), finding("b.py", "S602", fixable=False), max_plans=2)
    stands = standing(first, (), merged=lambda _: False)
    mended = plans(*several("c.py"), *several("d/e.py"), stands=stands, max_plans=2)
    assert (len(first), len(mended)) == (1, 2)
    still = finding("b.py", "S602", fixable=False)
    assert len(plans(still, *several("c.py"), *several("d/e.py"), stands=stands, max_plans=2)) == 1


def test_a_chunk_has_one_theme_and_the_goal_counts_its_findings() -> None:
    left = finding("a.py", "UP032", 9, fixable=False)
    (plan, by_hand) = plans(finding("a.py"), finding("a.py", "UP032", 2), finding("a.py", "F632", 3), left)
    assert [chunk.id for chunk in plan.chunks] == ["bugs", "dead-code", "modernisation"]
    goal = {item.rules: item.at_most for item in plan.goal if isinstance(item, FindingsGone)}
    assert goal == {("F632",): 0, ("F401",): 0, ("UP032",): 1}
    assert by_hand.gated


def test_an_agent_as_maker_may_be_given_what_has_no_safe_fix() -> None:
    bug = finding("a.py", "B006", fixable=False)
    ground = Ground(base="b" * 40, day=DAY, standing=NOTHING, reported=(bug,), gate_unfixable=False)
    (draft,) = draft_plans((bug,), ground, max_plans=5).drafts
    assert draft.plan.gated is None
    assert draft.plan.chunks[0].rules == ("B006",)


def test_what_no_engine_can_fix_waits_for_a_person_and_says_so() -> None:
    bug = finding("a.py", "B006", fixable=False)
    scanner = finding("b.py", "X1", fixable=False, source="bandit", theme="security", severity=Severity.ERROR)
    found = plans(bug, scanner)
    assert [plan.id for plan in found] == ["2026-11-21-security-by-hand", "2026-11-21-bugs-by-hand"]
    assert all("no engine at hand" in (plan.gated or "") for plan in found)
    assert "X1" in (found[0].gated or "")
    assert found[0].chunks[0].source == "bandit"


def test_a_slot_is_kept_for_people() -> None:
    machine = [one for number in range(9) for one in several(f"p{number}/a.py")]
    found = plans(*machine, finding("p1/a.py", "B006", 5, fixable=False))
    assert Counter(plan.gated is not None for plan in found) == {False: 4, True: 1}


def test_people_never_take_the_last_slot() -> None:
    by_hand = [finding("a.py", rule, fixable=False) for rule in ("B006", "S602", "PERF401", "F842", "UP036")]
    first = plans(*by_hand)
    assert len(first) == 4
    later = plans(*by_hand, finding("b.py"), stands=standing(first, (), merged=lambda _: False))
    assert [plan.gated for plan in later] == [None]


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_never_more_plans_than_slots(limit: int) -> None:
    machine = [one for number in range(9) for one in several(f"p{number}/a.py")]
    draft = drafted(*machine, max_plans=limit)
    assert len(draft.drafts) == limit
    assert draft.waiting == 3 * (9 - limit)


def test_a_large_package_is_split_into_plans_that_keep_to_the_sizes() -> None:
    found = drafted(*(finding(f"src/big/m{number:03}.py", line=line) for number in range(200) for line in range(1, 6)))
    sizes = [sum(chunk.findings for chunk in draft.plan.chunks) for draft in found.drafts]
    assert len(found.drafts) == 3
    assert sum(sizes) == 1000
    for draft in found.drafts:
        assert problems_of(draft.plan) == ()
        assert len(draft.plan.chunks) <= 10
    paths = [path for draft in found.drafts for path in draft.plan.scope]
    assert len(paths) == len(set(paths)) == 200


def test_a_file_with_too_many_findings_is_cut_by_rule_and_one_rule_too_many_is_refused() -> None:
    rules = ("UP032", "UP006", "UP045")
    many = [finding("a.py", rule, line) for rule in rules for line in range(1, 101)]
    (plan,) = plans(*many)
    assert [chunk.rules for chunk in plan.chunks] == [("UP006",), ("UP032",), ("UP045",)]
    flood = drafted(*(finding("a.py", "UP032", line) for line in range(1, 122)))
    assert flood.drafts == ()
    assert flood.refused == ("121 findings of UP032 in a.py: a chunk holds at most 120",)
    assert flood.waiting == 121


def test_more_than_ten_chunks_wait_for_the_next_audit() -> None:
    rules = [f"UP0{number:02}" for number in range(3, 13)] + ["UP015", "UP017", "UP018"]
    many = [finding("a.py", rule, line) for rule in rules for line in range(1, 101)]
    draft = drafted(*many)
    assert len(draft.drafts[0].plan.chunks) == 10
    assert draft.waiting == 300


def test_a_file_that_does_not_parse_is_never_given_to_a_machine() -> None:
    broken = finding("a.py", "invalid-syntax", 3, fixable=False)
    found = plans(finding("a.py"), broken)
    assert [plan.gated is not None for plan in found] == [True]


def test_odd_file_names_make_valid_plans() -> None:
    names = ("a b.py", "a\nb.py", "-x.py", "[x].py", "*.py", "ü/é.py", "what?/a.py", "<!-- -->.py", "src/…/a.py")
    found = drafted(*(finding(name) for name in names))
    assert found.refused == ()
    for draft in found.drafts:
        for path in draft.plan.chunks[0].paths:
            assert matches_any(path, draft.plan.scope)


def test_two_sources_that_shorten_to_one_word_keep_their_chunks_apart() -> None:
    found = plans(*(finding("a.py", "X1", fixable=False, source=source) for source in ("a_b", "a.b")))
    assert len({chunk.id for chunk in found[0].chunks}) == 2


def ticket(plan: Plan, state: TicketState, *, commit: str = "c" * 40) -> Ticket:
    evidence = Evidence(
        commit=commit, base="b", branch="x", goal=GoalVerdict(commit=commit, finish_line="f", lines=())
    )  # fmt: skip
    done = state is TicketState.DONE
    return Ticket(id=plan.id, batch="1", title="t", plan=plan, state=state, evidence=evidence if done else None)


FOUND = (finding("src/shop/a.py"), finding("src/shop/a.py", "F632", 4))
STATES = [
    pytest.param(None, False, 0, id="a plan without a ticket"),
    *(pytest.param(state, False, 0, id=state.value) for state in TicketState),
    pytest.param(TicketState.DONE, True, 1, id="done, merged, and the findings are back"),
    pytest.param(TicketState.OPEN, True, 0, id="open, whatever the base holds"),
]


@pytest.mark.parametrize(("state", "merged", "expected"), STATES)
def test_covered_findings_are_never_planned_again(state: TicketState | None, merged: bool, expected: int) -> None:
    first = plans(*FOUND)
    tickets = (ticket(first[0], state),) if state else ()
    again = plans(*FOUND, stands=standing(first, tickets, merged=lambda _: merged))
    assert len(again) == expected


def test_a_ticket_counts_though_its_plan_file_is_gone() -> None:
    first = plans(*FOUND)
    stands = standing((), (ticket(first[0], TicketState.STOPPED),), merged=lambda _: False)
    assert plans(*FOUND, stands=stands) == ()


def test_a_new_finding_in_a_file_with_an_unmerged_branch_waits() -> None:
    first = plans(*FOUND)
    new = finding("src/shop/a.py", "UP032", 9)
    stands = standing(first, (ticket(first[0], TicketState.DONE),), merged=lambda _: False)
    assert stands.open == ()
    draft = drafted(*FOUND, new, stands=stands)
    assert (draft.drafts, draft.waiting) == ((), 1)


def test_an_id_that_is_taken_gets_a_number() -> None:
    first = plans(*FOUND)
    stands = standing(first, (ticket(first[0], TicketState.DONE),), merged=lambda _: True)
    assert plans(*FOUND, stands=stands)[0].id == f"{first[0].id}-2"


def test_a_bug_that_a_tool_mends_comes_before_a_note_that_takes_thought() -> None:
    bug = finding("a.py", "F632", severity=Severity.ERROR)
    note = finding("a.py", "UP036", severity=Severity.NOTE, fixable=False)
    assert priority(bug) > 10 * priority(note)
