"""One dispatch in its thread: what the engine raises, and what befalls whoever looks after it."""

import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from linestop.blocks.dispatching import dispatched
from linestop.errors import InfraError, RecordError
from linestop.plans import ChecksPass, Chunk, Plan
from linestop.ports import Dispatch, Limits, Work
from linestop.verdicts import CheckReport
from linestop.watch import LiveLog

CHUNK = Chunk(id="a", title="t", source="ruff", rules=("F401",), paths=("a.py",))
PLAN = Plan(id="p", title="t", purpose="x", scope=("a.py",), chunks=(CHUNK,), goal=(ChecksPass(),))
ORDER = Dispatch(ticket="p", role="maker", attempt=1, plan=PLAN, chunk=CHUNK, brief="")


class Engine:
    """Raises what it is given; with nothing to raise it works until it is told to stop."""

    name, model, window = "agent", "", None

    def __init__(self, error: Exception | None = None) -> None:
        self._error, self.ended = error, threading.Event()

    def dispatch(self, _: Dispatch, __: Path, *, checks: object, events: LiveLog) -> Work:
        if self._error:
            raise self._error
        events.stopping.wait(30)
        self.ended.set()
        return Work(summary="")


class Checking(Engine):
    """Asks for the checks, and ends as soon as it is told to."""

    def dispatch(self, _: Dispatch, path: Path, *, checks: Callable[[Path], CheckReport], events: LiveLog) -> Work:
        checks(path)
        return Work(summary="", broke_off=events.stop_reason)


class FullDisk(LiveLog):
    """A log whose disk is full when time goes by."""

    def tick(self) -> None:
        raise RecordError("can't write", found="No space left on device")


def checks(_: Path) -> CheckReport:
    return CheckReport(runs=())


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT], ids=errno.errorcode.get)
def test_a_full_disk_is_the_machines_fault(tmp_path: Path, code: int) -> None:
    engine = Engine(OSError(code, os.strerror(code)))
    with LiveLog(tmp_path / "events.jsonl") as log, pytest.raises(InfraError, match="disk is full"):
        dispatched(engine, ORDER, tmp_path, checks=checks, events=log)


def test_any_other_error_of_the_system_is_the_engines(tmp_path: Path) -> None:
    with LiveLog(tmp_path / "events.jsonl") as log:
        ended = dispatched(Engine(OSError(errno.ENOENT, "gone")), ORDER, tmp_path, checks=checks, events=log)
    assert "broke off with FileNotFoundError" in ended.fault


def test_an_agent_that_nobody_could_look_after_is_ended_first(tmp_path: Path) -> None:
    engine = Engine()
    with FullDisk(tmp_path / "events.jsonl") as log, pytest.raises(RecordError):
        dispatched(engine, ORDER, tmp_path, checks=checks, events=log)
    assert engine.ended.is_set()


def test_an_agent_that_waits_for_slow_checks_is_timed_out_and_not_taken_for_hung(tmp_path: Path) -> None:
    order = ORDER.model_copy(update={"limits": Limits(wall_seconds=0.1)})

    def slow(path: Path) -> CheckReport:
        log.stopping.wait(30)
        threading.Event().wait(0.4)  # longer than it is given to end by itself
        return checks(path)

    with LiveLog(tmp_path / "events.jsonl") as log:
        ended = dispatched(Checking(), order, tmp_path, checks=slow, events=log)
    assert "timed out" in ended.fault
    assert not ended.hung
