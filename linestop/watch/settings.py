"""What the detectors of one dispatch go by: its role, its limits, and what the policy says of the watch."""

from collections.abc import Callable
from dataclasses import dataclass, field

from linestop.errors import PolicyError
from linestop.events import Usage
from linestop.policy import Policy
from linestop.ports.engine import Limits
from linestop.watch.ladder import CLOCKS, DETECTORS, detector_name

EDITING_ROLES = frozenset({"maker", "healer", "scribe"})
MIN_FAILURES = 2  # SPEC.md section 5: never below

Price = Callable[[str, Usage], float | None]


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """What detectors go by. `spent` is what earlier dispatches of the ticket used of `limits` (tokens and dollars).

    `role` decides whether a session that edits nothing is a warning. `price` gives the dollars of a usage that carries
    none; None where no price is known.
    """

    role: str = "maker"
    limits: Limits = field(default_factory=Limits)
    spent: Usage = field(default_factory=Usage)
    price: Price | None = None
    failures: int = 3
    pollers: tuple[str, ...] = ()
    silence_seconds: float = 600
    no_progress_seconds: float = 600
    off: frozenset[str] = frozenset()

    @property
    def looks_only(self) -> bool:
        """Whether the role judges or plans, so that it need not edit anything."""
        return self.role not in EDITING_ROLES


def settings_for(
    policy: Policy,
    *,
    role: str,
    limits: Limits,
    spent: Usage | None = None,
    price: Price | None = None,
    thinks: bool = True,
) -> WatchSettings:
    """Return the settings of one dispatch. An engine that doesn't think can't loop: only its clocks are watched.

    Raises:
        PolicyError: `watch.off` names a detector that isn't there.
    """
    watch = policy.watch
    off = frozenset(map(detector_name, watch.off))
    if unknown := off - set(DETECTORS):
        raise PolicyError(
            "watch.off names no detector", found=", ".join(sorted(unknown)), todo=f"use: {', '.join(DETECTORS)}"
        )
    if not thinks:
        off |= set(DETECTORS) - CLOCKS
    return WatchSettings(
        role=role,
        limits=limits,
        spent=spent or Usage(),
        price=price,
        failures=max(watch.failures, MIN_FAILURES),
        pollers=watch.pollers,
        silence_seconds=watch.silence_seconds,
        no_progress_seconds=watch.no_progress_seconds,
        off=off,
    )
