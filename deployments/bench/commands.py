"""The bare commands that a run contains: seen by an audit hook while it runs, run again bare afterwards.

The hook sees every process that any part of linestop starts; nothing has to be patched or told.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from linestop.deployments.bench.pairs import timed

WRAPPER = ("setpriv", "--pdeathsig", "KILL")  # ours, not the bare command's


class Command(BaseModel):
    """A process as it was started."""

    model_config = ConfigDict(frozen=True)

    argv: tuple[str, ...]
    cwd: str
    env: dict[str, str]

    @property
    def bare(self) -> tuple[str, ...]:
        """Return the command without linestop's own wrapper."""
        wrapped = len(self.argv) > len(WRAPPER) and Path(self.argv[0]).name == WRAPPER[0]
        return self.argv[len(WRAPPER) :] if wrapped and self.argv[1:3] == WRAPPER[1:] else self.argv


class _Seen:
    """What the hook writes to; a hook can't be taken away again, so it is switched by `commands`."""

    commands: list[Command] | None = None
    hooked = False


@contextmanager
def seen_commands() -> Iterator[list[Command]]:
    """Yield a list that every process started meanwhile, by any thread, is added to."""
    if not _Seen.hooked:
        sys.addaudithook(_hook)
        _Seen.hooked = True
    _Seen.commands = []
    try:
        yield _Seen.commands
    finally:
        _Seen.commands = None


def replay(commands: Sequence[Command]) -> tuple[float, int]:
    """Run the commands one after the other, bare; return the seconds and how many ended by a signal or didn't start."""
    failed = 0

    def run() -> None:
        nonlocal failed
        failed = sum(not _run(command) for command in commands)

    return timed(run), failed


def _run(command: Command) -> bool:
    try:
        done = subprocess.run(
            command.bare, cwd=command.cwd, env=command.env, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    except OSError:
        return False
    return 0 <= done.returncode < 126  # noqa: PLR2004  # 126 and 127: not started


def _hook(event: str, words: tuple[Any, ...]) -> None:
    if event != "subprocess.Popen" or _Seen.commands is None:
        return
    _, argv, cwd, env = words
    command = Command(
        argv=tuple(os.fsdecode(word) for word in argv),
        cwd=os.fsdecode(cwd) if cwd else str(Path.cwd()),
        env={os.fsdecode(name): os.fsdecode(value) for name, value in (os.environ if env is None else env).items()},
    )
    if command.bare != ("true",):  # the wrapper trying itself out
        _Seen.commands.append(command)
