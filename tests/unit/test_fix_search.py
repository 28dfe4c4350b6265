"""Which of many fixes can be kept together: found in O(k log n) trials, and nothing is kept that wasn't tried."""

from collections.abc import Callable, Collection
from math import ceil, log2

import pytest

from linestop.fixes.search import Kept, Trial, largest_green

Key = tuple[str, int]  # group, number
BY_GROUP: tuple[Callable[[Key], str], ...] = (lambda key: key[0],)


class Checks:
    """Fails on chosen sets; counts and remembers what it was asked."""

    def __init__(self, *culprits: Collection[Key], budget: int | None = None) -> None:
        self._culprits = [frozenset(culprit) for culprit in culprits]
        self._budget = budget
        self.asked: list[frozenset[Key]] = []

    def __call__(self, items: frozenset[Key]) -> Trial | None:
        if self._budget is not None and len(self.asked) >= self._budget:
            return None
        self.asked.append(items)
        broken = [culprit for culprit in self._culprits if culprit <= items]
        return Trial(green=not broken, why=f"breaks {sorted(broken[0])}" if broken else "")


def items(groups: int, each: int) -> list[Key]:
    return [(f"g{group:02}", number) for group in range(groups) for number in range(each)]


def search(checks: Checks, keys: list[Key], *, levels: tuple[Callable[[Key], str], ...] = BY_GROUP) -> Kept[Key]:
    return largest_green(keys, trial=checks, levels=levels)


def test_all_is_kept_after_one_trial_where_all_is_green() -> None:
    checks = Checks()
    assert search(checks, items(5, 4)) == Kept(tuple(items(5, 4)), {}, ())
    assert len(checks.asked) == 1


def test_nothing_is_tried_where_there_is_nothing() -> None:
    checks = Checks()
    assert search(checks, []) == Kept((), {}, ())
    assert not checks.asked


@pytest.mark.parametrize("place", [0, 1, 7, 31, 62, 63])
def test_one_culprit_among_64_is_found_in_at_most_8_trials(place: int) -> None:
    keys = items(1, 64)
    checks = Checks([keys[place]])
    found = search(checks, keys, levels=())
    assert set(found.left_out) == {keys[place]}
    assert len(found.kept) == 63
    assert len(checks.asked) <= 1 + log2(64) + 1


@pytest.mark.parametrize("culprits", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("total", [10, 97, 120])
def test_k_culprits_cost_k_times_log_n_trials(culprits: int, total: int) -> None:
    keys = items(1, total)
    bad = [keys[(7 + 13 * number) % total] for number in range(culprits)]
    checks = Checks(*([key] for key in bad))
    found = search(checks, keys, levels=())
    assert set(found.left_out) == set(bad)
    assert len(found.kept) == total - len(set(bad))
    assert len(checks.asked) <= 1 + len(set(bad)) * (ceil(log2(total)) + 1)


def test_a_culprit_group_is_searched_for_what_is_good_in_it() -> None:
    checks = Checks([("g03", 2)], [("g07", 0)])
    found = search(checks, items(10, 5))
    assert set(found.left_out) == {("g03", 2), ("g07", 0)}
    assert len(found.kept) == 48


def test_a_group_that_is_bad_throughout_costs_no_more_than_its_items() -> None:
    bad = [("g04", number) for number in range(5)]
    checks = Checks(*([key] for key in bad))
    found = search(checks, items(10, 5))
    assert set(found.left_out) == set(bad)
    assert len(checks.asked) <= 1 + (ceil(log2(10)) + 1) + 5 * (ceil(log2(5)) + 1)


def test_two_that_break_only_together_lose_one_of_them() -> None:
    checks = Checks([("g00", 1), ("g02", 3)])
    found = search(checks, items(4, 4))
    assert set(found.left_out) == {("g02", 3)}
    assert len(found.kept) == 15


def test_each_left_out_item_says_what_it_breaks() -> None:
    checks = Checks([("g00", 1)], [("g02", 3)])
    found = search(checks, items(4, 4))
    assert found.left_out == {("g00", 1): "breaks [('g00', 1)]", ("g02", 3): "breaks [('g02', 3)]"}


def test_where_nothing_can_be_kept_everything_is_named() -> None:
    keys = items(2, 2)
    found = search(Checks(*([key] for key in keys)), keys)
    assert found.kept == ()
    assert set(found.left_out) == set(keys)


@pytest.mark.parametrize("budget", range(25))
def test_what_is_kept_was_tried_as_a_whole_whatever_the_budget(budget: int) -> None:
    keys = items(6, 4)
    checks = Checks([("g01", 0)], [("g03", 1), ("g05", 2)], [("g04", 3)], budget=budget)
    found = search(checks, keys)
    kept = frozenset(found.kept)
    assert len(checks.asked) <= budget
    assert not kept or (kept in checks.asked and not [c for c in checks._culprits if c <= kept])
    assert sorted([*found.kept, *found.left_out, *found.unproven]) == keys


def test_a_budget_that_ends_keeps_what_was_proven_and_names_the_rest() -> None:
    checks = Checks([("g00", 9)], budget=3)  # all: red; g00: red … the halves of it no more
    found = search(checks, items(1, 16), levels=())
    assert found.kept == tuple(("g00", number) for number in range(8))
    assert found.unproven == tuple(("g00", number) for number in range(8, 16))
    assert not found.left_out
