"""Options that several commands share, so that they are called the same everywhere."""

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

Json = Annotated[bool, Parameter(name="--json")]
Global = Annotated[bool, Parameter(name="--global")]
Everything = Annotated[bool, Parameter(name="--all")]
Repo = Annotated[
    Path,
    Parameter(name="--repo", show_default=False, help="Any folder in the repository; the one you stand in by default."),
]
MaybeRepo = Annotated[Path | None, Parameter(name="--repo")]  # each command says what is done where none is named


def listed(name: str, line: str) -> str | None:
    """Return a verb's line for its group's help; none for the one that was called, which shows its own, with examples.

    A verb that is loaded lazily has no other way to be listed.
    """
    return None if name in sys.argv[1:] else line
