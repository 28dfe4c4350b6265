"""The meter: exact sums from many threads, and caps that can't be passed."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from linestop.errors import PolicyError
from linestop.events import Usage
from linestop.ports import Limits, ModelFacts
from linestop.spending import Meter


class Book:
    """A `PriceBook`: a dollar a million tokens, of `known` models."""

    def facts(self, model: str, *, provider: str = "") -> ModelFacts:
        return ModelFacts(priced=model.startswith("known"))

    def usd(self, model: str, usage: Usage, *, provider: str = "") -> float | None:
        return (usage.input + usage.output) / 1e6 if model.startswith("known") else None


def meter(spent: Usage = Usage(), **limits: Any) -> Meter:  # noqa: B008  # frozen
    return Meter(Limits(**limits), prices=Book(), spent=spent)


def test_calls_of_many_threads_add_up_exactly() -> None:
    told: list[tuple[str, Usage]] = []
    counts = Meter(Limits(), prices=Book(), told=lambda model, usage: told.append((model, usage)))
    call = Usage(input=300, output=7, cache_read=200, cache_write=1)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: counts.add("known-1", call), range(1_000)))
    spent = counts.spent
    assert (spent.input, spent.output, spent.cache_read, spent.cache_write) == (300_000, 7_000, 200_000, 1_000)
    assert spent.usd == pytest.approx(0.307)
    assert (spent.total, counts.calls, len(told)) == (True, 1_000, 1_000)
    assert told[0] == ("known-1", call.model_copy(update={"usd": 307 / 1e6}))


@pytest.mark.parametrize(
    ("limits", "calls", "refuses"),
    [
        pytest.param({}, 50, "", id="no-caps"),
        pytest.param({"tokens": 301}, 2, "", id="tokens-below"),
        pytest.param({"tokens": 300}, 2, "300 of 300 tokens", id="tokens-at-the-cap"),
        pytest.param({"usd": 0.00031}, 2, "", id="usd-below"),
        pytest.param({"usd": 0.0003}, 2, "$0.0003 of $0.0003", id="usd-at-the-cap"),
        pytest.param({"turns": 3}, 2, "", id="turns-below"),
        pytest.param({"turns": 2}, 2, "2 of 2 model calls", id="turns-at-the-cap"),
    ],
)
def test_a_cap_refuses_the_next_call(limits: dict[str, Any], calls: int, refuses: str) -> None:
    counts = meter(**limits)
    for _ in range(calls):
        counts.add("known-1", Usage(input=100, output=50))
    assert (counts.refusal() or "").startswith(refuses)
    assert (counts.refusal() is None) is (refuses == "")


def test_what_was_spent_before_counts_against_the_caps() -> None:
    assert meter(spent=Usage(input=90, output=10, usd=1.0), tokens=100).refusal() == "100 of 100 tokens are used"
    assert meter(spent=Usage(input=90, output=10, usd=1.0), usd=1.0).refusal() == "$1.0000 of $1.0000 are spent"
    assert meter(spent=Usage(usd=0.5), usd=1.0).refusal() is None


def test_calls_under_way_count_with_what_they_send() -> None:
    counts = meter(tokens=1_000)
    pending = [counts.begin("known-1", tokens=400) for _ in range(2)]
    assert counts.refusal() is None
    pending.append(counts.begin("known-1", tokens=400))
    assert counts.refusal() == "0 of 1000 tokens are used"
    for one in pending:
        counts.settle(one)
        counts.settle(one)
    assert counts.refusal() is None
    money = meter(usd=0.001)
    money.begin("known-1", tokens=1_000)
    assert money.refusal() is not None
    turns = meter(turns=1)
    turns.begin("known-1")
    assert turns.refusal() is not None


def test_an_unknown_price_is_never_zero() -> None:
    counts = meter(usd=1.0)
    counts.add("nobody", Usage(input=1, output=1))
    assert counts.spent.usd is None
    assert counts.refusal() == "no price is known of nobody, and the budget has a cap in dollars"
    assert meter(spent=Usage(input=1)).spent.usd is None
    assert meter().spent.usd == 0.0


def test_a_price_that_a_provider_names_counts_where_no_other_is_known() -> None:
    counts = meter(usd=1.0)
    assert counts.add("nobody", Usage(input=1, output=1, usd=0.25)).usd == 0.25
    assert counts.add("known-1", Usage(input=1_000_000, usd=99.0)).usd == 1.0
    assert counts.spent.usd == 1.25


def test_a_model_without_a_price_refuses_the_start_where_money_is_capped() -> None:
    error = meter(usd=2.0).start_refusal("nobody", "openai")
    assert isinstance(error, PolicyError)
    assert (error.exit_code, error.what) == (
        2,
        "no price is known of the model 'nobody', and the budget has a cap in dollars",
    )
    assert error.found == "budget.usd = 2, provider openai"
    assert '[budget] prices = {"nobody" = [INPUT, OUTPUT]}' in error.todo
    assert meter(usd=2.0).start_refusal("known-1") is None
    assert meter(tokens=5).start_refusal("nobody") is None
