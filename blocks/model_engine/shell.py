"""Commands and searches of the model engine: all of them run in the sandbox's cell, never in linestop's own process.

Searches too: a pattern of the model's must not be able to hold up our process.
"""

import threading
from pathlib import PurePosixPath

from linestop.blocks.model_engine.clocks import Clocks
from linestop.blocks.model_engine.output import HeadAndTail
from linestop.events import Outcome
from linestop.ports import Cell, Dispatch, Ran, SandboxCommand

_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_BEST_SHELL = 'if command -v bash >/dev/null 2>&1; then exec bash -c "$0"; else exec sh -c "$0"; fi'
_SEARCH_SECONDS = 30.0
_QUIET_SHARE = 0.9  # of the idle clock: a long command is ended and told before the watch takes it for silence
_MAX_MATCHES = 200  # of one file
_SKIPPED = (".git", ".linestop", "node_modules", ".venv", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache")
_ENDED = {
    "wall": "it ran out its time and was ended",
    "idle": "it said nothing for too long and was ended",
    "stopped": "it was stopped",
    "memory": "it used more memory than the sandbox gives and was ended",
    "disk": "it wrote more than the sandbox's disk holds and was ended",
    "output": "it said more than the sandbox lets through and was ended",
    "processes": "it ran more processes at a time than the sandbox allows and was ended",
}


class CellShell:
    """Runs commands in one cell, one after another. Blocking: `Clocks.threaded` calls it."""

    def __init__(self, cell: Cell, order: Dispatch, clocks: Clocks, *, max_chars: int) -> None:
        self._cell, self._clocks, self._max_chars = cell, clocks, max_chars
        self._most_seconds = _QUIET_SHARE * order.limits.idle_seconds
        folders = ":".join(path.as_posix() for path in order.path)
        self.env = {"PATH": f"{folders}:{_SYSTEM_PATH}"} if folders else {}

    def run(self, command: str, seconds: float) -> tuple[str, Outcome]:
        """Run a command in the sandbox's shell and return what it said, and how it ended."""
        text, ran = self._run(("sh", "-c", _BEST_SHELL, command), seconds)
        end = f"[exit code {ran.exit_code}]" if ran.ended == "exited" else f"[{_ENDED[ran.ended]}]"
        outcome = Outcome.TIMEOUT if ran.ended in {"wall", "idle"} else Outcome.OK if ran.ok else Outcome.ERROR
        return f"{text.rstrip()}\n{end}".lstrip(), outcome

    def search(self, pattern: str, path: str) -> tuple[str, Outcome]:
        """Return the lines of files that match, as path:number:line."""
        if path.startswith("-") or ".." in PurePosixPath(path).parts:
            return f"{path} is out of the workspace: paths are relative to it", Outcome.ERROR
        skipped = tuple(f"--exclude-dir={name}" for name in _SKIPPED)
        options = ("-rnIP", f"--max-count={_MAX_MATCHES}", "--binary-files=without-match", *skipped)
        text, ran = self._run(("grep", *options, "-e", pattern, "--", path), _SEARCH_SECONDS)
        if ran.ended in {"wall", "idle"}:
            return f"{text}\n[{_ENDED[ran.ended]}: search in fewer files]", Outcome.TIMEOUT
        if ran.exit_code == 1:
            return "nothing matches", Outcome.OK
        return (text.rstrip(), Outcome.OK) if ran.ok else (text.strip() or "the search failed", Outcome.ERROR)

    def changed(self) -> bool | None:
        """Return whether the workspace differs from its commit, None where git can't tell."""
        text, ran = self._run(("git", "status", "--porcelain"), _SEARCH_SECONDS)
        return bool(text.strip()) if ran.ok else None

    def _bounded(self, seconds: float) -> float:
        return min(seconds, self._most_seconds, self._clocks.left_seconds)

    def _run(self, argv: tuple[str, ...], seconds: float) -> tuple[str, Ran]:
        output, lock = HeadAndTail(self._max_chars), threading.Lock()

        def take(chunk: bytes) -> None:
            with lock:  # two streams, perhaps two threads
                output.add(chunk)

        command = SandboxCommand(argv=argv, env=self.env, wall_seconds=self._bounded(seconds))
        ran = self._cell.run(command, stdout=take, stderr=take, stop=self._clocks.halt)
        return output.text(), ran
