"""A candidate in a person's editor (editor.py), and the keys of `linestop debrief walk`. On a terminal only."""

import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from linestop.debrief import Candidate
from linestop.deployments.cli.debrief_page import as_text
from linestop.deployments.cli.editor import on_a_terminal, open_editor
from linestop.errors import UsageError

KEYS = {"a": "accept", "e": "edit", "d": "drop", "s": "skip", "q": "quit"}


def is_terminal() -> bool:
    """Return whether a person sits there: what asks must be seen, on stderr, and answered."""
    return on_a_terminal(sys.stderr)


def edited(candidate: Candidate, *, kept: Path | None = None) -> tuple[Path, bool]:
    """Open a candidate, or the text kept of an earlier try, in the person's editor; return the file and if it changed.

    Raises:
        UsageError: nobody sits at a terminal, or the editor can't be run.
    """
    if not is_terminal():
        raise UsageError(
            "nobody can edit here",
            found="no terminal",
            todo=f"linestop debrief accept {candidate.id} --title … --why …",
        )
    path = kept or _written(as_text(candidate))
    before = path.read_bytes()
    open_editor(path)
    return path, path.read_bytes() != before


def ask(question: str, allowed: Mapping[str, str] | None = None) -> str:
    """Return a person's answer to a question; one of the `allowed` letters where there are some, or its whole word."""
    while True:
        sys.stderr.write(question)
        sys.stderr.flush()
        line = sys.stdin.readline()
        if not line:
            return "q" if allowed else ""
        answer = line.strip()
        if not allowed:
            return answer
        if (chosen := answer.lower()) in {*allowed, *allowed.values()}:
            return chosen[0]
        sys.stderr.write(f"one of {', '.join(allowed)}, please\n")


def _written(text: str) -> Path:
    handle, name = tempfile.mkstemp(prefix="linestop-candidate-", suffix=".toml")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    return Path(name)
