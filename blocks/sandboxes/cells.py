"""The folders of one cell outside its workspace: home, /tmp and what the sandbox itself needs. Removed at its close.

They lie in `$LINESTOP_HOME/cells/`. What a killed linestop left there goes when the next cell is opened.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from linestop.blocks.sandboxes.clocks import Clocks
from linestop.blocks.sandboxes.ownership import given_back
from linestop.blocks.worktree_folders import remove
from linestop.errors import InfraError
from linestop.home import workplace
from linestop.ports import Ran, SandboxCommand
from linestop.records import holder, is_alive

_IDENTITY = "[user]\n\tname = agent\n\temail = agent@localhost.invalid\n"  # commits fail without one
LENT = ".lent"
_WORD_PAGES = 32  # MAX_ARG_STRLEN of Linux: what one word or variable may have
_MAX_ROOM_BYTES, _POINTER_BYTES = 6 * 2**20, 8  # of all together, however large the stack; each counts with its place
_SPARE_BYTES = 64 * 2**10  # for the words and variables that a sandbox itself puts before a command's
_SHOWN_CHARS = 100
HOLDER = ".holder"  # beside a cell's folder: who may still be using it


@dataclass(frozen=True)
class Scratch:
    """A cell's folders. `home`, `tmp` and `git` are its processes' to write, the others aren't shown as such."""

    folder: Path

    @property
    def home(self) -> Path:
        """The agent's home."""
        return self.folder / "home"

    @property
    def tmp(self) -> Path:
        """What is /tmp inside an isolating sandbox."""
        return self.folder / "tmp"

    @property
    def git(self) -> Path:
        """The git directory that the workspace has inside."""
        return self.folder / "git"

    @property
    def objects(self) -> Path:
        """Where the repository's objects are inside, one numbered folder each; nothing lies there outside."""
        return self.folder / "objects"

    def written(self, *, git: bool) -> tuple[Path, ...]:
        """Return the folders that its processes fill, the workspace apart."""
        return (self.home, self.tmp, self.git) if git else (self.home, self.tmp)

    @property
    def etc(self) -> Path:
        """Files of /etc that are written for it."""
        return self.folder / "etc"

    @property
    def run(self) -> Path:
        """What the sandbox itself needs at a command's start."""
        return self.folder / "run"

    @property
    def lent(self) -> Path:
        """Where it is noted that the workspace was lent to another user."""
        return self.folder.with_suffix(LENT)

    @property
    def empty(self) -> Path:
        """An empty file, to lay over another."""
        return self.run / "empty"


@contextmanager
def scratch(parent: Path | None = None) -> Iterator[Scratch]:
    """Yield the folders of a new cell and remove them.

    Raises:
        InfraError: they can't be made.
    """
    cells = parent or workplace() / "cells"
    name = uuid4().hex[:12]
    made = Scratch(cells / name)
    try:
        cells.mkdir(parents=True, exist_ok=True)
        _sweep(cells)
        (cells / f"{name}{HOLDER}").write_text(holder())
        for folder in (made.folder, made.home, made.tmp, made.etc, made.run):
            folder.mkdir(mode=0o700)
        made.empty.touch()
        (made.home / ".gitconfig").write_text(_IDENTITY)
    except OSError as error:
        raise InfraError(
            f"no folder for a sandbox can be made in {cells}", found=str(error), todo="check disk and rights"
        ) from error
    try:
        yield made
    finally:
        _remove(made.folder)


def refusal(command: SandboxCommand, workspace: Path, clocks: Clocks) -> Ran | None:
    """Return how a command ends that can't be started here, None where it can be tried."""
    why = _untellable((*command.argv, command.cwd, *(f"{name}={value}" for name, value in command.env.items())))
    if not why and folder_inside(workspace, command.cwd) is None:
        why = f"{command.cwd}: no such folder in the workspace"
    if not why:
        return None
    clocks.take(f"{command.argv[0][:_SHOWN_CHARS]!r}: {why}\n".encode(errors="replace"), of_stderr=True)
    return clocks.ran("exited", 126)


def _untellable(words: Sequence[str]) -> str:
    """Return why the kernel takes no such words from anybody, empty where it does: no fault of the machine."""
    try:
        sizes = [len(os.fsencode(word)) + 1 for word in words]
    except UnicodeEncodeError:
        return "a word or value is no text: it holds half a character"
    if any("\0" in word for word in words):  # it would end a word where somebody else's begins
        return "no word or value may hold a zero byte"
    room = min(os.sysconf("SC_ARG_MAX"), _MAX_ROOM_BYTES) - _SPARE_BYTES
    if max(sizes) > _WORD_PAGES * os.sysconf("SC_PAGE_SIZE") or sum(sizes) + len(sizes) * _POINTER_BYTES > room:
        return "its words are too long: put long text into a file, or onto its input"
    return ""


def folder_inside(workspace: Path, relative: str) -> Path | None:
    """Return a folder of a workspace by its relative path; None where there is none, or a link leads out of it."""
    folder = (workspace / relative).resolve()
    return folder if folder.is_relative_to(workspace.resolve()) and folder.is_dir() else None


def _sweep(cells: Path) -> None:
    for note in cells.glob(f"*{HOLDER}"):
        with suppress(OSError, UnicodeDecodeError):
            if not is_alive(note.read_text(encoding="utf-8")):
                given_back(note.with_suffix(LENT))
                _remove(note.with_suffix(""))


def _remove(folder: Path) -> None:
    """Remove a cell's folder, then the note of its holder: in this order nothing is ever forgotten."""
    with suppress(InfraError, OSError):
        remove(folder)
        folder.with_suffix(HOLDER).unlink(missing_ok=True)
