"""Every error linestop raises on purpose. Owns the tree; the command line turns it into text and an exit code.

```
LinestopError            what failed, what was found, what to do        exit 1
├── UsageError           the call's words are off                       exit 2
├── PolicyError          .linestop/config.toml or the environment       exit 2
├── RepositoryError      git, a worktree, a branch
├── PlanError            a plan that the validator refuses
├── TrackerError         the tracker can't be read or written
├── RecordError          a run record can't be read or written
├── ToolError            a scanner or another command is missing or broke
├── ServerError          the Prefect server can't be reached or started
└── InfraError           may be retried: disk, network, a lock held by another
    └── BusyError        a provider's rate limit or overload: come back at a time
```

"Not met", "denied" and "stopped" are values (verdicts.py), never exceptions.
"""

from datetime import datetime


class LinestopError(Exception):
    """Something failed in a way that a person must hear about."""

    exit_code = 1

    def __init__(self, what: str, *, found: str = "", todo: str = "") -> None:
        self.what = what
        self.found = found
        self.todo = todo
        super().__init__(what)

    @property
    def gist(self) -> str:
        """What failed and what was found, for where one line has room; the words of others in it aren't plain yet."""
        return f"{self.what}: {self.found}" if self.found else self.what

    @property
    def line(self) -> str:
        """All three parts as one line, as `gist`."""
        return f"{self.gist}; do: {self.todo}" if self.todo else self.gist

    def __str__(self) -> str:
        parts = [self.what]
        if self.found:
            parts.append(f"found: {self.found}")
        if self.todo:
            parts.append(f"do: {self.todo}")
        return "\n  ".join(parts)

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.what, self.found, self.todo))


def _rebuild(kind: type[LinestopError], what: str, found: str, todo: str) -> LinestopError:
    return kind(what, found=found, todo=todo)


class UsageError(LinestopError):
    """The call's words are off."""

    exit_code = 2


class PolicyError(LinestopError):
    """The policy of the repository or the machine's settings can't be used."""

    exit_code = 2


class RepositoryError(LinestopError):
    """Git refused, or the repository is not what the run needs."""


class PlanError(LinestopError):
    """A plan can't be read or breaks a rule of the validator."""


class TrackerError(LinestopError):
    """The tracker can't be read or written."""


class RecordError(LinestopError):
    """A run record can't be read or written."""


class ToolError(LinestopError):
    """A scanner or another command is missing or broke."""


class ServerError(LinestopError):
    """The Prefect server can't be reached or started."""


class InfraError(LinestopError):
    """The machine failed, not the work: it may be retried and uses up no attempt."""


class BusyError(InfraError):
    """A provider asks to come back later. `until` is when, in UTC; None where it doesn't say."""

    def __init__(self, what: str, *, found: str = "", todo: str = "", until: datetime | None = None) -> None:
        super().__init__(what, found=found, todo=todo)
        self.until = until

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild_busy, (self.what, self.found, self.todo, self.until))


def _rebuild_busy(what: str, found: str, todo: str, until: datetime | None) -> BusyError:
    return BusyError(what, found=found, todo=todo, until=until)
