"""Ends what a command leaves behind: its process group, and processes that left the group but carry its mark.

The mark is a variable in the environment, as build servers do it. A process that hides on purpose (a new session and
another environment) gets away: only a pid namespace holds that one, and that is a sandbox's job.
"""

import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

_NAME = "RUN_MARK"
_ROUNDS = 5  # a process may fork between the look and the kill
_PROC = Path("/proc")


def mark(env: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """Return the environment with a mark that no other command has, and the mark."""
    value = uuid4().hex
    return {**env, _NAME: value}, f"{_NAME}={value}"


def end_group(group: int, run_mark: str) -> None:
    """Kill a process group and every process that carries the mark. Killing what has ended does nothing."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
    for _ in range(_ROUNDS):
        pids = _marked(run_mark.encode())
        if not pids:
            return
        for pid in pids:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)


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
