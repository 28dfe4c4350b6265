"""Ends what a command leaves behind: its process group, and processes that left the group but carry its mark.

The mark is a variable in the environment, as build servers do it. A process that hides on purpose (a new session and
another environment) gets away: only a pid namespace holds that one, and that is a sandbox's job.
"""

import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from select import POLLIN, poll
from uuid import uuid4

_NAME = "RUN_MARK"
_MAX_MS_TO_DIE = 5_000
_ROUNDS = 5  # a process may fork between the look and the kill
_PROC = Path("/proc")


def mark(env: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """Return the environment with a mark that no other command has, and the mark."""
    value = uuid4().hex
    return {**env, _NAME: value}, f"{_NAME}={value}"


def end_group(group: int, run_mark: str) -> None:
    """Kill a process group and every process that carries the mark, and wait until they are gone."""
    for _ in range(_ROUNDS):
        handles = [handle for pid in _marked(run_mark.encode()) if (handle := _handle(pid)) is not None]
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
        if not handles:
            return
        for handle in handles:
            _end(handle)


def _handle(pid: int) -> int | None:
    """Return a descriptor of a process, which no later process of the same number can be mistaken for."""
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return None


def _end(handle: int) -> None:
    """Kill a process and wait for its end; one that sits in the kernel for longer is left to it."""
    try:
        with suppress(ProcessLookupError, PermissionError):
            signal.pidfd_send_signal(handle, signal.SIGKILL)
            waiting = poll()  # not select(): that one ends at 1024 open files
            waiting.register(handle, POLLIN)
            waiting.poll(_MAX_MS_TO_DIE)
    finally:
        os.close(handle)


def _marked(run_mark: bytes) -> list[int]:
    """Return the living processes that carry the mark; none where there is no /proc. A zombie has no environment."""
    if not _PROC.is_dir():
        return []
    return [int(path.name) for path in _PROC.iterdir() if path.name.isdigit() and _carries(path.name, run_mark)]


def _carries(pid: str, run_mark: bytes) -> bool:
    try:
        return run_mark in (_PROC / pid / "environ").read_bytes()
    except OSError:
        return False
