"""Run records: `<repo>/.linestop/runs/<run-id>/` (SPEC.md section 3). Reading many of them is linestop/insight/.

A record without `result.json` is one whose process was killed: readers say so.
"""

import json
import os
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any, Literal, TypeVar
from uuid import uuid4

import psutil
from pydantic import BaseModel, ConfigDict, Field

from linestop import __version__
from linestop.errors import LinestopError, RecordError
from linestop.events import EventKind, Outcome
from linestop.events.redaction import redacted, redactor
from linestop.files import read_whole, write_whole
from linestop.paths import Layout
from linestop.text import plain
from linestop.watch.live import LiveLog

_BYTES = re.compile("([\udc80-\udcff]+)")  # what surrogateescape makes of bytes that are no text
M = TypeVar("M", bound=BaseModel)
MAX_JSON = 16 * 2**20  # bytes of inputs.json or result.json; ours have some thousands
RunKind = Literal["audit", "execution", "ticket", "dispatch", "documentation"]


class Inputs(BaseModel):
    """inputs.json: all that a rerun needs, and who ran it."""

    model_config = ConfigDict(extra="allow")

    run_id: str
    kind: RunKind
    started: datetime
    holder: str = Field(description="host:pid:start of the process, see `holder`")
    parent: str = Field(default="", description="run id of the run that started this one")
    flow_run: str = Field(default="", description="id of the Prefect flow run")
    repository: str = Field(default="", description="root of the repository")
    linestop: str = Field(default="", description="version that ran")
    parameters: dict[str, Any] = Field(default_factory=dict)


class Result(BaseModel):
    """result.json: how the run ended."""

    model_config = ConfigDict(extra="allow")

    run_id: str
    kind: RunKind
    outcome: str = Field(description="done, not_done, stopped, gated, failed, nothing, …")
    summary: str = ""
    started: datetime
    ended: datetime
    values: dict[str, Any] = Field(default_factory=dict)


def inputs_in(folder: Path) -> Inputs | None:
    """Return what a record's inputs.json says; None where it can't be read, is a link or a pipe, or says none of it."""
    return _read(folder / "inputs.json", Inputs)


def result_in(folder: Path) -> Result | None:
    """Return what a record's result.json says; None as for `inputs_in`, or where the run hasn't ended."""
    return _read(folder / "result.json", Result)


def _read(path: Path, model: type[M]) -> M | None:
    try:
        return model.model_validate(json.loads(read_whole(path, most=MAX_JSON)))
    except (OSError, ValueError, RecursionError):  # a clone may bring records that linestop never wrote
        return None


def holder() -> str:
    """Return `host:pid:start` of this process: who holds a lease, recognisable after the pid was used again."""
    return holder_of(os.getpid())


def holder_of(pid: int) -> str:
    """Return `host:pid:start` of a process, empty where it is gone.

    The start is counted in seconds from the boot: counted from the epoch it would change whenever the clock is set,
    and whoever lives would look dead.
    """
    try:
        start = psutil.Process(pid).create_time() - psutil.boot_time()
    except psutil.Error:
        return ""
    return f"{socket.gethostname()}:{pid}:{start:.2f}"


def find_process(name: str) -> psutil.Process | None:
    """Return the process of a holder of this host, None where it ended (a zombie has) or its pid was used again."""
    try:
        process = psutil.Process(int(name.split(":")[-2]))
        same = holder_of(process.pid) == name and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, ValueError, IndexError):
        return None
    return process if same else None


def is_alive(name: str) -> bool:
    """Return whether a holder still runs; a holder of another host counts as alive until its lease ends."""
    return elsewhere(name) or find_process(name) is not None


def elsewhere(name: str) -> bool:
    """Return whether a holder is of another host."""
    return name.partition(":")[0] != socket.gethostname()


class RunRecord:
    """One run's folder while it is written."""

    def __init__(
        self,
        layout: Layout,
        kind: RunKind,
        *,
        parent: str = "",
        flow_run: str = "",
        open_log: Callable[[Path], LiveLog] = LiveLog,
        **parameters: Any,
    ) -> None:
        started = datetime.now(UTC)
        self.id = f"{started:%Y%m%dT%H%M%S}-{kind}-{uuid4().hex[:6]}"
        self.folder = layout.ensure().runs / self.id
        self._result = Result(run_id=self.id, kind=kind, outcome="running", started=started, ended=started)
        inputs = Inputs(
            run_id=self.id, kind=kind, started=started, holder=holder(), parent=parent, flow_run=flow_run,
            repository=str(layout.root), linestop=__version__, parameters=parameters,
        )  # fmt: skip
        _make(self.folder)
        self.write("inputs.json", inputs.model_dump_json(indent=2))  # first of all: it says who holds the record
        self.events = open_log(self.folder / "events.jsonl")
        self.events.append(EventKind.START, step=kind)

    @property
    def seconds(self) -> float:
        """Return how long it has been running."""
        return (datetime.now(UTC) - self._result.started).total_seconds()

    def write(self, name: str, text: str) -> Path:
        """Write a file of the record whole or not at all, without the secrets of this process and what looks like one.

        Raises:
            RecordError: the disk refused.
        """
        path = self.folder / name
        try:
            write_whole(path, _without_secrets(name, text).encode("utf-8", "surrogateescape"), durable=False)
        except OSError as error:
            raise RecordError(
                f"can't write {path}", found=str(error), todo="free disk space or mend the folder"
            ) from error
        return path

    @contextmanager
    def step(self, name: str, **args: Any) -> Iterator[dict[str, Any]]:
        """Record a step's call, result and seconds; the caller may set `outcome` and `text` in the yielded dict."""
        self.events.append(EventKind.TOOL_CALL, step=name, tool=name, args=args)
        start, said = monotonic(), dict[str, Any]()
        try:
            yield said
        except BaseException as error:
            self.events.append(
                EventKind.TOOL_RESULT, step=name, tool=name, outcome=Outcome.ERROR, text=str(error),
                seconds=round(monotonic() - start, 4),
            )  # fmt: skip
            raise
        said.setdefault("outcome", Outcome.OK)
        self.events.append(EventKind.TOOL_RESULT, step=name, tool=name, seconds=round(monotonic() - start, 4), **said)

    def break_off(self, outcome: str, error: BaseException, **values: Any) -> None:
        """Close the record of a run that an error ended. A disk that refuses hides no error: it reads as killed then.

        A record that is closed already says how the run ended. A run that was interrupted did not fail: it broke off.
        """
        outcome = "broken-off" if _interrupted(error) else outcome
        if not (self.folder / "result.json").exists():
            with suppress(LinestopError, OSError, ValueError):
                self.finish(outcome, summary=in_words(error), **values)

    def finish(self, outcome: str, *, summary: str = "", **values: Any) -> Result:
        """Write result.json and close the record."""
        result = self._result.model_copy(
            update={"outcome": outcome, "summary": summary, "values": values, "ended": datetime.now(UTC)}
        )
        self.events.append(EventKind.END, text=summary, result=outcome)
        self.events.close()
        self.write("result.json", json.dumps(result.model_dump(mode="json"), indent=2))
        return result


def _without_secrets(name: str, text: str) -> str:
    """Return a file's text redacted. JSON stays JSON; bytes that are no UTF-8 stay what they are."""
    if name.endswith(".json"):
        return json.dumps(redactor().value(json.loads(text)), indent=2)
    return "".join(piece if _BYTES.fullmatch(piece) else redacted(piece) for piece in _BYTES.split(text))


def _make(folder: Path) -> None:
    try:
        folder.mkdir()
    except OSError as error:
        raise RecordError(f"can't make the record {folder}", found=str(error), todo="check the disk") from error


def in_words(error: BaseException) -> str:
    """Return what ended a run, as its record and its ticket tell it."""
    if _interrupted(error):
        return "interrupted by a person or cancelled; the next run goes on from what was finished"
    if isinstance(error, LinestopError):
        return plain(error.line, limit=1500)
    return plain(f"{type(error).__name__}: {error}".rstrip(": "), limit=1500)


def _interrupted(error: BaseException) -> bool:
    """Return whether a run was ended from outside, by Ctrl-C or a cancellation: such errors are no `Exception`."""
    return not isinstance(error, (Exception, SystemExit))
