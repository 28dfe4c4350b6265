"""No sandbox: commands run as linestop's own user, with nothing between them and the machine. It says so each time.

Clocks, output bound and the end of the process tree hold; memory and disk are watched, not held. All else is open.
"""

import errno
import logging
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from linestop.blocks.processes import dies_with_us, program
from linestop.blocks.sandboxes.cells import Scratch, refusal, scratch
from linestop.blocks.sandboxes.clocks import Clocks, Pipes
from linestop.blocks.sandboxes.environment import environment
from linestop.blocks.sandboxes.growth import Growth
from linestop.blocks.sandboxes.limits import TreeWatch
from linestop.blocks.stragglers import end_group, mark
from linestop.errors import InfraError
from linestop.ports import Cell, Confinement, Ran, SandboxCommand
from linestop.ports.sandbox import Ended

_log = logging.getLogger(__name__)


class PlainSandbox:
    """Confines nothing."""

    name = "plain"
    isolates = False

    @contextmanager
    def open(self, workspace: Path, confinement: Confinement) -> Iterator[Cell]:
        """Yield a cell whose processes can do all that linestop's user can."""
        _log.warning(
            "sandbox.plain workspace=%s: nothing is isolated; commands run as uid %d with every right of it",
            workspace.name,
            os.getuid(),
            extra={"action": "sandbox.plain"},
        )
        with scratch() as made:
            yield PlainCell(workspace.resolve(), confinement, made)


class PlainCell:
    """A home and clocks round plain processes."""

    def __init__(self, workspace: Path, confinement: Confinement, made: Scratch) -> None:
        self.workspace, self.home = workspace, made.home
        self._confinement, self._scratch = confinement, made
        self._growth = Growth((workspace, made.home, made.tmp), confinement.disk_bytes)

    def run(
        self,
        command: SandboxCommand,
        *,
        stdout: Callable[[bytes], None] | None = None,
        stderr: Callable[[bytes], None] | None = None,
        stop: threading.Event | None = None,
    ) -> Ran:
        """Run a command as the port says."""
        clocks = Clocks(command, self._confinement.output_bytes, stop, stdout, stderr)
        env, run_mark = mark(environment(command, home=self.home, tmp=self._scratch.tmp))
        if refused := refusal(command, self.workspace, clocks):
            return refused
        folder = self.workspace / command.cwd
        try:
            process = _start(command, folder, env)
        except OSError as error:
            return _not_started(command, clocks, error)
        watch = TreeWatch(process.pid, self._confinement, memory=True, processes=True)
        clocks.probes = (watch, self._growth.watch())
        ended, code = _attended(process, Pipes(process, clocks), run_mark)
        return clocks.ran(ended, 128 - code if code < 0 else code)


def _attended(process: "subprocess.Popen[bytes]", pipes: Pipes, run_mark: str) -> tuple[Ended, int]:
    try:
        ended = pipes.until_ended()
    finally:
        end_group(process.pid, run_mark)
        code = process.wait()
        try:
            pipes.drain()
        finally:
            pipes.close()
    return ended, code


def _start(command: SandboxCommand, folder: Path, env: dict[str, str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [*dies_with_us(), program(command.argv[0], folder, env), *command.argv[1:]],
        cwd=folder,
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        start_new_session=True,
    )


def _not_started(command: SandboxCommand, clocks: Clocks, error: OSError) -> Ran:
    if error.errno not in {errno.ENOENT, errno.EACCES, errno.ENOTDIR, errno.ENOEXEC, errno.ELOOP, errno.E2BIG}:
        raise InfraError(
            f"can't start {command.argv[0]}", found=str(error), todo="check disk and memory; run it again"
        ) from error
    clocks.take(f"{command.argv[0]}: {error.strerror}\n".encode(), of_stderr=True)
    return clocks.ran("exited", 127 if error.errno == errno.ENOENT else 126)
