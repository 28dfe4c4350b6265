"""Test commands as words: which runner one starts, and with what."""

import shlex
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Literal

from linestop.errors import PolicyError

Runner = Literal["pytest", "unittest", "command"]
_PYTHONS = ("python", "python3", "py")
_OPERATORS = frozenset({"&&", "||", ";", "|", ">", ">>", "<", "&", "2>&1"})


def split_command(command: str) -> tuple[str, ...]:
    """Return a command's words.

    Raises:
        PolicyError: it is empty, has an open quote or needs a shell.
    """
    try:
        found = tuple(shlex.split(command))
    except ValueError as error:
        raise _unusable(command, str(error)) from error
    if not found:
        raise _unusable(command, "no words")
    if operators := _OPERATORS & set(found):
        raise _unusable(command, f"a shell's {' '.join(sorted(operators))}, and no shell is used")
    return found


def recognise(argv: Sequence[str]) -> tuple[Runner, tuple[str, ...]]:
    """Return the runner of a command and its arguments; ("command", all words) where it is neither of the two."""
    found = tuple(argv)
    name = PurePosixPath(found[0]).name if found else ""
    if name in {"pytest", "py.test"}:
        return "pytest", found[1:]
    if is_python(name) and found[1:2] == ("-m",) and found[2:3] and found[2] in {"pytest", "unittest"}:
        return ("pytest" if found[2] == "pytest" else "unittest"), found[3:]
    return "command", found


def recognise_in_script(argv: Sequence[str]) -> tuple[Runner, tuple[str, ...]] | None:
    """Return runner and arguments of a command of tox, nox or make, looking through `coverage run -m` and the like."""
    found = tuple(argv)
    for place, word in enumerate(found):
        name = PurePosixPath(word).name
        if name in {"pytest", "py.test"}:
            return "pytest", found[place + 1 :]
        if name == "unittest" and place and found[place - 1] == "-m":
            return "unittest", found[place + 1 :]
    return None


def is_python(name: str) -> bool:
    """Return whether a program's name is a Python interpreter's."""
    return name in _PYTHONS or name.startswith("python3.")


def script_words(line: str) -> tuple[str, ...]:
    """Return the words of a line of tox or make; nothing where it can't be split."""
    try:
        return tuple(shlex.split(line.lstrip("@-+ "), comments=True))
    except ValueError:
        return ()


def _unusable(command: str, found: str) -> PolicyError:
    return PolicyError(
        f"checks.command can't be used: {command!r}",
        found=found,
        todo="put more than one command into a script or make",
    )
