"""What a dispatch used, counted from its events."""

from collections.abc import Iterable

from linestop.events import Event, EventKind, Usage
from linestop.policy import Policy
from linestop.ports import Limits
from linestop.tickets import Spent


def usage_of(events: Iterable[Event]) -> Usage:
    """Return the sum of all calls, or what the agent said of its whole session where that is more."""
    calls, total = Usage(), Usage()
    for event in events:
        if event.kind == EventKind.USAGE and event.usage:
            if event.usage.total:
                total = max(total, event.usage, key=_tokens)
            else:
                calls = added(calls, event.usage)
    return total if _tokens(total) > _tokens(calls) else calls


def added(one: Usage, other: Usage) -> Usage:
    """Return the sum of two usages; money is unknown only where both don't know it."""
    known = [usage.usd for usage in (one, other) if usage.usd is not None]
    return Usage(
        input=one.input + other.input,
        output=one.output + other.output,
        cache_read=one.cache_read + other.cache_read,
        cache_write=one.cache_write + other.cache_write,
        usd=sum(known) if known else None,
    )


def limits_for(policy: Policy, spent: Spent) -> Limits | str:
    """Return what a ticket's next dispatch may use, or why nothing is left: lifetime caps are never reset."""
    budget = policy.budget
    tokens = None if budget.tokens is None else budget.tokens - spent.tokens
    usd = None if budget.usd is None else budget.usd - spent.usd
    if tokens is not None and tokens <= 0:
        return (
            f"the ticket's budget of {budget.tokens} tokens is spent ({spent.tokens} in {spent.dispatches} dispatches)"
        )
    if usd is not None and usd <= 0:
        return (
            f"the ticket's budget of {budget.usd} dollars is spent ({spent.usd:.4f} in {spent.dispatches} dispatches)"
        )
    return Limits(
        wall_seconds=policy.execution.dispatch_seconds,
        idle_seconds=policy.watch.silence_seconds,
        tokens=tokens,
        usd=usd,
    )


def _tokens(usage: Usage) -> int:
    return usage.input + usage.output
