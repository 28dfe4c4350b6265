"""A person's editor, `$VISUAL` or `$EDITOR`, opened on a file. No shell; what was written is read by whoever asked."""

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TextIO

from linestop.errors import LinestopError, UsageError


def open_editor(path: Path) -> None:
    """Have a person edit a file, and return once the editor has ended.

    Raises:
        UsageError: it can't be started, or gave up.
    """
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    try:
        ended = subprocess.run([*_words(editor), str(path)], check=False).returncode
    except (OSError, ValueError) as error:
        raise UsageError(
            f"the editor {editor} can't be started",
            found=str(error),
            todo="set VISUAL or EDITOR, or give the text with options: see --help",
        ) from error
    if ended:
        raise UsageError(f"the editor {editor} gave up", found=f"exit code {ended}", todo="try again")


def on_a_terminal(shown: TextIO | None = None) -> bool:
    """Return whether a person can be asked: stdin and what is `shown` are terminals; None: stdout."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, shown or sys.stdout))


def say_kept(error: BaseException, path: Path, command: str) -> None:
    """Say where what a person wrote is kept and what takes it up again: on the error itself where it is ours."""
    kept = f"what you wrote is kept: {command} {shlex.quote(str(path))}"
    if isinstance(error, LinestopError):
        error.todo = f"{error.todo}; {kept}" if error.todo else kept
    else:
        sys.stderr.write(f"{kept}\n")


def _words(editor: str) -> list[str]:
    if not (words := shlex.split(editor)):
        raise ValueError("it is called by nothing but blanks")  # else the file itself would be run
    return words
