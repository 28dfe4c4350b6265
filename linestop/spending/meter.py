"""The meter: adds up model calls and says when a cap is reached.

Knows no provider and no price: those come from a `PriceBook`. Who asks it before each call, and tells it after: the
model proxy (blocks/model_proxy/proxy.py) for agents in a sandbox, `ModelEngine` for its own calls.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from linestop.errors import PolicyError
from linestop.events import Usage
from linestop.ports import Limits, PriceBook


@dataclass(frozen=True, eq=False)
class Pending:
    """A call under way: what it will use at least. Compared by identity; each is settled once."""

    model: str
    provider: str
    tokens: int


def _nobody(model: str, usage: Usage) -> None:
    """Take the word and do nothing with it."""


class Meter:
    """Counts what a dispatch uses. Safe to use from many threads.

    `spent` is what counts against the caps already, such as earlier attempts at a ticket. `told` hears of every call
    with its model and its usage, `usd` filled in where a price is known; it is called in the thread that adds.
    """

    def __init__(
        self,
        limits: Limits,
        *,
        prices: PriceBook,
        spent: Usage = Usage(),  # noqa: B008  # frozen
        told: Callable[[str, Usage], None] = _nobody,
    ) -> None:
        self._limits = limits
        self._prices = prices
        self._told = told
        self._lock = threading.Lock()
        self._sum = spent.model_copy(update={"total": True})
        self._usd = spent.usd or 0.0  # the known part
        self._unpriced: str = ""
        self._unknown_before = spent.usd is None and spent.input + spent.output > 0
        self._calls = 0
        self._pending: set[Pending] = set()

    @property
    def spent(self) -> Usage:
        """Return the sum so far, what was spent before included; `usd` is None where a part of it has no price."""
        with self._lock:
            known = not (self._unpriced or self._unknown_before)
            return self._sum.model_copy(update={"usd": self._usd if known else None})

    @property
    def has_money_cap(self) -> bool:
        """Whether dollars are capped."""
        return self._limits.usd is not None

    @property
    def calls(self) -> int:
        """Return how many calls were added."""
        with self._lock:
            return self._calls

    def add(self, model: str, usage: Usage, provider: str = "") -> Usage:
        """Count one call and return its usage with the price filled in.

        A price that the usage brings with it is used only where the price book knows none.
        """
        price = self._prices.usd(model, usage, provider=provider)
        counted = usage.model_copy(update={"usd": usage.usd if price is None else price, "total": False})
        with self._lock:
            self._sum = _added(self._sum, counted)
            self._usd += counted.usd or 0.0
            self._calls += 1
            if counted.usd is None and usage.input + usage.output:
                self._unpriced = self._unpriced or model
        self._told(model, counted)
        return counted

    def begin(self, model: str, *, provider: str = "", tokens: int = 0) -> Pending:
        """Note a call under way that sends about `tokens`: calls at the same time can't pass a cap together unseen."""
        pending = Pending(model, provider, tokens)
        with self._lock:
            self._pending.add(pending)
        return pending

    def settle(self, pending: Pending) -> None:
        """Forget a call under way: it was added, or came to nothing. Settling twice does nothing."""
        with self._lock:
            self._pending.discard(pending)

    def refusal(self) -> str | None:
        """Return why no further call may be made, None where one may."""
        with self._lock:
            limits, under_way = self._limits, sum(one.tokens for one in self._pending)
            used = self._sum.input + self._sum.output
            if limits.turns is not None and self._calls + len(self._pending) >= limits.turns:
                return f"{self._calls} of {limits.turns} model calls are made"
            if limits.tokens is not None and used + under_way >= limits.tokens:
                return f"{used} of {limits.tokens} tokens are used"
            if limits.usd is None:
                return None
            if self._unpriced:
                return f"no price is known of {self._unpriced}, and the budget has a cap in dollars"
            if self._usd + self._expected() >= limits.usd:
                return f"${self._usd:.4f} of ${limits.usd:.4f} are spent"
            return None

    def _expected(self) -> float:
        """Return what the calls under way will cost at least."""
        known = (self._prices.usd(one.model, Usage(input=one.tokens), provider=one.provider) for one in self._pending)
        return sum(one or 0.0 for one in known)

    def start_refusal(self, model: str, provider: str = "") -> PolicyError | None:
        """Return why a model can't be used at all under these caps, to be raised before anything starts."""
        if self._limits.usd is None or self._prices.facts(model, provider=provider).priced:
            return None
        return PolicyError(
            f"no price is known of the model {model!r}, and the budget has a cap in dollars",
            found=f"budget.usd = {self._limits.usd:g}, provider {provider or 'unknown'}",
            todo=f'set its dollars per million tokens: [budget] prices = {{"{model}" = [INPUT, OUTPUT]}}, '
            "or remove budget.usd",
        )


def _added(first: Usage, second: Usage) -> Usage:
    fields = ("input", "output", "cache_read", "cache_write")
    return first.model_copy(update={name: getattr(first, name) + getattr(second, name) for name in fields})
