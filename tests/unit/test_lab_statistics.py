"""The lab's arithmetic against published tables, and its rule against arms whose truth is known."""

from math import exp, log
from random import Random

import pytest

from linestop.lab.binomial import at_least, lower_bound, net_interval, sign_test, upper_bound
from linestop.lab.deciding import decide
from linestop.lab.grades import Grade, Measured
from linestop.lab.pairs import Pair
from linestop.lab.power import pairs_for, pairs_for_no_change, power
from linestop.lab.rule import Answer, Rule
from linestop.lab.signed_rank import shift, shift_interval, signed_rank_test

# Hamilton's depression scale before and after, Hollander and Wolfe (1973), pages 29 to 33; R's `wilcox.test` shows it.
BEFORE = (1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30)
AFTER = (0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29)
CHANGE = tuple(after - before for before, after in zip(BEFORE, AFTER, strict=True))
# Critical values of Wilcoxon's T, two-sided 0.05: Siegel (1956), table G.
CRITICAL = {
    6: 0, 7: 2, 8: 3, 9: 5, 10: 8, 11: 10, 12: 13, 13: 17, 14: 21, 15: 25, 16: 29, 17: 34, 18: 40, 19: 46, 20: 52,
    21: 58, 22: 65, 23: 73, 24: 81, 25: 89,
}  # fmt: skip


@pytest.mark.parametrize(
    ("better", "worse", "p"),
    [
        pytest.param(6, 0, 0.03125, id="six of six: two in sixty-four"),
        pytest.param(9, 1, 2 * 0.0107, id="Siegel table D: N 10, x 1, one-tailed .011"),
        pytest.param(5, 15, 2 * 0.0207, id="Siegel table D: N 20, x 5, one-tailed .021"),
        pytest.param(7, 18, 2 * 0.0216, id="Siegel table D: N 25, x 7, one-tailed .022"),
        pytest.param(3, 3, 1.0, id="as many better as worse"),
        pytest.param(0, 0, 1.0, id="only ties"),
    ],
)
def test_the_sign_test_has_the_published_p(better: int, worse: int, p: float) -> None:
    assert sign_test(better, worse) == pytest.approx(p, abs=2e-4)
    assert sign_test(worse, better) == sign_test(better, worse)


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        pytest.param(0, 10, 0.0, 0.3085, id="0 of 10"),
        pytest.param(5, 10, 0.1871, 0.8129, id="5 of 10"),
        pytest.param(1, 20, 0.0013, 0.2487, id="1 of 20"),
        pytest.param(3, 40, 0.0157, 0.2039, id="3 of 40"),
        pytest.param(10, 10, 0.6915, 1.0, id="10 of 10"),
    ],
)
def test_the_bounds_of_a_share_are_those_of_clopper_and_pearson(
    successes: int, trials: int, low: float, high: float
) -> None:
    assert lower_bound(successes, trials, 0.025) == pytest.approx(low, abs=1e-4)
    assert upper_bound(successes, trials, 0.025) == pytest.approx(high, abs=1e-4)


@pytest.mark.parametrize(("count", "critical"), CRITICAL.items())
def test_the_signed_rank_test_turns_where_the_table_says(count: int, critical: int) -> None:
    assert signed_rank_test(_with_sum(count, critical)) <= 0.05
    assert signed_rank_test(_with_sum(count, critical + 1)) > 0.05


def test_the_signed_rank_test_and_its_interval_are_those_of_hollander_and_wolfe() -> None:
    assert signed_rank_test(CHANGE) == pytest.approx(2 * 0.01953, abs=2e-5)
    assert shift(CHANGE) == pytest.approx(-0.46, abs=1e-9)
    interval = shift_interval(CHANGE, 0.02)  # 96.1 %: 1.95 % on each side
    assert interval == pytest.approx((-0.786, -0.010), abs=1e-9)


def test_equal_sizes_share_a_rank_and_zeros_are_left_out() -> None:
    # |1|=|1|=|1| share rank 2, |2| has 4; the sum of negatives 2 or less: 0 (1 way) and 2 (3 ways) of 16.
    assert signed_rank_test([1, 1, -1, 2, 0, 0]) == pytest.approx(2 * 4 / 16)
    assert signed_rank_test([0, 0]) == 1.0


@pytest.mark.parametrize(("count", "alpha"), [(4, 0.05), (7, 0.005), (0, 0.05)])
def test_too_few_pairs_have_no_interval(count: int, alpha: float) -> None:
    assert shift_interval([1.0] * count, alpha) is None


def test_two_hundred_pairs_are_exact_too() -> None:
    random = seeded(7)
    drawn = [random.gauss(0.3, 1) for _ in range(200)]
    interval = shift_interval(drawn, 0.025)
    assert interval is not None
    low, high = interval
    assert 0 < low < shift(drawn) < high < 0.6
    assert signed_rank_test(drawn) < 0.01


def test_power_is_what_is_reckoned_by_hand() -> None:
    assert power(5, 1.0, 0.0, 0.05) == 0.0  # five of five: p = 0.0625
    assert power(6, 1.0, 0.0, 0.05) == 1.0
    # Ten pairs without ties: nine or ten must be better, as sign_test(8, 2) is 0.109.
    assert power(10, 0.9, 0.1, 0.05) == pytest.approx(10 * 0.9**9 * 0.1 + 0.9**10)
    assert at_least(9, 10, 0.9) == pytest.approx(power(10, 0.9, 0.1, 0.05))
    assert pairs_for(1.0, 0.0, alpha=0.05, power_wanted=0.8) == 6
    assert pairs_for(0.1, 0.09, alpha=0.05, power_wanted=0.99) is None


def test_the_pairs_that_no_change_needs_are_those_that_exclude_the_margin() -> None:
    # All ties: the upper bound of the share of better pairs is 1 - (alpha / 2) ** (1 / n).
    assert pairs_for_no_change(0.25, 0.05) == 13
    assert 1 - 0.025 ** (1 / 13) <= 0.25 < 1 - 0.025 ** (1 / 12)
    assert pairs_for_no_change(0.001, 0.05) is None
    assert pairs_for_no_change(0.99, 0.05) == 5  # the interval of the tokens needs as many
    assert shift_interval([0.0] * 5, 0.05) is not None


def test_the_interval_of_the_net_share_holds_the_truth_as_often_as_it_says() -> None:
    """Exact: every outcome of 12 pairs, weighted by its chance, for truths all over the triangle."""
    pairs, alpha = 12, 0.05
    for better, worse in ((0.0, 0.0), (0.1, 0.1), (0.3, 0.05), (0.25, 0.0), (0.45, 0.45), (0.7, 0.2)):
        above = below = 0.0
        for wins, losses, chance in outcomes(pairs, better, worse):
            low, high = net_interval(wins, losses, pairs, alpha)
            above += chance * (high < better - worse - 1e-12)
            below += chance * (low > better - worse + 1e-12)
        assert max(above, below) <= alpha


def test_equal_arms_are_told_apart_at_most_alpha_of_times_whatever_the_ties() -> None:
    """Exact for the verdicts: the sum over all outcomes; tokens have the rest of alpha."""
    rule = Rule()
    for pairs in (6, 10, 16, 25):
        for untied in (0.1, 0.5, 1.0):
            drawn = outcomes(pairs, untied / 2, untied / 2)
            wrong = sum(chance for wins, losses, chance in drawn if sign_test(wins, losses) <= rule.verdict_alpha)
            assert wrong <= rule.verdict_alpha
    assert rule.verdict_alpha + rule.token_alpha == pytest.approx(rule.alpha)


def test_arms_of_one_distribution_come_out_as_an_effect_at_most_alpha_of_times() -> None:
    random, rule, times = seeded(20261121), Rule(pairs=16), 500
    answers = [decide(rule, drawn(random, 16)).answer for _ in range(times)]
    wrong = sum(answer in {Answer.IMPROVED, Answer.REGRESSED} for answer in answers)
    assert at_least(wrong, times, rule.alpha) > 0.001  # not more than alpha allows, but for one seed in a thousand


def test_a_real_effect_is_found_as_often_as_the_power_says() -> None:
    random, rule, times = seeded(4), Rule(pairs=16), 400
    found = sum(
        decide(rule, [effect(random, number, rule.better, rule.worse) for number in range(1, 17)]).answer
        is Answer.IMPROVED
        for _ in range(times)
    )
    expected = rule.reached
    assert found / times == pytest.approx(expected, abs=4 * (expected * (1 - expected) / times) ** 0.5)


def test_an_effect_as_large_as_the_margin_is_called_no_change_at_most_alpha_of_times() -> None:
    random, rule, times = seeded(11), Rule(pairs=30), 400
    wrong = sum(
        decide(rule, [effect(random, number, rule.margin, 0.0) for number in range(1, 31)]).answer is Answer.NO_CHANGE
        for _ in range(times)
    )
    assert at_least(wrong, times, rule.alpha) > 0.001


def seeded(seed: int) -> Random:
    return Random(seed)  # noqa: S311  # the same arms each time


def outcomes(pairs: int, better: float, worse: float) -> list[tuple[int, int, float]]:
    """Return every outcome of so many pairs with its chance."""
    chances = {(0, 0): 1.0}
    for _ in range(pairs):
        after: dict[tuple[int, int], float] = {}
        for (wins, losses), chance in chances.items():
            for step, share in (((1, 0), better), ((0, 1), worse), ((0, 0), 1 - better - worse)):
                place = (wins + step[0], losses + step[1])
                after[place] = after.get(place, 0.0) + chance * share
        chances = after
    return [(wins, losses, chance) for (wins, losses), chance in chances.items()]


def drawn(random: Random, pairs: int) -> list[Pair]:
    """Return pairs whose arms are of one distribution: grades with an odd spread, tokens that go with them."""
    return [
        Pair(number=number, first="with", with_memory=arm(random), without=arm(random))
        for number in range(1, pairs + 1)
    ]


def arm(random: Random) -> Measured:
    grade = random.choices(list(Grade), weights=(3, 1, 2, 4))[0]
    return Measured(
        run="r", grade=grade, tokens=int(exp(random.gauss(log(40_000), 0.6))), seconds=random.expovariate(0.1)
    )


def effect(random: Random, number: int, better: float, worse: float) -> Pair:
    """Return a pair that is better or worse with these chances; its tokens are the same."""
    high, low = Measured(run="a", grade=Grade.PRODUCTIVE, tokens=9), Measured(run="b", grade=Grade.FAILED, tokens=9)
    one, other = random.choices([(high, low), (low, high), (high, high)], weights=(better, worse, 1 - better - worse))[
        0
    ]
    return Pair(number=number, first="with", with_memory=one, without=other)


def _with_sum(count: int, wanted: int) -> list[float]:
    """Return `count` differences of sizes 1, 2, 3, … whose negative ranks sum up to `wanted`."""
    left, negative = wanted, set[int]()
    for rank in range(count, 0, -1):
        if rank <= left:
            negative.add(rank)
            left -= rank
    assert left == 0
    return [float(-rank if rank in negative else rank) for rank in range(1, count + 1)]
