"""Git worktrees as workspaces: the adapter of the Workspaces port. Adding and removing them is git_worktrees.py.

The main checkout's files and the base branch are never written; worktrees lie in `$LINESTOP_HOME/worktrees/`.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from linestop.blocks.git_changes import changes
from linestop.blocks.git_commands import GitCommands
from linestop.blocks.git_worktrees import GitWorktrees
from linestop.blocks.worktree_folders import sweep, unlink_inside
from linestop.changes import Change
from linestop.errors import RepositoryError
from linestop.paths import Layout


class GitWorkspaces:
    """The worktrees of one repository."""

    def __init__(self, root: Path) -> None:
        self.layout = Layout(root)
        self.root = self.layout.root
        self._git_dir = git_directory(self.root)
        common = _common_dir(self._git_dir)
        self._git = GitCommands(common)
        self._trees = GitWorktrees(self.layout, common)

    @property
    def git(self) -> GitCommands:
        """Git on the repository's own directory, with no work tree: for its objects and refs only."""
        return self._git

    def head(self, ref: str) -> str:
        """Return the commit of a ref.

        Raises:
            RepositoryError: there is no such commit.
        """
        commit = self._commit(ref)
        if commit is None:
            raise RepositoryError(
                f"there is no commit at {ref!r} in {self.root}",
                found="an empty repository or an unknown branch",
                todo="commit something there, or name another branch",
            )
        return commit

    def base_branch(self, configured: str | None) -> str:
        """Return the configured base branch, else the one checked out.

        Raises:
            RepositoryError: HEAD is detached and no base branch is configured.
        """
        if configured:
            return configured
        try:
            return GitCommands(self._git_dir).run("symbolic-ref", "--short", "--quiet", "HEAD").strip()
        except RepositoryError as error:
            raise RepositoryError(
                f"no base branch is known for {self.root}",
                found="a detached HEAD",
                todo="check a branch out, or set execution.base in .linestop/config.toml",
            ) from error

    def open(self, name: str, *, branch: str, base: str) -> Path:
        """Return the worktree `name` on `branch`, found again where it exists, else cut from the branch or `base`."""
        return self._trees.add(name, branch=branch, base=base)

    def checkout(self, name: str, commit: str) -> Path:
        """Return a clean, detached checkout of `commit`, replacing an older one of that name."""
        return self._trees.detached(name, commit)

    def close(self, name: str) -> None:
        """Remove the worktree `name`, whatever is in it."""
        self._trees.remove(name)

    def restore(self, checkout: Path, *, commit: str, paths: Sequence[str]) -> None:
        """Put `paths` as they are at `commit` over the checkout, and remove those that `commit` doesn't have.

        Never through a link: a candidate that made `tests` a link to elsewhere gets its folder back, elsewhere stays.
        """
        git, there = self._trees.git(checkout), set(self.files(commit))
        for path in set(paths) - there:
            unlink_inside(checkout, path)
        keep = _nul_separated(path for path in paths if path in there)
        if keep:
            git.run(
                "checkout", "--quiet", "--force", "--pathspec-from-file=-", "--pathspec-file-nul", commit, stdin=keep
            )

    def commit(self, checkout: Path, *, message: str, parent: str = "HEAD") -> str | None:
        """Commit all that differs from `parent`, or return None where nothing does.

        What whoever works there committed beyond `parent` is folded into it: no commit of theirs stays in the history.

        Raises:
            RepositoryError: the worktree was put on another branch, or holds what git can't record.
        """
        git = self._trees.writable(checkout)
        tree = _tree(git, checkout)
        if tree == git.run("rev-parse", f"{parent}^{{tree}}").strip():
            return None
        commit = _commit_tree(git, tree, message, parent)
        git.run("update-ref", "-m", "linestop", "HEAD", commit)
        return commit

    def snapshot(self, checkout: Path) -> str:
        """Return a commit of the checkout as it stands, on no branch; HEAD stays where it is."""
        git = self._trees.git(checkout)
        return _commit_tree(git, _tree(git, checkout), "snapshot", "HEAD")

    def reset(self, checkout: Path, commit: str) -> None:
        """Throw away all uncommitted work, ignored files too, and everything after `commit`."""
        git = self._trees.writable(checkout)
        self._trees.unlock(checkout)
        sweep(checkout)
        git.run("reset", "--quiet", "--hard", commit)
        git.run("clean", "-ffdxq")

    def set_aside(self, branch: str, *, tip: str, ticket: str) -> str | None:
        """Keep what a person committed on a ticket's branch beyond `tip`; return the branch that holds it now.

        None where all that is there beyond `tip` is linestop's own, as a killed run leaves it.
        """
        head = self._commit(f"refs/heads/{branch}")
        if head is None:
            return None
        marked = ("--invert-grep", "--fixed-strings", f"--grep=Linestop-Ticket: {ticket}")
        if not self._git.run("rev-list", "--max-count=1", *marked, f"{tip}..{head}").strip():
            return None
        kept = f"{branch}.kept-{head[:8]}"
        self._git.run("update-ref", "-m", "linestop: set aside", f"refs/heads/{kept}", head)
        return kept

    def drop_branch(self, branch: str, *, at: str) -> None:
        """Remove a branch that stands at `at` and nowhere else: it holds nothing of its own."""
        if self._commit(f"refs/heads/{branch}") == at:
            self._git.ok("update-ref", "-d", f"refs/heads/{branch}", at)

    def diff(self, checkout: Path, base: str, commit: str) -> str:  # noqa: ARG002  # the port's
        """Return the unified diff between two commits. `checkout` is not read: its attributes could hide a file."""
        return self._git.run(
            "diff-tree", "-r", "-p", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames",
            "--ignore-submodules=none", "--submodule=short", base, commit,
        )  # fmt: skip

    def changed(self, base: str, commit: str) -> tuple[str, ...]:
        """Return the POSIX paths that differ between two commits; a rename counts as both of its paths."""
        return _paths(
            self._git.run(
                "diff-tree", "-r", "-z", "--name-only", "--no-renames", "--ignore-submodules=none", base, commit
            )
        )

    def changes(self, base: str, commit: str) -> tuple[Change, ...]:
        """Return what differs between two commits, path by path, with bytes and modes."""
        return changes(self._git, base, commit)

    def files(self, commit: str) -> tuple[str, ...]:
        """Return every tracked path at a commit."""
        return _paths(self._git.run("ls-tree", "-r", "-z", "--name-only", "--full-tree", commit))

    def read(self, commit: str, path: str) -> bytes | None:
        """Return a file's bytes at a commit, None where it isn't there."""
        try:
            return self._git.read("cat-file", "blob", f"{commit}:{path}")
        except RepositoryError:
            return None

    def contains(self, ref: str, commit: str) -> bool:
        """Return whether `ref` holds `commit`, itself or each of its patches (`git cherry`)."""
        tip, wanted = self._commit(ref), self._commit(commit)
        if tip is None or wanted is None:
            return False
        if self._git.ok("merge-base", "--is-ancestor", wanted, tip):
            return True
        lines = self._git.run("cherry", tip, wanted).splitlines()
        return bool(lines) and all(line.startswith("-") for line in lines)

    def _commit(self, ref: str) -> str | None:
        try:
            return self._git.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}").strip()
        except RepositoryError:
            return None


def _tree(git: GitCommands, checkout: Path) -> str:
    """Return the tree of a worktree as it stands, by way of its index."""
    sweep(checkout)
    git.run("add", "--all", ".")
    return git.run("write-tree").strip()


def _commit_tree(git: GitCommands, tree: str, message: str, parent: str) -> str:
    """Return a new commit on `parent`. Plumbing: `git commit` would look into submodules, by commands of theirs."""
    return git.run("commit-tree", tree, "-p", parent, "-F", "-", stdin=message.encode("utf-8", "replace")).strip()


def _paths(out: str) -> tuple[str, ...]:
    return tuple(path for path in out.split("\0") if path)


def _nul_separated(paths: Iterable[str]) -> bytes:
    return b"".join(path.encode("utf-8", "surrogateescape") + b"\0" for path in paths)


def git_directory(root: Path) -> Path:
    """Return the git directory of a checkout, where its index lies.

    Raises:
        RepositoryError: there is no `.git`.
    """
    marker = root / ".git"
    if marker.is_file():
        return (root / marker.read_text(encoding="utf-8").removeprefix("gitdir:").strip()).resolve()
    if not marker.is_dir():
        raise RepositoryError(f"{root} is not a git repository", found="no .git", todo=f"git -C {root} init")
    return marker


def _common_dir(git_dir: Path) -> Path:
    common = git_dir / "commondir"
    return (git_dir / common.read_text(encoding="utf-8").strip()).resolve() if common.is_file() else git_dir
