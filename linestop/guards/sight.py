"""What a guard sees of a candidate, and how it says no."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Protocol

from linestop.changes import Change
from linestop.plans import Chunk, Plan
from linestop.text import plain
from linestop.verdicts import Violation


@dataclass(frozen=True)
class Sight:
    """The changes that a rule may object to (those its allow-list names are left out), and the plan they were for."""

    changes: tuple[Change, ...]
    plan: Plan
    chunk: Chunk | None
    max_out_of_scope: int
    is_test: Callable[[str], bool]

    def written(self) -> Iterator[Change]:
        """Yield the changes that leave a file behind."""
        return (change for change in self.changes if not change.deleted)


class Guard(Protocol):
    """One rule. Never raises: what it can't read it objects to, where the rule is about that file."""

    def __call__(self, sight: Sight) -> Iterable[Violation]:
        """Yield a violation for each path that breaks the rule."""
        ...


def violation(rule: str, path: str, message: str) -> Violation:
    """Return a violation; the path is a stranger's text."""
    name = plain(path)
    return Violation(rule=rule, path=name, message=f"{name}: {message}")


def named(path: str, patterns: Iterable[str]) -> bool:
    """Return whether the path, or its last part, has one of these names; case does not tell files apart here."""
    whole = path.casefold()
    last = whole.rpartition("/")[2]
    return any(fnmatchcase(whole if "/" in pattern else last, pattern) for pattern in patterns)


def lines(data: bytes | None) -> list[str]:
    """Return the lines of a file as text, however it is encoded; nothing for no file."""
    text = (data or b"").replace(b"\0", b"").decode("utf-8", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
