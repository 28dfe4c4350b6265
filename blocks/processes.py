"""Runs commands: a list, never a shell, in a process group that is gone when the call returns.

Owns time-outs and exit codes. A command that can't be found or started is a value (exit code 127 or 126), as it is to
a shell. Its environment is process_environment.py; being cancelled is cancellation.py; git has its own way,
git_commands.py; servers that outlive a call are deployments/detached.py.
"""

import errno
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from time import monotonic

from linestop.blocks.cancellation import CommandCancelledError, current_cancellation
from linestop.blocks.process_environment import clean_environment
from linestop.blocks.process_output import Kept, OutputReader
from linestop.blocks.stragglers import end_group, mark
from linestop.errors import InfraError
from linestop.verdicts import CommandRun

__all__ = ["capture", "clean_environment", "dies_with_us", "program", "run_command"]

MAX_OUTPUT_CHARS = 8_000  # verdicts.CommandRun
MAX_STDOUT_BYTES = 64_000_000  # a scanner's report of a large repository is some 10 MB
_BYTES_PER_CHAR = 4  # at most, in UTF-8
_MACHINE_IS_FULL = frozenset({errno.ENOMEM, errno.EAGAIN, errno.EMFILE, errno.ENFILE, errno.ENOSPC})


def run_command(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    timeout_seconds: float,
    max_output_chars: int = MAX_OUTPUT_CHARS,
) -> CommandRun:
    """Run a command to its end and return it with the tail of stdout and stderr as they came.

    Raises:
        InfraError: `cwd` is gone, or the machine can't start a process.
        CommandCancelledError: the run it belongs to was cancelled.
    """
    talk = Kept(max_output_chars * _BYTES_PER_CHAR, tail=True)
    return _run(argv, cwd, env, timeout_seconds, max_output_chars, talk=talk, stdout=None)


def capture(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    timeout_seconds: float,
    max_output_chars: int = MAX_OUTPUT_CHARS,
) -> tuple[CommandRun, str]:
    """Run a command and return it with its whole stdout (at most MAX_STDOUT_BYTES); the run's output is its stderr.

    Raises:
        InfraError: as `run_command`.
        CommandCancelledError: as `run_command`.
    """
    talk = Kept(max_output_chars * _BYTES_PER_CHAR, tail=True)
    stdout = Kept(MAX_STDOUT_BYTES, tail=False)
    return _run(argv, cwd, env, timeout_seconds, max_output_chars, talk=talk, stdout=stdout), stdout.text()


def _run(
    argv: Sequence[str],
    cwd: Path,
    env: Mapping[str, str],
    timeout_seconds: float,
    max_output_chars: int,
    *,
    talk: Kept,
    stdout: Kept | None,
) -> CommandRun:
    start = monotonic()
    environment, run_mark = mark(env)
    try:
        process = _start(argv, cwd, environment, apart=stdout is not None)
    except OSError as error:
        return _not_started(argv, cwd, error, monotonic() - start)
    cancellation = current_cancellation()
    sinks = {process.stdout: stdout or talk, process.stderr: talk}
    reader = OutputReader(process, {pipe: sink for pipe, sink in sinks.items() if pipe})
    ended = False
    try:
        ended = reader.until_ended(start + timeout_seconds, cancellation)
    finally:
        end_group(process.pid, run_mark)
        code = process.wait()
        reader.drain()
        reader.close()
    if cancellation.asked and not ended:
        raise CommandCancelledError(f"{argv[0]} was killed: its run was cancelled")
    return CommandRun(
        argv=tuple(argv),
        exit_code=(128 - code if code < 0 else code) if ended else None,
        seconds=monotonic() - start,
        output=talk.text()[-max_output_chars:],
        timed_out=not ended,
    )


def _start(argv: Sequence[str], cwd: Path, env: Mapping[str, str], *, apart: bool) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [*dies_with_us(), program(argv[0], cwd, env), *argv[1:]],
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE if apart else subprocess.STDOUT,
        bufsize=0,
        start_new_session=True,
    )


def program(name: str, cwd: Path, env: Mapping[str, str]) -> str:
    """Return the absolute path of a program, looked up on the PATH it will have, not on ours.

    Raises:
        FileNotFoundError: there is none.
        PermissionError: it can't be executed.
    """
    path = cwd / name if os.sep in name else Path(shutil.which(name, path=env.get("PATH", os.defpath)) or "")
    if not path.is_absolute() or not path.exists():
        raise FileNotFoundError(errno.ENOENT, "command not found", name)
    if not path.is_file() or not os.access(path, os.X_OK):
        raise PermissionError(errno.EACCES, "not executable", name)
    return str(path)


@cache
def dies_with_us() -> tuple[str, ...]:
    """Return the words that make a command end when linestop is killed with -9; none where setpriv can't do it."""
    setpriv = shutil.which("setpriv")
    words = (setpriv, "--pdeathsig", "KILL") if setpriv else ()
    if words and subprocess.run([*words, "true"], capture_output=True, check=False).returncode == 0:
        return words
    return ()


def _not_started(argv: Sequence[str], cwd: Path, error: OSError, seconds: float) -> CommandRun:
    if not cwd.is_dir() or error.errno in _MACHINE_IS_FULL:
        raise InfraError(
            f"can't start {argv[0]} in {cwd}", found=str(error), todo="check disk, memory and the folder; run it again"
        ) from error
    code = 127 if error.errno == errno.ENOENT else 126
    return CommandRun(argv=tuple(argv), exit_code=code, seconds=seconds, output=f"{argv[0]}: {error.strerror}")
