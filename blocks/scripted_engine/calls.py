"""What the calls of a scripted engine do: commands in the sandbox, files of the workspace, answers. All on record."""

import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from time import monotonic
from typing import Any, Self

from linestop.audit.source_files import is_plain_file
from linestop.blocks.chunk_files import write_file
from linestop.blocks.model_engine.files import RefusedError, WorkspaceFiles
from linestop.blocks.model_engine.output import HeadAndTail
from linestop.events import MAX_TEXT, EventKind, Outcome, call_identity
from linestop.fixes.words import broken
from linestop.ports import Cell, Confinement, Discovered, Dispatch, Sandbox, SandboxCommand, Work
from linestop.scenarios import Call, Check, Edit, FileTicket, Finish, Petition, Read, Rule, Run, Search, Tool, Write
from linestop.verdicts import CheckReport
from linestop.watch import LiveLog

Said = tuple[str, Outcome]
FAILED = "{failed}"
_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_MOST_FAILED = 50
_ASKED = {"run": "shell"}  # the tool's name where it isn't the word of the scenario


class Calls:
    """Makes the calls of one dispatch. The sandbox is opened for the first command, and closed at the end."""

    def __init__(
        self,
        order: Dispatch,
        workspace: Path,
        sandbox: Sandbox,
        confinement: Confinement,
        *,
        checks: Callable[[Path], CheckReport],
        events: LiveLog,
    ) -> None:
        self._order, self._workspace = order, workspace.resolve()
        self._files = WorkspaceFiles(self._workspace)
        self._sandbox, self._confinement = sandbox, confinement
        self._checks, self._events = checks, events
        self._stack = ExitStack()
        self._cell: Cell | None = None
        self._before: dict[str, bytes | None] = {}
        self._failed: list[str] = []
        self._discovered: list[Discovered] = []
        self._answer: Work | None = None
        self._number = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    @property
    def answered(self) -> bool:
        """Whether the agent gave its answer: it finished, petitioned or ruled."""
        return self._answer is not None

    def work(self, summary: str = "", *, broke_off: str = "") -> Work:
        """Return what the agent says that it did; without an answer of its own, `summary` is what it said last."""
        said = self._answer or Work(summary=summary)
        return said.model_copy(update={"discovered": tuple(self._discovered), "broke_off": broke_off})

    def make(self, call: Call, *, seconds_left: float) -> str:
        """Make one call, put it on record, and return what the agent is answered."""
        tool, args = _as_tool(call)
        self._number += 1
        shared = {"step": self._order.role, "call": f"call-{self._number}"}
        why = self._events.blocked(call_identity(tool, args))
        self._events.append(EventKind.TOOL_CALL, tool=tool, args=args, **shared)
        began = monotonic()
        if why:
            text, outcome = f"This call was refused by the watch: {why}", Outcome.DENIED
        else:
            text, outcome = self._done(call, seconds_left)
        self._events.append(EventKind.TOOL_RESULT, text=text, outcome=outcome, seconds=monotonic() - began, **shared)
        if outcome is not Outcome.OK and len(self._failed) < _MOST_FAILED:
            self._failed.append(_line(call, text))
        return text

    def _done(self, call: Call, seconds_left: float) -> Said:
        try:
            match call:
                case Run():
                    return self._run(("bash", "-c", call.command), min(call.seconds, seconds_left))
                case Search():
                    return self._search(call, seconds_left)
                case Edit() | Write():
                    return self._changed(call)
                case Read():
                    said = self._files.read(call.path, call.first, call.last), Outcome.OK
                case Check():
                    said = self._checked()
                case _:
                    said = self._told(call)
        except RefusedError as error:
            return str(error), Outcome.ERROR
        return said

    def _run(self, argv: tuple[str, ...], seconds: float) -> Said:
        output, lock = HeadAndTail(MAX_TEXT), threading.Lock()

        def take(chunk: bytes) -> None:
            with lock:  # two streams, perhaps two threads
                output.add(chunk)

        folders = ":".join(path.as_posix() for path in self._order.path)
        env = {"PATH": f"{folders}:{_SYSTEM_PATH}"} if folders else {}
        command = SandboxCommand(argv=argv, env=env, wall_seconds=max(0.01, seconds))
        ran = self._opened().run(command, stdout=take, stderr=take, stop=self._events.stopping)
        ending = f"[exit code {ran.exit_code}]" if ran.ended == "exited" else f"[ended: {ran.ended}]"
        outcome = Outcome.TIMEOUT if ran.ended in {"wall", "idle"} else Outcome.OK if ran.ok else Outcome.ERROR
        return f"{output.text().rstrip()}\n{ending}".lstrip(), outcome

    def _search(self, call: Search, seconds: float) -> Said:
        argv = ("grep", "-rnIE", "--exclude-dir=.git", "--max-count=200", "-e", call.pattern, "--", call.path)
        text, outcome = self._run(argv, min(30, seconds))
        nothing = text == "[exit code 1]"
        return ("nothing matches", Outcome.OK) if nothing else (text.removesuffix("\n[exit code 0]"), outcome)

    def _opened(self) -> Cell:
        if self._cell is None:
            self._cell = self._stack.enter_context(self._sandbox.open(self._workspace, self._confinement))
        return self._cell

    def _changed(self, call: Edit | Write) -> Said:
        if self._order.looks_only:
            return f"{call.path} can't be changed: the workspace is read-only for a {self._order.role}", Outcome.DENIED
        self._remember(call.path)
        if isinstance(call, Edit):
            return self._files.edit(call.path, call.old, call.new), Outcome.OK
        return self._files.write(call.path, call.text), Outcome.OK

    def _checked(self) -> Said:
        try:
            report = self._checks(self._workspace)
        except BaseException:
            self._restore()  # the port: an error in the checks leaves no trace of half the work
            raise
        if report.green:
            return f"green: the checks pass ({len(report.tests)} tests)", Outcome.OK
        output = next((run.output for run in report.runs if not run.ok), "")
        return f"red: {broken(report)}\n{output}".strip(), Outcome.ERROR

    def _told(self, call: Call) -> Said:
        if isinstance(call, FileTicket):
            found = Discovered(title=call.title, text=call.text, paths=call.paths, blocks=call.blocks)
            self._discovered.append(found)
        elif isinstance(call, Finish):
            self._answer = Work(summary=call.summary, could_not=tuple(self._lines(call.could_not)))
        elif isinstance(call, Petition):
            self._answer = Work(summary="Nothing was decided: a person must.", petition=call.reason)
        elif isinstance(call, Rule):
            self._answer = Work(summary=f"Rules: {call.ruling}.", ruling=call.ruling, reasons=call.reasons)
        elif isinstance(call, Tool):
            return f"there is no tool {call.tool!r}", Outcome.ERROR
        return "noted", Outcome.OK

    def _lines(self, entries: tuple[str, ...]) -> list[str]:
        texts = (entry.replace(FAILED, "\n".join(self._failed)) for entry in entries)
        return [line for text in texts for line in text.splitlines() if line.strip()]

    def _remember(self, path: str) -> None:
        if path not in self._before:
            plain = is_plain_file(self._workspace, path)
            self._before[path] = (self._workspace / path).read_bytes() if plain else None

    def _restore(self) -> None:
        for path, content in self._before.items():
            if not is_plain_file(self._workspace, path):
                continue
            if content is None:
                (self._workspace / path).unlink()
            else:
                write_file(self._workspace, path, content)


def _as_tool(call: Call) -> tuple[str, dict[str, Any]]:
    """Return the tool's name and arguments as the record shows them."""
    if isinstance(call, Tool):
        return call.tool, call.args
    args = call.model_dump(
        mode="json", exclude={"do"}, exclude_none=True, exclude_defaults=isinstance(call, Run | Check)
    )
    return _ASKED.get(call.do, call.do), args


def _line(call: Call, text: str) -> str:
    what = repr(call.path) if isinstance(call, Read | Edit | Write) else call.do
    return f"{what} failed: {' '.join(text.split())[:300]}"
