"""Git worktrees as workspaces: the adapter of the Workspaces port. Running git itself is git_commands.py.

The main checkout's files and the base branch are never written; worktrees lie in `$LINESTOP_HOME/worktrees/`.
"""

import fcntl
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from linestop.blocks.git_commands import GitCommands
from linestop.errors import RepositoryError
from linestop.paths import Layout


class GitWorkspaces:
    """The worktrees of one repository."""

    def __init__(self, root: Path) -> None:
        self.layout = Layout(root)
        self.root = self.layout.root
        self._common = _common_dir(self.root)
        self._git = GitCommands(self._common)

    def head(self, ref: str) -> str:
        """Return the commit of a ref.

        Raises:
            RepositoryError: there is no such commit.
        """
        try:
            return self._git.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}").strip()
        except RepositoryError as error:
            raise RepositoryError(
                f"there is no commit at {ref!r} in {self.root}",
                found="an empty repository or an unknown branch",
                todo="commit something there, or name another branch",
            ) from error

    def base_branch(self, configured: str | None) -> str:
        """Return the configured base branch, else the one checked out.

        Raises:
            RepositoryError: HEAD is detached and no base branch is configured.
        """
        if configured:
            return configured
        try:
            return GitCommands(_git_dir(self.root)).run("symbolic-ref", "--short", "--quiet", "HEAD").strip()
        except RepositoryError as error:
            raise RepositoryError(
                f"no base branch is known for {self.root}",
                found="a detached HEAD",
                todo="check a branch out, or set execution.base in .linestop/config.toml",
            ) from error

    def open(self, name: str, *, branch: str, base: str) -> Path:
        """Return the worktree `name` on `branch`, found again where it exists, else cut from the branch or `base`."""
        path = self._path(name)
        with self._lock():
            if self._registered(path):
                return path
            self._clear(path)
            if self._git.ok("show-ref", "--verify", "--quiet", f"refs/heads/{branch}"):
                self._git.run("worktree", "add", "--quiet", str(path), branch)
            else:
                self._git.run("worktree", "add", "--quiet", "--no-track", "-b", branch, str(path), base)
        return path

    def checkout(self, name: str, commit: str) -> Path:
        """Return a clean, detached checkout of `commit`, replacing an older one of that name."""
        path = self._path(name)
        with self._lock():
            self._clear(path)
            self._git.run("worktree", "add", "--quiet", "--force", "--detach", str(path), commit)
        return path

    def close(self, name: str) -> None:
        """Remove the worktree `name`, whatever is in it."""
        with self._lock():
            self._clear(self._path(name))

    def restore(self, checkout: Path, *, commit: str, paths: Sequence[str]) -> None:
        """Put `paths` as they are at `commit` over the checkout, and remove those that `commit` doesn't have."""
        there = set(self.files(commit))
        keep = [path for path in paths if path in there]
        for path in set(paths) - there:
            (checkout / path).unlink(missing_ok=True)
        for start in range(0, len(keep), 500):  # the kernel limits an argument list
            chosen = [f":(top,literal){path}" for path in keep[start : start + 500]]
            self._in(checkout).run("checkout", "--quiet", "--force", commit, "--", *chosen)

    def commit(self, checkout: Path, *, message: str) -> str | None:
        """Commit all changes and return the commit, or None where nothing changed."""
        git = self._in(checkout)
        git.run("add", "--all", ".")
        if git.ok("diff", "--cached", "--quiet", "--no-ext-diff"):
            return None
        git.run("commit", "--quiet", "--no-verify", "--cleanup=verbatim", "-m", message)
        return git.run("rev-parse", "HEAD").strip()

    def snapshot(self, checkout: Path) -> str:
        """Return a commit of the checkout as it stands, on no branch; HEAD stays where it is."""
        git = self._in(checkout)
        git.run("add", "--all", ".")
        return git.run("commit-tree", git.run("write-tree").strip(), "-p", "HEAD", "-m", "snapshot").strip()

    def reset(self, checkout: Path, commit: str) -> None:
        """Throw away all uncommitted work, ignored files too, and everything after `commit`."""
        git = self._in(checkout)
        git.run("reset", "--quiet", "--hard", commit)
        git.run("clean", "-ffdxq")

    def diff(self, checkout: Path, base: str, commit: str) -> str:
        """Return the unified diff between two commits; `checkout` names the worktree they were made in."""
        return self._in(checkout).run(
            "diff", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames", base, commit
        )

    def changed(self, base: str, commit: str) -> tuple[str, ...]:
        """Return the POSIX paths that differ between two commits; a rename counts as both of its paths."""
        out = self._git.run("diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", base, commit)
        return tuple(path for path in out.split("\0") if path)

    def files(self, commit: str) -> tuple[str, ...]:
        """Return every tracked path at a commit."""
        out = self._git.run("ls-tree", "-r", "-z", "--name-only", "--full-tree", commit)
        return tuple(path for path in out.split("\0") if path)

    def read(self, commit: str, path: str) -> bytes | None:
        """Return a file's bytes at a commit, None where it isn't there."""
        try:
            return self._git.read("cat-file", "blob", f"{commit}:{path}")
        except RepositoryError:
            return None

    def contains(self, ref: str, commit: str) -> bool:
        """Return whether `ref` holds `commit`, itself or each of its patches (`git cherry`)."""
        if not self._git.ok("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}"):
            return False
        if self._git.ok("merge-base", "--is-ancestor", commit, ref):
            return True
        lines = self._git.run("cherry", ref, commit).splitlines() if self._git.ok("cat-file", "-e", commit) else []
        return bool(lines) and all(line.startswith("-") for line in lines)

    def _path(self, name: str) -> Path:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
            raise RepositoryError(f"{name!r} can't name a worktree", found="a character outside A-Z a-z 0-9 . _ -")
        return self.layout.worktrees / name

    def _in(self, checkout: Path) -> GitCommands:
        admin = self._registered(checkout)
        if admin is None:
            raise RepositoryError(f"{checkout} is no worktree of {self.root}", todo="run again: it is made anew")
        return GitCommands(admin, checkout)

    def _registered(self, path: Path) -> Path | None:
        """Return git's own folder for a worktree, looked up from git's side and never from the worktree's."""
        if not path.is_dir():
            return None
        for entry in (self._common / "worktrees").glob("*/gitdir"):
            if Path(entry.read_text(encoding="utf-8").strip()).parent == path:
                return entry.parent
        return None

    def _clear(self, path: Path) -> None:
        if self._registered(path):
            self._git.ok("worktree", "remove", "--force", "--force", str(path))
        if path.is_symlink() or path.is_file():
            path.unlink()
        shutil.rmtree(path, ignore_errors=True)
        self._git.run("worktree", "prune")

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """Serialise adding and removing: git's own `worktree prune` may remove one that is just being added."""
        self.layout.worktrees.mkdir(parents=True, exist_ok=True)
        with (self.layout.worktrees / ".lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _git_dir(root: Path) -> Path:
    marker = root / ".git"
    if marker.is_file():
        return (root / marker.read_text(encoding="utf-8").removeprefix("gitdir:").strip()).resolve()
    return marker


def _common_dir(root: Path) -> Path:
    git_dir = _git_dir(root)
    if not git_dir.is_dir():
        raise RepositoryError(f"{root} is not a git repository", found="no .git", todo=f"git -C {root} init")
    common = git_dir / "commondir"
    return (git_dir / common.read_text(encoding="utf-8").strip()).resolve() if common.is_file() else git_dir
