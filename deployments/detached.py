"""Processes that outlive the command that started them: starting, naming and ending them.

Supervising them is supervision.py. Checks and scanners run in blocks/processes.py instead.
"""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import psutil

from linestop.errors import InfraError
from linestop.records import find_process

MAX_LOG_BYTES = 5_000_000  # beyond it a log is cut, and what it held is kept as `<name>.1`


def start_detached(argv: Sequence[str], *, env: dict[str, str], cwd: Path, log: Path) -> subprocess.Popen[bytes]:
    """Start a command in a session of its own, its output appended to `log`.

    Raises:
        InfraError: the command or the log can't be opened.
    """
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        bound_log(log)
        with log.open("ab") as output:
            return subprocess.Popen(
                argv, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )
    except OSError as error:
        raise InfraError(f"can't start {argv[0]}", found=str(error), todo=f"look at {log}") from error


def bound_log(log: Path) -> None:
    """Cut a log that has grown too large, and keep what it held as one older file.

    Its process goes on writing: it appends, so that the next line stands at the start.

    Raises:
        OSError: the disk refused; the log is as it was.
    """
    if log.is_file() and log.stat().st_size > MAX_LOG_BYTES:
        shutil.copyfile(log, log.with_suffix(f"{log.suffix}.1"))
        os.truncate(log, 0)


def end_processes(names: Sequence[str], *, grace_seconds: float = 15, spare: Sequence[str] = ()) -> int:
    """End processes and all they started, but for `spare`; whoever is left after the grace is killed.

    Return how many of `names` ran.
    """
    roots = [process for name in names if (process := find_process(name))]
    family = {process.pid: process for root in roots for process in [root, *_children(root)]}
    for pid in [process.pid for name in spare if (process := find_process(name))]:
        family.pop(pid, None)
    # Parents come first: a supervisor must know that it ends before it sees its parts go.
    for process in family.values():
        with contextlib.suppress(psutil.Error):
            process.terminate()
    _, left = psutil.wait_procs(list(family.values()), timeout=grace_seconds)
    for process in left:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(left, timeout=5)
    return len(roots)


def listens(name: str, port: int) -> bool:
    """Return whether a process or one that it started listens at a TCP port; True where that can't be looked up."""
    process = find_process(name)
    try:
        for one in [process, *_children(process)] if process else []:
            if any(at.status == psutil.CONN_LISTEN and at.laddr.port == port for at in one.net_connections("tcp")):
                return True
    except psutil.AccessDenied:
        return True
    except psutil.Error:  # it ended meanwhile
        return False
    return False


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


def tail(path: Path, *, max_chars: int = 1500) -> str:
    """Return the end of a log, empty where there is none."""
    try:
        with path.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - max_chars))
            return file.read().decode(errors="replace").strip()
    except OSError:
        return ""
