"""Runs a foreign engine: with a wall clock and a watch, and so that whatever it raises or returns becomes a value.

What is done about it is tasks/maker.py. Processes that an engine starts are its adapter's to end.
"""

import contextvars
import errno
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from linestop.blocks.cancellation import CommandCancelledError, current_cancellation
from linestop.errors import InfraError, PolicyError, RecordError, ToolError
from linestop.ports import Discovered, Dispatch, Engine, Work
from linestop.text import plain, plain_lines
from linestop.verdicts import CheckReport, Ruling
from linestop.watch import LiveLog

MAX_WORDS = 4_000  # characters that a maker may say in one text
MAX_TEXTS = 50
TICK_SECONDS = 1.0  # how often the watch is told that time went by
LOOK_SECONDS = 10.0  # how often the workspace is looked at for progress
GRACE_SECONDS = 15.0  # how long an engine may take to end once it was told to
RAN_OUT = "timed out after"  # what the wall clock says; blocks/witness.py tells it from other stops by this


class GivenUpError(Exception):
    """Ends what a maker still does after its time ran out."""


@dataclass
class Ended:
    """How a dispatch ended: with work, or with a fault.

    `hung` says that it never ended, and may still write where it worked; `line_stop` that the watch stops the line.
    """

    work: Work = field(default_factory=lambda: Work(summary=""))
    fault: str = ""
    hung: bool = False
    line_stop: bool = False


class Running:
    """One dispatch in a thread of its own, and the clocks beside it."""

    def __init__(
        self,
        engine: Engine,
        order: Dispatch,
        workspace: Path,
        *,
        checks: Callable[[Path], CheckReport],
        events: LiveLog,
        state: Callable[[], str] | None = None,
    ) -> None:
        self._engine, self._order, self._workspace, self._events = engine, order, workspace, events
        self._checks, self._state = checks, state
        self._ended: list[Ended | BaseException] = []
        self._checking = 0
        self._over = threading.Event()
        self._done = threading.Event()
        self._looked = monotonic()

    def to_the_end(self) -> Ended:
        """Return how it ended, after at most the wall clock of its limits.

        Raises:
            ToolError, InfraError: as `dispatched`.
            CommandCancelledError: its run was cancelled.
        """
        seconds = self._order.limits.wall_seconds
        # A daemon: a maker that never ends must not keep the process from ending. Its commands see a cancellation.
        name = f"{self._order.role}-{self._order.ticket}"
        run = contextvars.copy_context().run
        threading.Thread(target=run, args=(self._work,), name=name, daemon=True).start()
        try:
            cancelled = self._watched(monotonic() + seconds)
        except BaseException as error:  # nobody would look after it any more: whatever broke, it ends first
            self._events.stop(f"what watches it broke ({type(error).__name__})")
            self._done.wait(GRACE_SECONDS)
            raise
        finally:
            self._over.set()
        if cancelled:
            self._done.wait(GRACE_SECONDS)
            raise CommandCancelledError(f"the {self._order.role} was ended: its run was cancelled")
        if not self._ended and self._events.stop_reason:
            while self._checking and not self._done.wait(TICK_SECONDS):
                continue  # the harness's own checks: it can't end before they do
            self._done.wait(min(GRACE_SECONDS, seconds))
        return self._outcome(seconds)

    def _watched(self, deadline: float) -> bool:
        """Wait for the end, a stop of the watch or the wall clock; return whether the run was cancelled meanwhile."""
        cancellation = current_cancellation()
        while not self._done.wait(min(TICK_SECONDS, max(0.0, deadline - monotonic()))):
            if cancellation.asked:
                self._events.stop("cancelled")
                return True
            if monotonic() >= deadline:
                self._events.stop(f"the {self._order.role} {RAN_OUT} {self._order.limits.wall_seconds:.0f} s")
            if self._events.stopping.is_set():
                return False
            if not self._checking:  # the harness's own checks have a clock of their own
                self._tick()
        return False

    def _tick(self) -> None:
        self._events.tick()
        if self._state and monotonic() - self._looked >= LOOK_SECONDS:
            self._looked = monotonic()
            self._events.progress(self._state())

    def _outcome(self, seconds: float) -> Ended:
        stop, line_stop = self._events.stop_reason, self._events.line_stop
        if not self._ended:
            fault = f"{stop}, and did not end when it was told to" if stop else f"{RAN_OUT} {seconds:.0f} s"
            return Ended(fault=f"the {self._order.role}: {plain(fault)}", hung=True, line_stop=line_stop)
        outcome = self._ended[0]
        if isinstance(outcome, BaseException):
            raise outcome
        if stop:
            return Ended(work=outcome.work, fault=f"stopped: {plain(stop)}", line_stop=line_stop)
        return outcome

    def _guarded_checks(self, path: Path) -> CheckReport:
        if self._over.is_set():
            raise GivenUpError
        self._checking += 1
        try:
            report = self._checks(path)
        finally:
            self._checking -= 1
        self._events.progress(f"checks {[run.exit_code for run in report.runs]} {len(report.failed)} {monotonic()}")
        return report

    def _work(self) -> None:
        try:
            work = self._engine.dispatch(
                self._order, self._workspace, checks=self._guarded_checks, events=self._events
            )  # fmt: skip
            work = _harmless(work)
            self._ended.append(Ended(work=work, fault=work.broke_off))
        except (ToolError, InfraError, PolicyError, RecordError, CommandCancelledError) as error:
            self._ended.append(error)
        except OSError as error:
            self._ended.append(_no_room(error) or self._broke_off(error))
        except (Exception, SystemExit) as error:  # noqa: BLE001  # foreign code: any error of it is a failed attempt
            self._ended.append(self._broke_off(error))
        finally:
            self._done.set()

    def _broke_off(self, error: BaseException) -> Ended:
        said = plain(str(error), limit=500)
        return Ended(fault=f"the {self._order.role} broke off with {type(error).__name__}: {said}")


def dispatched(
    engine: Engine,
    order: Dispatch,
    workspace: Path,
    *,
    checks: Callable[[Path], CheckReport],
    events: LiveLog,
    state: Callable[[], str] | None = None,
) -> Ended:
    """Return how a dispatch of the engine ended, after at most `order.limits.wall_seconds`.

    `state` returns a hash of what the dispatch has brought about so far; where it stays the same there is no progress.

    Raises:
        ToolError, PolicyError: the engine says that it is broken itself, or can't be used as it is set.
        InfraError, RecordError: the machine failed, not the work.
        CommandCancelledError: the run it belongs to was cancelled.
    """
    return Running(engine, order, workspace, checks=checks, events=events, state=state).to_the_end()


def _no_room(error: OSError) -> InfraError | None:
    """Return the error of a full disk, which is no doing of whoever was dispatched; None for any other."""
    if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
        return None
    return InfraError("the disk is full", found=str(error), todo="free disk space; no attempt was used")


def _harmless(work: object) -> Work:
    """Return what a maker said, cut and made plain. It is evidence; it need not even be a Work."""
    if not isinstance(work, Work):
        raise TypeError(f"a maker returns a Work, this is {type(work).__name__}")
    return Work(
        summary=plain_lines(work.summary, MAX_WORDS),
        could_not=_plain_all(work.could_not),
        petition=(plain(work.petition, limit=MAX_WORDS) or None) if work.petition else None,
        ruling=work.ruling if isinstance(work.ruling, Ruling) else None,
        reasons=_plain_all(work.reasons),
        discovered=tuple(_harmless_find(find) for find in work.discovered[:MAX_TEXTS]),
        broke_off=plain(work.broke_off, limit=MAX_WORDS),
        session=plain(work.session, limit=200),
    )


def _plain_all(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(text for one in texts[:MAX_TEXTS] if (text := plain(one, limit=MAX_WORDS)))


def _harmless_find(find: Discovered) -> Discovered:
    return Discovered(
        title=plain(find.title, limit=120) or "untitled",
        text=plain_lines(find.text, MAX_WORDS),
        paths=tuple(plain(path, limit=500) for path in find.paths),
        blocks=find.blocks,
    )
