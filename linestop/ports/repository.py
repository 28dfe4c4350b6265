"""The ports to a repository: its findings, its checks, its git."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field

from linestop.changes import Change
from linestop.findings import Finding
from linestop.verdicts import CheckReport, CommandRun


class Scan(BaseModel):
    """What a source reported, and the command that said so."""

    model_config = ConfigDict(frozen=True)

    source: str
    findings: tuple[Finding, ...]
    run: CommandRun
    problems: tuple[str, ...] = Field(default=(), description="results that could not be used, one line each")


class FindingSource(Protocol):
    """Reports the problems of a source tree. Never writes to it."""

    name: str

    def scan(self, root: Path, *, rules: Sequence[str] | None = None, paths: Sequence[str] | None = None) -> Scan:
        """Return findings under `root`, narrowed to `rules` and `paths` (POSIX, relative) where given.

        Raises:
            ToolError: the command is missing, ended badly, or printed something that is no SARIF 2.1.0.
        """
        ...


class CheckRunner(Protocol):
    """Runs a repository's checks in any checkout of it."""

    def run(self, checkout: Path, *, only: Sequence[str] | None = None) -> CheckReport:
        """Return what the checks said in `checkout`; `only` narrows them to test ids where the runner can."""
        ...


class Candidate(BaseModel):
    """A commit somebody proposes, with the commit it starts from."""

    model_config = ConfigDict(frozen=True)

    base: str
    commit: str


class Workspaces(Protocol):
    """Git, as far as the loops need it. The main checkout and the base branch are never written."""

    root: Path

    def head(self, ref: str) -> str:
        """Return the commit of a ref. Raises RepositoryError where there is none."""
        ...

    def base_branch(self, configured: str | None) -> str:
        """Return the base branch's name: the configured one, else the one checked out."""
        ...

    def open(self, name: str, *, branch: str, base: str) -> Path:
        """Return the worktree `name` on `branch`, cut from `base` when new, found again when it exists."""
        ...

    def checkout(self, name: str, commit: str) -> Path:
        """Return a clean, detached checkout of `commit`; the caller closes it."""
        ...

    def close(self, name: str) -> None:
        """Remove the worktree `name`, whatever is in it. Closing what isn't there does nothing."""
        ...

    def restore(self, checkout: Path, *, commit: str, paths: Sequence[str]) -> None:
        """Put `paths` of `commit` over the checkout and remove what `commit` has not of them."""
        ...

    def commit(self, checkout: Path, *, message: str, parent: str = "HEAD") -> str | None:
        """Commit all that differs from `parent` as one commit on it; None where nothing does. No hook runs.

        Raises RepositoryError where the worktree was taken off its branch.
        """
        ...

    def set_aside(self, branch: str, *, tip: str, ticket: str) -> str | None:
        """Keep a person's commits on a ticket's branch beyond `tip` under another name; return it, None if no such."""
        ...

    def drop_branch(self, branch: str, *, at: str) -> None:
        """Remove a branch that stands at `at`; one that stands elsewhere, or isn't there, stays as it is."""
        ...

    def snapshot(self, checkout: Path) -> str:
        """Return a commit of the checkout as it stands, on no branch; HEAD stays where it is."""
        ...

    def reset(self, checkout: Path, commit: str) -> None:
        """Throw away all uncommitted work and everything after `commit`."""
        ...

    def diff(self, checkout: Path, base: str, commit: str) -> str:
        """Return the unified diff between two commits, without colour, external diff tools or text conversion."""
        ...

    def changed(self, base: str, commit: str) -> tuple[str, ...]:
        """Return the POSIX paths that differ between two commits, renames as both paths."""
        ...

    def changes(self, base: str, commit: str) -> tuple[Change, ...]:
        """Return what differs between two commits, path by path, with bytes and modes."""
        ...

    def files(self, commit: str) -> tuple[str, ...]:
        """Return every tracked path at a commit."""
        ...

    def read(self, commit: str, path: str) -> bytes | None:
        """Return a file's bytes at a commit, None where it isn't there."""
        ...

    def contains(self, ref: str, commit: str) -> bool:
        """Return whether `ref` holds `commit`, itself or a patch-equivalent one."""
        ...
