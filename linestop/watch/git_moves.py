"""Commands that take git to another state: the same call before and after asks about something else."""

import re
from functools import lru_cache

_MAX_COMMAND = 2_000  # characters looked at
_MOVES = re.compile(
    r"(?:^|[;&|(]\s*|\s)git\s+(?:-\S+\s+\S+\s+)*"
    r"(?:checkout|switch|bisect|reset|restore|stash|pull|merge|rebase|revert|cherry-pick|apply|am|clean)\b"
)


def moves_git(command: str) -> bool:
    """Return whether a shell command takes git to another state."""
    return _found(command[:_MAX_COMMAND])


@lru_cache(maxsize=2048)
def _found(command: str) -> bool:
    return bool(_MOVES.search(command))
