"""Starts one command in bubblewrap, puts it under its limits before it runs anything, and ends all of it.

Its words go through a descriptor: neither they nor the command's environment are shown to other users' `ps`, nor to
the command itself in /proc/1. Bubblewrap's init is process 1 of the sandbox: when it dies, the kernel kills the rest.
"""

import json
import os
import select
import shutil
import signal
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import cache
from time import monotonic

from linestop.blocks.sandboxes.clocks import Clocks, Pipes, Probe
from linestop.blocks.sandboxes.growth import Growth, tree
from linestop.blocks.sandboxes.limits import Groups, TreeWatch, bound, counted_apart
from linestop.blocks.sandboxes.seccomp import filters as filters_here
from linestop.blocks.sandboxes.seccomp import program
from linestop.errors import InfraError, ToolError
from linestop.ports import Confinement, Ran

START_SECONDS = 20
_SIGKILLED = 128 + signal.SIGKILL
_TOO_LARGE = 128 + signal.SIGXFSZ
_TRY_SECONDS = 20


@dataclass(frozen=True)
class Bubblewrap:
    """The command."""

    path: str

    @classmethod
    def found(cls) -> "Bubblewrap":
        """Return it.

        Raises:
            ToolError: it isn't there, or can't make a sandbox on this machine.
        """
        path = shutil.which("bwrap")
        if path is None:
            raise _broken("no bwrap on PATH")
        _try_out(path)
        return cls(path)


def _broken(why: str) -> ToolError:
    return ToolError(
        "bubblewrap can't make a sandbox here",
        found=why,
        todo="apt install bubblewrap, and allow user namespaces (sysctl user.max_user_namespaces); "
        'or set sandbox.kind to "docker"',
    )


@cache
def _try_out(path: str) -> None:
    """Make a sandbox once. That it works is remembered, that it doesn't is not.

    Raises:
        ToolError: it doesn't work.
    """
    words = [path, "--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent", "--ro-bind", "/", "/"]
    try:
        done = subprocess.run(
            [*words, "--proc", "/proc", "--dev", "/dev", "true"],
            capture_output=True, text=True, check=False, timeout=_TRY_SECONDS, env={"PATH": os.defpath},
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _broken(str(error)) from error
    if done.returncode:
        raise _broken(done.stderr.strip()[-500:] or f"exit code {done.returncode}")


@dataclass(frozen=True)
class Bounds:
    """What holds a cell's processes."""

    confinement: Confinement
    groups: Groups
    growth: Growth

    def probes(self, pid: int) -> tuple[Probe, ...]:
        """Return what watches a tree of processes for what no control group holds."""
        held = self.groups.held
        processes = "pids" not in held and not counted_apart()
        watch = TreeWatch(pid, self.confinement, memory="memory" not in held, processes=processes)
        return watch, self.growth.watch(lambda: tree(pid))

    def put_on(self, pid: int) -> None:
        """Limit a process that hasn't run anything yet.

        Raises:
            InfraError: it can't be limited.
        """
        try:
            self.groups.add(pid)
            bound(pid, self.confinement, self.groups.held)
        except ProcessLookupError:  # it ended before it ran anything; bubblewrap says why
            return
        except OSError as error:
            raise InfraError(
                "a sandbox can't be put under its limits", found=str(error), todo="run it again"
            ) from error


def run_inside(tool: Bubblewrap, words: Sequence[str], argv: Sequence[str], clocks: Clocks, bounds: Bounds) -> Ran:
    """Run `argv` in bubblewrap, which is told `words`, to the end of it and of everything that it started.

    Raises:
        InfraError: the sandbox could not be set up.
        CommandCancelledError: the run it belongs to was cancelled.
    """
    bounds.groups.memory_killed()
    with ExitStack() as stack:
        process, status, gate = _started(tool, words, argv, stack)
        pipes = Pipes(process, clocks)
        report, handle = b"", None
        try:
            report = _first_line(status, process)
            handle = _put_under(bounds, _child(report), stack)
            clocks.probes = bounds.probes(process.pid)
            clocks.up()
            os.write(gate, b"1")
            ended = pipes.until_ended()
        finally:
            _kill(process, handle)
            code = process.wait()
            try:
                pipes.drain()
            finally:
                pipes.close()
        report += _rest(status)
    if ended == "exited" and b'"exit-code"' not in report:
        raise InfraError(
            "bubblewrap could not set the sandbox up", found=clocks.tail()[-1000:], todo="linestop doctor says more"
        )
    if ended == "exited" and code == _SIGKILLED and bounds.groups.memory_killed():
        ended = "memory"
    return clocks.ran("disk" if ended == "exited" and code == _TOO_LARGE else ended, code)


def _started(
    tool: Bubblewrap, words: Sequence[str], argv: Sequence[str], stack: ExitStack
) -> "tuple[subprocess.Popen[bytes], int, int]":
    """Return bubblewrap, the descriptor it reports to, and the one it waits for before it starts the command."""
    arguments = _memory_file(b"".join(os.fsencode(word) + b"\0" for word in words))
    stack.callback(os.close, arguments)
    filters = _memory_file(program())
    stack.callback(os.close, filters)
    refused = ["--seccomp", str(filters)] if filters_here() else []
    status, report = os.pipe()
    held, gate = os.pipe()
    own = ["--args", str(arguments), *refused, "--json-status-fd", str(report), "--block-fd", str(held)]
    try:
        process = subprocess.Popen(
            [tool.path, *own, "--", *argv],
            cwd="/", env={}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0,
            start_new_session=True, pass_fds=(arguments, filters, report, held),
        )  # fmt: skip
    except OSError as error:
        os.close(status)
        os.close(gate)
        raise InfraError("bubblewrap can't be started", found=str(error), todo="check memory; run it again") from error
    finally:
        os.close(report)
        os.close(held)
    stack.callback(os.close, status)
    stack.callback(os.close, gate)
    return process, status, gate


def _memory_file(content: bytes) -> int:
    descriptor = os.memfd_create("linestop")
    os.write(descriptor, content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _first_line(status: int, process: "subprocess.Popen[bytes]") -> bytes:
    """Return bubblewrap's first report; nothing where it ended or said nothing in time."""
    found, deadline, waiting = b"", monotonic() + START_SECONDS, select.poll()
    waiting.register(status, select.POLLIN | select.POLLHUP)
    while b"\n" not in found and monotonic() < deadline:
        readable = waiting.poll(100)
        if not readable and process.poll() is not None:
            break
        if readable and not (chunk := os.read(status, 4096)):
            break
        found += chunk if readable else b""
    return found


def _rest(status: int) -> bytes:
    os.set_blocking(status, False)
    with suppress(BlockingIOError):
        return os.read(status, 4096)
    return b""


def _child(report: bytes) -> int | None:
    try:
        return int(json.loads(report.splitlines()[0])["child-pid"])
    except (ValueError, IndexError, KeyError):
        return None


def _put_under(bounds: Bounds, inner: int | None, stack: ExitStack) -> int | None:
    """Put bubblewrap's init, which waits, under its limits; return a handle of it."""
    if inner is None:
        return None
    try:
        handle = os.pidfd_open(inner)
    except ProcessLookupError:
        return None
    stack.callback(os.close, handle)
    bounds.put_on(inner)
    return handle


def _kill(process: "subprocess.Popen[bytes]", handle: int | None) -> None:
    """Kill bubblewrap's init inside and wait until the kernel has killed all else there, then bubblewrap itself.

    Also where bubblewrap has ended: it ends with its command, and its init a moment later.
    """
    if handle is not None:
        with suppress(ProcessLookupError, PermissionError):
            signal.pidfd_send_signal(handle, signal.SIGKILL)
        waiting = select.poll()
        waiting.register(handle, select.POLLIN)
        waiting.poll(START_SECONDS * 1000)
    process.kill()
