"""cost: a share of the ticket's budget is used. 60 %, 85 %, then a stop; for tokens, dollars and wall clock.

An unknown price fails closed where there is a cap in dollars: nobody could say when it is reached.
"""

from datetime import UTC, datetime, timedelta
from math import inf
from typing import ClassVar

from linestop.events import Event, EventKind, Usage
from linestop.text import plain
from linestop.watch.firing import Firing, Severity
from linestop.watch.settings import WatchSettings
from linestop.watch.trail import Trail
from linestop.watch.watch import Detector

SHARES = (0.60, 0.85, 1.0)  # SPEC.md section 5
_TOKENS, _DOLLARS, _CLOCK = "tokens", "dollars", "wall clock"
_FAR = 10**10  # seconds; more than that is no clock
_USAGE = EventKind.USAGE.value
MESSAGE = (
    "{percent} % of this ticket's {what} is used ({used} of {cap}). Finish what you have begun: make it work, run the"
    " checks, and end. Start nothing new."
)


class Cost(Detector):
    """Fires once for each share of each cap."""

    name: ClassVar[str] = "cost"
    kinds: ClassVar[frozenset[EventKind]] = frozenset(
        {EventKind.START, EventKind.USAGE, EventKind.TOOL_RESULT, EventKind.MESSAGE, EventKind.END}
    )
    __slots__ = ("_caps", "_due", "_next", "_price", "_spent", "_start", "_unpriced", "_used", "_wall")

    def __init__(self, settings: WatchSettings) -> None:
        limits, spent = settings.limits, settings.spent
        self._caps = {_TOKENS: float(limits.tokens or inf), _DOLLARS: limits.usd or inf, _CLOCK: limits.wall_seconds}
        self._next = {what: cap * SHARES[0] for what, cap in self._caps.items()}
        self._spent = {_TOKENS: float(spent.input + spent.output), _DOLLARS: spent.usd or 0.0}
        self._used = dict(self._spent)
        self._price, self._unpriced = settings.price, limits.usd is None
        self._start: datetime | None = None
        self._due: datetime | None = None

    def see(self, event: Event, trail: Trail) -> Firing | None:
        """Take an event: time went by; a usage adds to what is used."""
        usage = event.usage
        if usage is not None and event.kind == _USAGE and (firing := self._add(event, usage, trail)):
            return firing
        if self._due is None or trail.at >= self._due:
            return self._clock(trail.at, trail)
        return None

    def tick(self, now: datetime, trail: Trail) -> Firing | None:
        """Take that time went by."""
        return self._clock(now, trail) if self._due is None or now >= self._due else None

    def _add(self, event: Event, usage: Usage, trail: Trail) -> Firing | None:
        tokens, usd, used = usage.input + usage.output, usage.usd, self._used
        if usd is None and self._price:
            usd = self._price(event.model, usage)
        if usage.total:
            used[_TOKENS] = max(used[_TOKENS], self._spent[_TOKENS] + tokens)
            used[_DOLLARS] = max(used[_DOLLARS], self._spent[_DOLLARS] + (usd or 0.0))
        else:
            used[_TOKENS] += tokens
            used[_DOLLARS] += usd or 0.0
        if usd is None and tokens and not self._unpriced:
            return self._no_price(event.model, trail)
        if used[_DOLLARS] >= self._next[_DOLLARS]:
            return self._share(_DOLLARS, used[_DOLLARS], trail)
        return self._share(_TOKENS, used[_TOKENS], trail) if used[_TOKENS] >= self._next[_TOKENS] else None

    def _no_price(self, model: str, trail: Trail) -> Firing:
        self._unpriced = True
        name = plain(model, limit=80) or "the model"
        detail = (
            f"no price is known for {name}, and the ticket may cost at most ${self._caps[_DOLLARS]:g}: set"
            f' budget.prices."{name}" in .linestop/config.toml, or take budget.usd out'
        )
        return trail.firing(self.name, detail, trail.mark, severity=Severity.STOP)

    def _clock(self, now: datetime, trail: Trail) -> Firing | None:
        if self._start is None:
            self._start = now
        used = (now - self._start).total_seconds()
        firing = self._share(_CLOCK, used, trail) if used >= self._next[_CLOCK] else None
        due = self._next[_CLOCK]
        self._due = self._start + timedelta(seconds=due) if due < _FAR else datetime.max.replace(tzinfo=UTC)
        return firing

    def _share(self, what: str, used: float, trail: Trail) -> Firing:
        cap = self._caps[what]
        reached = sum(used >= cap * share for share in SHARES)
        self._next[what] = cap * SHARES[reached] if reached < len(SHARES) else inf
        percent, words = int(used * 100 / cap + 1e-9), (_said(what, used), _said(what, cap))
        message = MESSAGE.format(percent=percent, what=what, used=words[0], cap=words[1])
        found = trail.firing(
            self.name, f"{percent} % of the {what} is used: {words[0]} of {words[1]}", (0, self._start or trail.at, 0),
            severity=Severity.STOP if reached == len(SHARES) else Severity.WARNING,
            message=message if reached == len(SHARES) - 1 else "",
        )  # fmt: skip
        return found.model_copy(update={"tokens": int(self._used[_TOKENS])})


def _said(what: str, amount: float) -> str:
    return f"${amount:.2f}" if what == _DOLLARS else f"{amount:,.0f}{' s' if what == _CLOCK else ''}"
