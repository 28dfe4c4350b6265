"""The bare commands that a run contains: seen by an audit hook while it runs, run again bare afterwards.

The hook sees every process that any part of linestop starts; nothing has to be patched or told. It sees the folders
that are removed as well: a command that runs again finds what it found the first time, and no worktree in its way.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

from pydantic import BaseModel, ConfigDict

WRAPPER = ("setpriv", "--pdeathsig", "KILL")  # ours, not the bare command's
THROWN_AWAY = "linestop-checks-"  # blocks/check_folder.py: the folder that one run of checks happens in
_REMOVALS = ("shutil.rmtree", "linestop.remove")  # the second is blocks/worktree_folders.py's
_NOT_STARTED = 126  # and 127
_GIT_FATAL = 128


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


class Removal(BaseModel):
    """A folder that was removed; `kept` is a copy of what commands need of it, None where they need nothing."""

    model_config = ConfigDict(frozen=True)

    path: Path
    kept: Path | None = None


@dataclass
class Seen:
    """What a run did, in order. `hook_seconds` is the time that looking took: no part of the run."""

    keep: Path
    steps: list[Command | Removal] = field(default_factory=list)
    hook_seconds: float = 0.0

    @property
    def commands(self) -> list[Command]:
        """Return the processes."""
        return [step for step in self.steps if isinstance(step, Command)]


class _Watch:
    """What the hook writes to; a hook can't be taken away again, so it is switched by `seen`."""

    seen: Seen | None = None
    hooked = False


@contextmanager
def seen_commands(keep: Path) -> Iterator[Seen]:
    """Yield what every thread of this process does meanwhile; copies of folders go to `keep`."""
    if not _Watch.hooked:
        sys.addaudithook(_hook)
        _Watch.hooked = True
    shutil.rmtree(keep, ignore_errors=True)
    keep.mkdir(parents=True)
    _Watch.seen = Seen(keep)
    try:
        yield _Watch.seen
    finally:
        _Watch.seen = None


def replay(steps: Sequence[Command | Removal]) -> tuple[float, int]:
    """Run the commands one after the other, bare; return their seconds and how many could not be run again.

    What a command read from its standard input isn't known: it gets none, and is a little faster than it was.
    """
    for step in steps:
        if isinstance(step, Removal) and step.kept:
            shutil.copytree(step.kept, step.path, symlinks=True, dirs_exist_ok=True)
    seconds, lost = 0.0, 0
    for step in steps:
        if isinstance(step, Removal):
            shutil.rmtree(step.path, ignore_errors=True)
            continue
        start = perf_counter()
        ran = _run(step)
        seconds += perf_counter() - start
        lost += not ran
    return seconds, lost


def _run(command: Command) -> bool:
    try:
        done = subprocess.run(
            command.bare, cwd=command.cwd, env=command.env, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    except OSError:
        return False
    started = 0 <= done.returncode < _NOT_STARTED
    return started or (done.returncode == _GIT_FATAL and "--pathspec-from-file=-" in command.bare)  # told nothing


def _hook(event: str, words: tuple[Any, ...]) -> None:
    seen = _Watch.seen
    if seen is None or event not in {"subprocess.Popen", *_REMOVALS}:
        return
    start = perf_counter()
    step = _command(words) if event == "subprocess.Popen" else _removal(Path(os.fsdecode(words[0])), seen.keep)
    if isinstance(step, Removal) or step.bare != ("true",):  # the wrapper trying itself out
        seen.steps.append(step)
    seen.hook_seconds += perf_counter() - start


def _command(words: tuple[Any, ...]) -> Command:
    _, argv, cwd, env = words
    return Command(
        argv=tuple(os.fsdecode(word) for word in argv),
        cwd=os.fsdecode(cwd) if cwd else str(Path.cwd()),
        env={os.fsdecode(name): os.fsdecode(value) for name, value in (os.environ if env is None else env).items()},
    )


def _removal(path: Path, keep: Path) -> Removal:
    kept = keep / path.name
    if not path.name.startswith(THROWN_AWAY) or kept.exists():
        return Removal(path=path)
    left = {"report.xml", "home", "tmp"}
    shutil.copytree(path, kept, symlinks=True, ignore=lambda at, names: left & {*names} if Path(at) == path else set())
    for name in ("home", "tmp"):  # a run starts with empty ones
        (kept / name).mkdir(exist_ok=True)
    return Removal(path=path, kept=kept)
