"""One dispatch of an agent in an open cell: its files, its runs, and the clerk beside it.

The clerk looks twenty times a second: it ends the agent when the watch or a clock says so, hands on nudges, and reads a
trajectory that grows. An agent without hooks is told by being ended and resumed.
"""

import logging
import os
import shlex
import shutil
import threading
from collections.abc import Container, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

from linestop.blocks.command_engine.home import read_file, write_file
from linestop.blocks.command_engine.hooks import HookBox
from linestop.blocks.command_engine.sessions import Sessions
from linestop.blocks.command_engine.stream import CommandStream
from linestop.blocks.command_engine.verdict import Witnesses, verdict
from linestop.blocks.model_proxy.proxy import ModelProxy
from linestop.blocks.presets import Errand, Preset, Start, Telling
from linestop.blocks.process_output import Kept
from linestop.blocks.sandboxes.environment import SYSTEM_PATH
from linestop.events import EventKind, Fault
from linestop.events.formats import reader_named
from linestop.ports import Cell, Dispatch, Ran, SandboxCommand, Work
from linestop.spending import Meter
from linestop.watch import LiveLog

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.05
TRAIL_SECONDS = 0.5
PATIENCE = timedelta(seconds=60)  # a reset that is farther off is waited for by linestop, not in the sandbox
REFUSED_SECONDS = 15.0  # that an agent may go on after its cap was reached
MAX_TELLINGS = 10  # times that an agent is ended to be told something
_PROVIDERS = frozenset({Fault.RATE_LIMIT, Fault.OVERLOAD})
_BEFORE_SECONDS = 60.0
_MAX_TRAIL = 64 * 2**20
_STDERR_BYTES = 32_000


class Shift:
    """The work of one agent in one cell. Used once."""

    def __init__(
        self,
        preset: Preset,
        errand: Errand,
        cell: Cell,
        *,
        order: Dispatch,
        events: LiveLog,
        proxy: ModelProxy,
        meter: Meter,
        env: Mapping[str, str],
        path: Sequence[Path],
    ) -> None:
        self._preset, self._errand, self._cell, self._order = preset, errand, cell, order
        self._events, self._proxy, self._meter, self._env = events, proxy, meter, dict(env)
        self._path = ":".join([*map(str, path), SYSTEM_PATH])
        self._stderr = Kept(_STDERR_BYTES, tail=True)
        self._stream = self._listen()
        self._deadline = monotonic() + order.limits.wall_seconds
        self._sessions = Sessions(preset.name, preset.sessions)
        self._stopped = ""  # why linestop ended it
        self._nudge = ""  # what it must be told when it is resumed
        self._trail_at = 0.0
        self._waits = False  # what it did when it was ended was to wait for its provider
        self._refused_at: float | None = None

    def work(self) -> Work:
        """Return what came of it. Raises as `command_verdict.verdict`."""
        with ExitStack() as stack:
            box = None
            if self._preset.telling is Telling.HOOKS:
                box = stack.enter_context(
                    HookBox(self._cell.home, role=self._order.role, note_refusals=not self._preset.shows_refusals)
                )
                self._errand = replace(self._errand, hook=str(box.script))
            if self._errand.resume and not self._sessions.restore(self._errand.resume, self._cell.home):
                self._errand = replace(self._errand, resume="")
            before = {name for name in self._preset.litter if os.path.lexists(self._cell.workspace / name)}
            ran = self._runs(box)
            self._tidy(before)
            self._sessions.keep(self._stream.heard.session, self._cell.home)
        return self._judged(ran)

    def _listen(self) -> CommandStream:
        reader = reader_named(self._preset.stream) if self._preset.stream else None
        return CommandStream(self._events, role=self._order.role, reader=reader, aside=bool(self._preset.trail))

    def _tidy(self, before: Container[str]) -> None:
        """Remove what the agent leaves in the workspace for itself, where nothing of that name stood there before."""
        for name in self._preset.litter:
            if name not in before:
                shutil.rmtree(self._cell.workspace / name, ignore_errors=True)  # follows no link

    def _runs(self, box: HookBox | None) -> Ran:
        start = self._preset.start(self._errand)
        profile = f"export PATH={shlex.quote(self._path)}\n"  # a login shell, as Codex uses, sets it anew from /etc
        for name, text in {".profile": profile, **start.files}.items():
            write_file(self._cell.home, name, text)
        for first in self._preset.before(self._errand):
            command = self._command(first, _BEFORE_SECONDS)
            ran = self._cell.run(command, stderr=self._stderr.add, stop=self._events.stopping)
            if not ran.ok:
                return ran
        ran = self._run(start, box)
        if self._errand.resume and not self._meter.calls and not self._proxy.last_fault and not self._stopped:
            self._errand = replace(self._errand, resume="")  # it did not find its session: a fresh one
            self._stream = self._listen()
            ran = self._run(self._preset.start(self._errand), box)
        for _ in range(MAX_TELLINGS):
            if not self._nudge or self._stopped:
                break
            told, self._nudge = self._nudge, ""
            errand = replace(self._errand, prompt=told, resume=self._stream.heard.session)
            ran = self._run(self._preset.start(errand), box)
        return ran

    def _run(self, start: Start, box: HookBox | None) -> Ran:
        """Run the command once, with the clerk beside it."""
        stop, over = threading.Event(), threading.Event()
        self._stream.heard.ended = self._stream.heard.ok = False
        clerk = threading.Thread(target=self._clerk, args=(stop, over, box), name="linestop-clerk", daemon=True)
        clerk.start()
        try:
            ran = self._cell.run(
                self._command(start, max(0.1, self._deadline - monotonic())),
                stdout=self._stream.feed,
                stderr=self._stderr.add,
                stop=stop,
            )
        finally:
            over.set()
            clerk.join()
        self._trail(last=not self._nudge)
        self._stream.finish()
        return ran

    def _command(self, start: Start, seconds: float) -> SandboxCommand:
        env = {**start.env, **self._env, "PATH": self._path}
        return SandboxCommand(argv=start.argv, env=env, stdin=start.stdin, wall_seconds=seconds)

    def _clerk(self, stop: threading.Event, over: threading.Event, box: HookBox | None) -> None:
        try:
            self._look(stop, over, box)
        except Exception as error:  # a thread's edge: without its clerk an agent runs on unseen
            logger.exception("clerk.broke agent=%s", self._preset.label)
            self._stopped = f"{self._preset.label} was ended: what watches it broke ({type(error).__name__})"
            stop.set()

    def _look(self, stop: threading.Event, over: threading.Event, box: HookBox | None) -> None:
        while not over.wait(LOOK_SECONDS):
            self._stopped = self._stopped or self._why_stop()
            if self._stopped:
                stop.set()
                return
            if box and not self._stream.heard.ended:
                box.serve(self._events)
            if not box and self._tell():
                stop.set()
                return
            if monotonic() - self._trail_at > TRAIL_SECONDS:
                self._trail(last=False)

    def _why_stop(self) -> str:
        """Return why the agent must be ended now, empty where it may go on."""
        agent, now = self._preset.label, monotonic()
        if self._events.stopping.is_set():
            return self._events.stop_reason or "stopped"
        self._waits = far_off(self._proxy.busy_until, self._proxy.last_fault)
        if self._waits:
            return f"{agent} can't go on before the provider lets it"
        if now >= self._deadline:
            self._waits = self._proxy.last_fault in _PROVIDERS
            return f"{agent} timed out after {self._order.limits.wall_seconds:.0f} s"
        idle = self._order.limits.idle_seconds
        if now - self._stream.heard.at > idle:
            self._waits = self._proxy.last_fault in _PROVIDERS
            return f"{agent} timed out: no output and no event for {idle:.0f} s"
        if self._proxy.refused:
            self._refused_at = self._refused_at or now
            if now - self._refused_at > REFUSED_SECONDS:
                return f"{agent} reached its cap: {self._proxy.refused}"
        return ""

    def _tell(self) -> bool:
        """Return whether the agent must be ended to be told something: where its session can be gone on with."""
        if self._preset.telling is Telling.RESUME and self._stream.heard.session:
            self._nudge = self._events.take_nudge() or ""
        return bool(self._nudge)

    def _trail(self, *, last: bool) -> None:
        if self._preset.trail:
            self._trail_at = monotonic()
            text = read_file(self._cell.home, self._preset.trail, at_most=_MAX_TRAIL)
            if text:
                self._stream.document(text, last=last)

    def _judged(self, ran: Ran) -> Work:
        stderr = self._stderr.text()
        saw = Witnesses(
            agent=self._preset.label,
            ran=ran,
            heard=self._stream.heard,
            role=self._order.role,
            stopped=self._stopped,
            waits=self._waits,
            answered=self._meter.calls > 0,
            stderr=stderr,
            refused=self._proxy.refused,
            proxy_fault=self._proxy.last_fault,
            busy_until=self._proxy.busy_until,
            met=self._proxy.met,
            only_way=self._errand.isolated and not self._errand.online,
            unknown=self._proxy.unknown,
            has_end=self._preset.has_end or self._stream.heard.has_end,
        )
        try:
            work = verdict(saw)
        except Exception:
            self._note(stderr, failed=True)
            raise
        self._note(stderr, failed=bool(work.broke_off))
        return work

    def _note(self, stderr: str, *, failed: bool) -> None:
        """Keep the tail of stderr in the record."""
        if stderr.strip():
            kind = EventKind.ERROR if failed else EventKind.MESSAGE
            self._events.append(kind, step=self._order.role, text=stderr[-8_000:], stream="stderr")


def far_off(until: datetime | None, fault: Fault | None) -> bool:
    """Return whether a provider's reset is so far off that the agent must not sit and wait for it."""
    return fault in _PROVIDERS and until is not None and until - datetime.now(UTC) > PATIENCE
