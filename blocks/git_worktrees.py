"""The worktrees of one repository: where each lies, which of git's own folders is its, adding and removing them.

Looks from git's side only: what a worktree's own `.git` file says was in an agent's reach.
"""

import re
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from linestop.blocks.git_commands import GitCommands
from linestop.blocks.worktree_folders import remove
from linestop.errors import InfraError, RepositoryError
from linestop.home import workplaces
from linestop.locks import locked
from linestop.paths import Layout

BRANCHES = "refs/heads/linestop/"  # the only branches linestop ever moves


class GitWorktrees:
    """Adds, finds and removes worktrees below `layout.worktrees`."""

    def __init__(self, layout: Layout, common: Path) -> None:
        self.layout = layout
        self.common = common
        self._git = GitCommands(common)
        self._branches: dict[Path, str] = {}

    def path(self, name: str) -> Path:
        """Return the folder of the worktree `name`."""
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
            raise RepositoryError(
                f"{name!r} can't name a worktree", found="a character outside A-Z a-z 0-9 . _ -",
                todo="give the ticket or the chunk an id of these characters",
            )  # fmt: skip
        return self.layout.worktrees / name

    def add(self, name: str, *, branch: str, base: str) -> Path:
        """Return the worktree `name` on `branch`; one that stands on anything else is made anew.

        Raises:
            RepositoryError: it would lie inside the repository.
            InfraError: its owner has the branch checked out.
        """
        self.layout.require_work_outside()
        path, ref = self.path(name), f"refs/heads/{branch}"
        self._branches[path] = ref
        with self._lock():
            admin = self._admin(path)
            if admin and _is_folder(path) and _head(admin) == f"ref: {ref}":
                return path
            self._clear(path)
            self._forget_elsewhere(path)
            self._must_be_free(ref)
            if self._git.ok("show-ref", "--verify", "--quiet", ref):
                self._git.run("worktree", "add", "--quiet", str(path), branch)
            else:
                self._git.run("worktree", "add", "--quiet", "--no-track", "-b", branch, str(path), base)
        return path

    def detached(self, name: str, commit: str) -> Path:
        """Return a new worktree `name` at `commit` on no branch, in place of an older one."""
        path = self.path(name)
        self._branches.pop(path, None)
        with self._lock():
            self._clear(path)
            self._git.run("worktree", "add", "--quiet", "--force", "--detach", str(path), commit)
        return path

    def remove(self, name: str) -> None:
        """Remove the worktree `name` and what git knows of it; other worktrees are not looked at."""
        path = self.path(name)
        if path.is_symlink() or path.exists() or self._admin(path):
            with self._lock():
                self._clear(path)

    def git(self, checkout: Path) -> GitCommands:
        """Return git in a worktree.

        Raises:
            RepositoryError: it is none of ours.
        """
        admin = self._admin(checkout)
        if admin is None or not _is_folder(checkout):
            raise RepositoryError(f"{checkout} is no worktree of this repository", todo="run again: it is made anew")
        return GitCommands(admin, checkout, common_dir=self.common)

    def writable(self, checkout: Path) -> GitCommands:
        """Return git in a worktree whose HEAD stands where linestop put it: whoever works there can move it.

        Raises:
            RepositoryError: a commit there would move another branch than the worktree's own.
        """
        git = self.git(checkout)
        head, ref = _head(git.git_dir), self._branches.get(checkout)
        named = head.removeprefix("ref: ")
        ours = named == ref if ref else not head.startswith("ref: ") or named.startswith(BRANCHES)
        if not ours:
            raise RepositoryError(
                f"the worktree {checkout.name} was put on another branch",
                found=f"HEAD at {named}",
                todo="run again: the worktree is made anew, on its own branch",
            )
        return git

    def unlock(self, checkout: Path) -> None:
        """Remove git's locks of one worktree: only its ticket's holder writes there, an older one was killed."""
        admin = self.git(checkout).git_dir
        for name in ("index.lock", "HEAD.lock"):
            (admin / name).unlink(missing_ok=True)

    def _forget_elsewhere(self, path: Path) -> None:
        """Let a worktree of the same name go that lies in this home's other place: it would hold the branch.

        Its run was killed before the home was read-only, or while it was: whoever comes here holds the ticket.
        """
        for place in workplaces():
            other = place / path.relative_to(self.layout.worktrees.parents[1])
            if other != path and (admin := self._admin(other)):
                with suppress(InfraError):  # what can't be removed there holds nothing once git doesn't know it
                    remove(other)
                remove(admin)

    def _must_be_free(self, ref: str) -> None:
        """Refuse a branch that its owner has checked out: what is worked on there would be pulled from under them.

        Raises:
            InfraError: it is; nothing is wrong with the ticket.
        """
        words = self._git.run("worktree", "list", "--porcelain", "-z").split("\0")
        places = [word.removeprefix("worktree ") for word in words if word.startswith("worktree ")]
        branches = [word for word in words if word.startswith(("branch ", "detached", "bare"))]
        for place, branch in zip(places, branches, strict=False):
            if branch == f"branch {ref}":
                raise InfraError(
                    f"branch {ref.removeprefix('refs/heads/')} is checked out",
                    found=f"in {place}",
                    todo="switch to another branch there, then run again: nothing was lost",
                )

    def _admin(self, path: Path) -> Path | None:
        """Return git's own folder of the worktree at `path`, None where it knows of none."""
        for entry in sorted((self.common / "worktrees").glob("*/gitdir")):
            try:
                if Path(entry.read_text(encoding="utf-8", errors="surrogateescape").strip()).parent == path:
                    return entry.parent
            except OSError:
                continue
        return None

    def _clear(self, path: Path) -> None:
        """Remove a worktree by hand: git would refuse where its `.git` file was tampered with, and prunes others'."""
        remove(path)
        while admin := self._admin(path):
            remove(admin)

    def _lock(self) -> AbstractContextManager[None]:
        return locked(self.layout.worktrees / ".lock")


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _head(admin: Path) -> str:
    try:
        return (admin / "HEAD").read_text(encoding="utf-8", errors="surrogateescape").strip()
    except OSError:
        return ""
