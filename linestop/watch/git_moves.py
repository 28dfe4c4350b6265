"""Commands that take git to another state: the same call before and after asks about something else."""

import re
from functools import lru_cache

_MAX_COMMAND = 2_000  # characters looked at
_MOVES = frozenset(
    "checkout switch bisect reset restore stash pull merge rebase revert cherry-pick apply am clean".split()  # noqa: SIM905
)
_WORDS = re.compile(r"[^\s;&|()]+")
_TAKES_VALUE = frozenset({"-C", "-c"})


def moves_git(command: str) -> bool:
    """Return whether a shell command takes git to another state."""
    return _found(command[:_MAX_COMMAND])


@lru_cache(maxsize=2048)
def _found(command: str) -> bool:
    words = iter(_WORDS.findall(command))
    after_git = False
    for word in words:
        if word == "git" or word.endswith("/git"):
            after_git = True
        elif after_git and word.startswith("-"):
            if word in _TAKES_VALUE:
                next(words, "")
        else:
            if after_git and word in _MOVES:
                return True
            after_git = False
    return False
