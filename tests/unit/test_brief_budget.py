"""The budget of a brief, to the figures of SPEC.md section 6, and what must hold for any items."""

import random
from functools import cache

import pytest

from linestop.briefs import Shares, budget_chars, compose, shares
from linestop.briefs.budget import FLOORS, cost, fitting, floor_chars
from linestop.briefs.model import Told
from tests.unit.brief_samples import ask, brief, caution, correction, lesson, reflection

Lengths = tuple[list[int], list[int], list[int]]  # of corrections, lessons, cautions


@pytest.mark.parametrize(
    ("budget", "items", "kept"),
    [
        pytest.param(10_000, (0, 100, 0), (0, 34, 0), id="cautions alone stop at 35 %"),
        pytest.param(8_000, (2, 200, 0), (2, 27, 0), id="few corrections"),
        pytest.param(10_000, (100, 100, 100), (54, 14, 29), id="all want more"),
        pytest.param(2_000, (1, 0, 0), (1, 0, 0), id="the least budget"),
        pytest.param(10_000, (0, 0, 200), (0, 0, 99), id="lessons alone get everything"),
    ],
)
def test_the_check_figures_of_the_contract(
    budget: int, items: tuple[int, int, int], kept: tuple[int, int, int]
) -> None:
    corrections, cautions, lessons = ([100] * count for count in items)
    given = shares(budget, corrections, lessons, cautions)
    assert (
        fitting(corrections, given.corrections),
        fitting(cautions, given.cautions),
        fitting(lessons, given.lessons),
    ) == kept


@pytest.mark.parametrize(
    ("window", "fraction", "chars"),
    [
        pytest.param(8_192, 0.15, 4_912, id="small"),
        pytest.param(131_072, 0.15, 78_640, id="large"),
        pytest.param(None, 0.15, 19_660, id="unknown is 32,768"),
        pytest.param(1_024, 0.15, 2_000, id="never below 2,000"),
        pytest.param(100_000, 0.29, 116_000, id="0.29 is 29 hundredths"),
    ],
)
def test_a_budget_is_a_share_of_the_window(window: int | None, fraction: float, chars: int) -> None:
    assert budget_chars(window, fraction) == chars


@cache
def rows(count: int = 400) -> list[tuple[int, Lengths]]:
    dice = random.Random(4)  # noqa: S311  # the same rows each time
    found: list[tuple[int, Lengths]] = []
    for _ in range(count):
        budget = dice.choice([2_000, 2_004, 4_912, 19_660, 78_640, dice.randrange(2_000, 100_000, 4)])
        lengths = [
            [dice.choice([0, 1, 99, 100, dice.randrange(1, 3_000)]) for _ in range(dice.choice([0, 1, 3, 40, 400]))]
            for _ in range(3)
        ]
        found.append((budget, (lengths[0], lengths[1], lengths[2])))
    return found


def given_to(budget: int, items: Lengths) -> Shares:
    return shares(budget, items[0], items[1], items[2])


def used(items: Lengths, given: Shares) -> list[int]:
    pairs = zip(items, (given.corrections, given.lessons, given.cautions), strict=True)
    return [cost(lengths[: fitting(lengths, allowed)]) for lengths, allowed in pairs]


def test_what_is_told_never_exceeds_the_budget() -> None:
    for budget, items in rows():
        given = given_to(budget, items)
        assert given.corrections + given.lessons + given.cautions <= budget
        assert sum(used(items, given)) <= budget
        assert used(items, given)[2] <= budget * 35 // 100


def test_each_block_gets_its_floor_where_it_needs_it() -> None:
    for budget, items in rows():
        given = given_to(budget, items)
        for name, lengths in zip(FLOORS, items, strict=True):
            assert getattr(given, name) >= min(cost(lengths), floor_chars(budget, name))


def test_nothing_is_left_while_a_block_needs_it() -> None:
    for budget, items in rows():
        given = given_to(budget, items)
        left = budget - given.corrections - given.lessons - given.cautions
        wants = (
            cost(items[0]) - given.corrections,
            cost(items[1]) - given.lessons,
            min(cost(items[2]), budget * 35 // 100) - given.cautions,
        )
        assert left == 0 or wants == (0, 0, 0)


def test_more_budget_never_tells_less() -> None:
    for budget, items in rows():
        smaller, larger = given_to(budget, items), given_to(budget + 4, items)
        assert smaller.corrections <= larger.corrections
        assert smaller.lessons <= larger.lessons
        assert smaller.cautions <= larger.cautions


def test_more_corrections_never_take_from_the_floors_of_others() -> None:
    for budget, (corrections, lessons, cautions) in rows():
        few, many = shares(budget, corrections, lessons, cautions), shares(budget, corrections * 3, lessons, cautions)
        assert many.corrections >= few.corrections
        assert many.lessons >= min(few.lessons, floor_chars(budget, "lessons"))
        assert many.cautions >= min(few.cautions, floor_chars(budget, "cautions"))


def test_what_comes_late_in_a_block_never_changes_what_stands_before_it() -> None:
    for budget, (corrections, lessons, cautions) in rows():
        given = given_to(budget, (corrections, lessons, cautions))
        kept = fitting(cautions, given.cautions)
        again = shares(budget, corrections, lessons, [*cautions, 1])
        assert fitting(cautions, again.cautions) >= kept


def test_a_composed_brief_keeps_to_its_budget_and_says_what_it_left_out() -> None:
    told = Told(
        corrections=tuple(correction(f"correction {n} " * 40, n) for n in range(60)),
        reflections=tuple(reflection(f"reflection {n} " * 20, n) for n in range(60)),
        lessons=tuple(lesson(f"lesson-{n}", n, body="because " * 100) for n in range(300)),
        cautions=tuple(caution(f"caution-{n}", n, detail=f"{n} " + "x" * 200) for n in range(900)),
    )
    found = brief(told=told)
    blocks = {block.name: block for block in found.blocks}
    names = ("corrections", "reflections", "lessons", "cautions")
    assert found.budget_chars - 1_000 < sum(blocks[name].items for name in names) <= found.budget_chars
    assert all(blocks[name].items <= (blocks[name].allowed or 0) for name in names)
    assert sum(blocks[name].chars for name in names) <= found.budget_chars + 500, "headings are no items"
    for name in ("corrections", "lessons", "cautions"):
        block = blocks[name]
        assert block.kept
        assert block.left_out
        assert block.allowed
        assert "doesn't fit" in block.left_out[0].why
    assert blocks["reflections"].kept == (), "they come after all corrections"
    told_blocks = [block for block in found.blocks if block.chars]
    assert [block.name for block in told_blocks][5:] == ["corrections", "lessons", "cautions", "rules"]
    assert sum(block.chars + 2 for block in told_blocks) == len(found.text) + 1, "two newlines between blocks"


@pytest.mark.parametrize("text", ["x" * 50_000, "~" * 50_000, "~~~~\n" * 9_000, "y\n" * 30_000])
def test_the_newest_correction_is_told_however_long_it_is(text: str) -> None:
    told = Told(
        corrections=(correction(text, 9), correction("older", 1)),
        lessons=(lesson("one", body="z" * 4_000),),
        cautions=tuple(caution(str(n)) for n in range(99)),
    )
    found = brief(ask(window=8_192), told)
    assert len(found.kept("corrections")) >= 1
    assert found.kept("lessons") == ("one",)


def test_what_is_never_reached_is_never_hashed_twice_nor_all() -> None:
    asked: list[str] = []

    def hashes(file: str) -> str:
        asked.append(file)
        return "h"

    lessons = tuple(lesson(f"l-{n}", n, file=f"pkg/m{n}.py", file_hash="h", body="b" * 900) for n in range(10_000))
    cautions = tuple(caution(f"c-{n}", n, file=f"pkg/m{n % 50}.py", file_hash="h") for n in range(1_000))
    found = compose(ask(), Told(lessons=lessons, cautions=cautions), fraction=0.15, skills=(), hashes=hashes)
    assert found.kept("lessons")[0] == "l-9999"
    assert len(asked) == len(set(asked)) < 200
