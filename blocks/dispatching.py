"""Runs a foreign engine: with a wall clock, and so that whatever it raises or returns becomes a value.

What is done about it is tasks/maker.py. Processes that an engine starts are its adapter's to end.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from linestop.errors import InfraError, LinestopError, ToolError
from linestop.ports import Dispatch, Engine, Work
from linestop.text import plain, plain_lines
from linestop.verdicts import CheckReport
from linestop.watch import LiveLog

MAX_WORDS = 4_000  # characters that a maker may say in one text
MAX_TEXTS = 50


class GivenUpError(Exception):
    """Ends what a maker still does after its time ran out."""


@dataclass
class Ended:
    """How a dispatch ended: with work, or with a fault. `hung` says that it never ended."""

    work: Work = field(default_factory=lambda: Work(summary=""))
    fault: str = ""
    hung: bool = False


def dispatched(
    engine: Engine,
    order: Dispatch,
    workspace: Path,
    *,
    checks: Callable[[Path], CheckReport],
    events: LiveLog,
    seconds: float,
) -> Ended:
    """Return how a dispatch of the engine ended, after at most `seconds`.

    Raises:
        ToolError: the engine says that it is broken itself.
        InfraError: it may be retried.
    """
    over = threading.Event()
    ended: list[Ended | LinestopError] = []

    def guarded_checks(path: Path) -> CheckReport:
        if over.is_set():
            raise GivenUpError
        return checks(path)

    def run() -> None:
        try:
            ended.append(Ended(work=_harmless(engine.dispatch(order, workspace, checks=guarded_checks, events=events))))
        except (ToolError, InfraError) as error:
            ended.append(error)
        except (Exception, SystemExit) as error:  # noqa: BLE001  # foreign code: any error of it is a failed attempt
            said = plain(str(error), limit=500)
            ended.append(Ended(fault=f"the maker broke off with {type(error).__name__}: {said}"))

    # A daemon: a maker that never ends must not keep the process from ending.
    thread = threading.Thread(target=run, name=f"maker-{order.ticket}", daemon=True)
    thread.start()
    thread.join(seconds)
    over.set()
    outcome = ended[0] if ended else Ended(fault=f"the maker timed out after {seconds:.0f} s", hung=True)
    if isinstance(outcome, LinestopError):
        raise outcome
    return outcome


def _harmless(work: object) -> Work:
    """Return what a maker said, cut and made plain. It is evidence; it need not even be a Work."""
    if not isinstance(work, Work):
        raise TypeError(f"a maker returns a Work, this is {type(work).__name__}")
    return Work(
        summary=plain_lines(work.summary, MAX_WORDS),
        could_not=tuple(text for one in work.could_not[:MAX_TEXTS] if (text := plain(one, limit=MAX_WORDS))),
        petition=(plain(work.petition, limit=MAX_WORDS) or None) if work.petition else None,
    )
