"""cost: a share of the ticket's budget is used. 60 %, 85 %, then a stop; for tokens, dollars and wall clock.

An unknown price fails closed where there is a cap in dollars: nobody could say when it is reached.
"""

from datetime import datetime
from typing import ClassVar

from linestop.events import Event, EventKind, Usage
from linestop.text import plain
from linestop.watch.firing import Firing, Severity
from linestop.watch.settings import WatchSettings
from linestop.watch.trail import Trail
from linestop.watch.watch import Detector

SHARES = (0.60, 0.85, 1.0)  # SPEC.md section 5
MESSAGE = (
    "{percent} % of this ticket's {what} is used ({used} of {cap}). Finish what you have begun: make it work, run the"
    " checks, and end. Start nothing new."
)


class Cost(Detector):
    """Fires once for each share of each cap."""

    name: ClassVar[str] = "cost"
    kinds: ClassVar[frozenset[EventKind]] = frozenset(EventKind)
    __slots__ = ("_caps", "_price", "_reached", "_spent", "_start", "_tokens", "_unpriced", "_usd", "_wall")

    def __init__(self, settings: WatchSettings) -> None:
        limits, spent = settings.limits, settings.spent
        self._caps = {"tokens": float(limits.tokens or 0), "dollars": limits.usd or 0.0}
        self._wall = limits.wall_seconds
        self._price = settings.price
        self._spent = (spent.input + spent.output, spent.usd or 0.0)
        self._tokens, self._usd = self._spent
        self._reached = {"tokens": 0, "dollars": 0, "wall clock": 0}
        self._start: datetime | None = None
        self._unpriced = False

    def see(self, event: Event, trail: Trail) -> Firing | None:
        """Take any event: time went by; a usage adds to what is used."""
        if self._start is None:
            self._start = trail.at
        if event.usage is not None and event.kind == EventKind.USAGE:
            if firing := self._used(event, event.usage, trail):
                return firing
        elif self._over(trail.at):
            return self._clock(trail.at, trail)
        return None

    def tick(self, now: datetime, trail: Trail) -> Firing | None:
        """Take that time went by."""
        if self._start is None:
            self._start = now
        return self._clock(now, trail) if self._over(now) else None

    def _used(self, event: Event, usage: Usage, trail: Trail) -> Firing | None:
        tokens, usd = usage.input + usage.output, self._dollars(event, usage)
        spent_tokens, spent_usd = self._spent
        if usage.total:
            self._tokens = max(self._tokens, spent_tokens + tokens)
            self._usd = max(self._usd, spent_usd + (usd or 0.0))
        else:
            self._tokens += tokens
            self._usd += usd or 0.0
        if usd is None and tokens and self._caps["dollars"]:
            return self._no_price(event.model, trail)
        dollars = self._share("dollars", self._usd, trail)
        return self._share("tokens", self._tokens, trail) if dollars is None else dollars

    def _dollars(self, event: Event, usage: Usage) -> float | None:
        if usage.usd is not None or not self._price:
            return usage.usd
        return self._price(event.model, usage)

    def _no_price(self, model: str, trail: Trail) -> Firing | None:
        if self._unpriced:
            return None
        self._unpriced = True
        name = plain(model, limit=80) or "the model"
        detail = (
            f"no price is known for {name}, and the ticket may cost at most ${self._caps['dollars']:g}: set"
            f' budget.prices."{name}" in .linestop/config.toml, or take budget.usd out'
        )
        return trail.firing(self.name, detail, trail.mark, severity=Severity.STOP)

    def _over(self, now: datetime) -> bool:
        reached = self._reached["wall clock"]
        if reached == len(SHARES) or self._start is None:
            return False
        return (now - self._start).total_seconds() >= self._wall * SHARES[reached]

    def _clock(self, now: datetime, trail: Trail) -> Firing | None:
        self._caps["wall clock"] = self._wall
        return self._share("wall clock", (now - (self._start or now)).total_seconds(), trail)

    def _share(self, what: str, used: float, trail: Trail) -> Firing | None:
        cap = self._caps[what]
        reached = sum(used >= cap * share for share in SHARES) if cap else 0
        if reached <= self._reached[what]:
            return None
        self._reached[what] = reached
        percent, words = int(used * 100 / cap), (_said(what, used), _said(what, cap))
        stop = reached == len(SHARES)
        message = MESSAGE.format(percent=percent, what=what, used=words[0], cap=words[1])
        found = trail.firing(
            self.name, f"{percent} % of the {what} is used: {words[0]} of {words[1]}", (0, self._start or trail.at, 0),
            severity=Severity.STOP if stop else Severity.WARNING,
            message=message if reached == len(SHARES) - 1 else "",
        )  # fmt: skip
        return found.model_copy(update={"tokens": self._tokens})


def _said(what: str, amount: float) -> str:
    return f"${amount:.2f}" if what == "dollars" else f"{amount:,.0f}{' s' if what == 'wall clock' else ''}"
