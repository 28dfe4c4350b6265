"""Grades, the rule, and what pairs come to by it."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from linestop.events import Usage
from linestop.lab.deciding import decide
from linestop.lab.grades import Grade, Measured, grade_of, measured
from linestop.lab.order import LabOrder
from linestop.lab.pairs import Pair
from linestop.lab.rule import Answer, Rule
from linestop.runs.firings import RecordedFiring
from linestop.runs.recorded import RecordedRun
from linestop.watch import Severity

FAILED, INERT, STRUGGLED, PRODUCTIVE = Grade
WARNED = RecordedFiring(detector="repeat", detail="the same call 3 times")
INFORMED = WARNED.model_copy(update={"severity": Severity.INFO})


def run(outcome: str = "candidate", **fields: Any) -> RecordedRun:
    return RecordedRun(run_id="r", folder=Path("r"), kind="dispatch", outcome=outcome, **fields)


@pytest.mark.parametrize(
    ("found", "objections", "failed_checks", "grade"),
    [
        pytest.param(run(), (), 0, PRODUCTIVE, id="good, without a warning"),
        pytest.param(run(firings=(INFORMED,)), (), 0, PRODUCTIVE, id="an info is no warning"),
        pytest.param(run(firings=(WARNED,)), (), 0, STRUGGLED, id="good, after a warning"),
        pytest.param(run(told=1), (), 0, STRUGGLED, id="good, after a nudge"),
        pytest.param(run(), (), 1, STRUGGLED, id="good, after failed checks"),
        pytest.param(run("nothing"), (), 0, INERT, id="nothing changed"),
        pytest.param(run("nothing", firings=(WARNED,)), (), 2, INERT, id="nothing changed, whatever it went through"),
        pytest.param(run(), ("checks fail: test_a",), 0, FAILED, id="checks broken"),
        pytest.param(run("failed", summary="stopped: repeat"), (), 0, FAILED, id="stopped by the watch"),
        pytest.param(run("killed"), (), 0, FAILED, id="killed"),
        pytest.param(run("running"), (), 0, FAILED, id="not closed"),
        pytest.param(run("broken-off"), (), 0, FAILED, id="broken off"),
    ],
)
def test_a_record_has_its_grade(
    found: RecordedRun, objections: tuple[str, ...], failed_checks: int, grade: Grade
) -> None:
    assert measured(found, objections=objections, failed_checks=failed_checks).grade is grade


def test_the_grades_are_in_order() -> None:
    assert FAILED < INERT < STRUGGLED < PRODUCTIVE
    assert [grade.word for grade in Grade] == ["failed", "inert", "struggled", "productive"]
    assert grade_of(run(), objections=("no",), warned=False) is FAILED


def test_tokens_that_nobody_told_are_unknown_not_none() -> None:
    assert measured(run()).tokens is None
    assert measured(run(turns=2)).tokens == 0
    spent = measured(run(usage=Usage(input=5, output=2, usd=0.5), turns=1, values={"seconds": 2.5}))
    assert (spent.tokens, spent.usd, spent.seconds) == (7, 0.5, 2.5)


def pairs(*signs: int, tokens: tuple[int | None, int | None] = (100, 100), low: Grade = FAILED) -> list[Pair]:
    """Return a pair for each sign; ties are both productive, unless `low` says otherwise."""
    arms = {1: (PRODUCTIVE, low), -1: (low, PRODUCTIVE), 0: (PRODUCTIVE, PRODUCTIVE), 9: (FAILED, FAILED)}
    return [
        Pair(
            number=number, first="with", with_memory=Measured(run="a", grade=arms[sign][0], tokens=tokens[0]),
            without=Measured(run="b", grade=arms[sign][1], tokens=tokens[1]),
        )
        for number, sign in enumerate(signs, start=1)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("found", "answer", "rule"),
    [
        pytest.param(pairs(*[1] * 6, *[0] * 10), Answer.IMPROVED, "rule 1", id="six better, no worse"),
        pytest.param(pairs(*[1] * 6, *[0] * 10, low=STRUGGLED), Answer.IMPROVED, "rule 1", id="by one grade each"),
        pytest.param(pairs(*[-1] * 6, *[0] * 10), Answer.REGRESSED, "rule 1", id="six worse, no better"),
        pytest.param(pairs(*[1] * 5, *[0] * 11), Answer.NOT_ENOUGH, "rule 4", id="five better are chance"),
        pytest.param(pairs(*[1] * 6, -1, *[0] * 9), Answer.NOT_ENOUGH, "rule 4", id="six better, one worse"),
        pytest.param(pairs(*[0] * 16), Answer.NO_CHANGE, "rule 3", id="ties of the same cost"),
        pytest.param(pairs(*[0] * 15), Answer.NOT_ENOUGH, "15 of 16 pairs", id="a pair too few"),
        pytest.param(pairs(*[1] * 15), Answer.NOT_ENOUGH, "15 of 16 pairs", id="too few, however clear"),
        pytest.param([], Answer.NOT_ENOUGH, "0 of 16 pairs", id="none"),
        pytest.param(pairs(*[0] * 16, tokens=(50, 100)), Answer.IMPROVED, "rule 2", id="ties at half of the cost"),
        pytest.param(pairs(*[0] * 16, tokens=(200, 100)), Answer.REGRESSED, "rule 2", id="ties at twice the cost"),
        pytest.param(pairs(*[0] * 16, tokens=(110, 100)), Answer.NO_CHANGE, "rule 3", id="ties, a little dearer"),
        pytest.param(
            pairs(*[9] * 16, tokens=(50, 100)), Answer.NOT_ENOUGH, "rule 4", id="to fail at less cost is nothing"
        ),
        pytest.param(pairs(*[9] * 16, tokens=(200, 100)), Answer.REGRESSED, "rule 2", id="to fail at twice the cost"),
        pytest.param(
            pairs(*[-1] * 4, *[0] * 12, tokens=(50, 100)), Answer.NOT_ENOUGH, "rule 4", id="cheaper, and four fail"
        ),
        pytest.param(
            pairs(*[1] * 4, *[0] * 12, tokens=(200, 100)), Answer.NOT_ENOUGH, "rule 4", id="dearer, and four succeed"
        ),
        pytest.param(
            pairs(1, -1, *[0] * 14, tokens=(50, 100)), Answer.IMPROVED, "rule 2", id="cheaper, one better, one worse"
        ),
        pytest.param(pairs(*[1] * 16, tokens=(900, 100)), Answer.IMPROVED, "rule 1", id="verdicts before tokens"),
        pytest.param(
            pairs(*[0] * 16, tokens=(None, 100)), Answer.NO_CHANGE, "no tokens are known", id="unknown tokens"
        ),
        pytest.param(pairs(*[1, -1] * 8), Answer.NOT_ENOUGH, "rule 4", id="as many better as worse is not the same"),
    ],
)
def test_the_rule_decides(found: list[Pair], answer: Answer, rule: str) -> None:
    reckoning = decide(Rule(pairs=16), found)
    assert (reckoning.answer, rule in reckoning.because) == (answer, True), reckoning.because


def test_pairs_beyond_the_plan_are_not_looked_at() -> None:
    """Else whoever goes on until it suits him would find what he looks for."""
    assert decide(Rule(pairs=16), pairs(*[0] * 16, *[1] * 30)).answer is Answer.NO_CHANGE


def test_the_table_shows_what_became_of_each_grade() -> None:
    table = decide(Rule(pairs=3), pairs(1, 1, 0)).verdicts.table
    assert table["failed"]["productive"] == 2
    assert table["productive"]["productive"] == 1
    assert sum(sum(row.values()) for row in table.values()) == 3


def test_the_rule_plans_as_many_pairs_as_both_claims_need() -> None:
    planned = Rule().planned
    assert planned.pairs == 16
    assert planned.reached >= 0.8 > planned.model_copy(update={"pairs": 15}).reached
    assert Rule(better=1.0, worse=0.0).planned.pairs == 13  # no change needs more than the six of the effect
    assert Rule(better=0.1, worse=0.05).planned.pairs == 200  # the most; the text says what they can do
    assert Rule(pairs=3).planned.pairs == 3


def test_the_rule_says_all_that_it_does() -> None:
    text = Rule(pairs=8, alpha=0.1, margin=0.3).text
    for words in ("8 pairs", "alpha 0.08", "98%", "below 0.80", "above 1.25", "80%", "±0.30", "too few for no change"):
        assert words in text, words
    assert "1 pair, in each" in Rule(pairs=1).text


@pytest.mark.parametrize(
    "values", [{"better": 0.1, "worse": 0.2}, {"better": 0.8, "worse": 0.3}, {"alpha": 0.5}, {"pairs": 201}, {"n": 1}]
)
def test_a_rule_that_is_none_is_refused(values: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        Rule.model_validate(values)


def test_the_form_is_bounded_and_described() -> None:
    fields = LabOrder.model_json_schema()["properties"]
    assert [name for name, field in fields.items() if not field.get("description")] == []
    for values in ({"pairs": 0}, {"pairs": 201}, {"alpha": 0.6}, {"max_usd": 0}, {"engine": "a b"}, {"task": ""}):
        with pytest.raises(ValidationError):
            LabOrder.model_validate({"repository": ".", "task": "t", **values})
