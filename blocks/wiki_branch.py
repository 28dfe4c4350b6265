"""The branch `linestop/wiki`: where the pages stand now, and the commit that brings them up to date.

Reads and writes git objects only (`cat-file`, `fast-import`): no checkout is touched, no hook or filter runs, and a
link in the tree is never followed. How two sides' edits come together is docs/decisions/021.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from linestop.blocks.git_history import Entry, GitHistory
from linestop.blocks.git_workspaces import GitWorkspaces
from linestop.errors import RepositoryError
from linestop.wiki import BRANCH
from linestop.wiki.page_merge import merge_pages
from linestop.wiki.source import is_wiki

_WHO = "linestop <linestop@localhost.invalid>"


@dataclass(frozen=True)
class WikiState:
    """The pages as people and earlier runs left them. `parents`: what the next commit stands on, the first its line."""

    base: str
    parents: tuple[str, ...]
    pages: dict[str, str]
    others: frozenset[str] = frozenset()
    blocked: frozenset[str] = frozenset()
    merged_files: tuple[Entry, ...] = ()
    delivered: tuple[dict[str, str], ...] = field(default=(), repr=False)


class WikiBranch:
    """One repository's wiki branch."""

    def __init__(self, workspaces: GitWorkspaces) -> None:
        self._workspaces = workspaces
        self._git = workspaces.git
        self._history = GitHistory(workspaces)

    def state(self, base: str) -> WikiState:
        """Return the pages to go on from: the branch's, the base's, or both merged.

        Raises:
            RepositoryError: both sides changed the same file outside the wiki.
        """
        tip = self._tip()
        if tip is None or self._is_ancestor(tip, base):
            return self._alone(base, base)
        if self._is_ancestor(base, tip):
            return self._alone(base, tip)
        return self._together(base, tip)

    def write(self, state: WikiState, pages: Mapping[str, str], *, message: str) -> str | None:
        """Commit the pages and return the commit, or None where the branch or the base holds just these already.

        Raises:
            RepositoryError: a link or file stands where a folder must be, the branch is checked out, or it moved.
        """
        if any(dict(pages) == held for held in state.delivered):
            return None
        self._refuse_blocked(state, pages)
        self._refuse_checked_out()
        self._git.read("fast-import", "--quiet", "--date-format=raw", stdin=self._stream(state, pages, message))
        return self._workspaces.head(f"refs/heads/{BRANCH}")

    def _tip(self) -> str | None:
        exists = self._git.ok("show-ref", "--verify", "--quiet", f"refs/heads/{BRANCH}")
        return self._workspaces.head(f"refs/heads/{BRANCH}") if exists else None

    def _is_ancestor(self, one: str, other: str) -> bool:
        return self._git.ok("merge-base", "--is-ancestor", one, other)

    def _alone(self, base: str, at: str) -> WikiState:
        tree = self._history.tree(at)
        pages, others = self._pages(tree)
        return WikiState(base, (at,), pages, others, _not_folders(tree), delivered=(pages,))

    def _pages(self, tree: tuple[Entry, ...]) -> tuple[dict[str, str], frozenset[str]]:
        """Return the pages of a tree as texts (undecodable bytes as surrogates), and the other paths of its wiki."""
        ours = [one for one in tree if is_wiki(one.path)]
        shown = [one for one in ours if one.path.endswith(".md") and one.mode.startswith("100")]
        read = self._history.contents([one.id for one in shown])
        pages = {one.path: read[one.id].decode("utf-8", "surrogateescape") for one in shown}
        return pages, frozenset(one.path for one in ours) - set(pages)

    def _together(self, base: str, tip: str) -> WikiState:
        """Merge file by file over the newest common commit: a side that changed a file alone wins it."""
        root = self._git.run("merge-base", tip, base).strip() if self._git.ok("merge-base", tip, base) else None
        trees = [self._history.tree(commit) if commit else () for commit in (root, tip, base)]
        olds, ours, theirs = (self._pages(tree)[0] for tree in trees)
        with TemporaryDirectory() as folder:
            pages = merge_pages(olds, ours, theirs, both=lambda *texts: self._union(Path(folder), texts))
        entries = _merged_entries([{one.path: one for one in tree} for tree in trees], pages)
        others = {one.path for one in (*trees[2], *entries) if is_wiki(one.path)} - set(pages)
        return WikiState(
            base, (tip, base), pages, frozenset(others), _not_folders((*trees[2], *entries)), entries, (ours, theirs)
        )

    def _union(self, folder: Path, texts: tuple[str, ...]) -> str:
        """Return the line-by-line merge of (old, ours, theirs); where both changed a line, both lines are kept."""
        paths = [folder / name for name in ("old", "ours", "theirs")]
        for path, text in zip(paths, texts, strict=True):
            path.write_bytes(text.encode("utf-8", "surrogateescape"))
        old, ours, theirs = (str(path) for path in paths)
        try:
            return self._git.run("merge-file", "-p", "-q", "--union", ours, old, theirs)
        except RepositoryError as error:
            raise RepositoryError(
                f"a page was changed both on {BRANCH} and on the base, and git can't merge it",
                found=f"a NUL byte, most likely, in the page that begins {texts[1][:60]!r}",
                todo=f"merge the base into {BRANCH} by hand, then run again",
            ) from error

    def _refuse_blocked(self, state: WikiState, pages: Mapping[str, str]) -> None:
        for page in pages:
            parts = page.split("/")
            for above in ("/".join(parts[:depth]) for depth in range(1, len(parts) + 1)):
                if above in state.blocked and above not in state.pages:
                    raise RepositoryError(
                        f"the wiki can't be written: {above!r} is a link or a file, not a folder of pages",
                        found=f"in commit {state.parents[0][:12]}",
                        todo=f"remove {above!r} in a commit, then run again; linestop never writes through a link",
                    )

    def _refuse_checked_out(self) -> None:
        where = ""
        for line in self._git.run("worktree", "list", "--porcelain").splitlines():
            where = line.removeprefix("worktree ") if line.startswith("worktree ") else where
            if line == f"branch refs/heads/{BRANCH}":
                raise RepositoryError(
                    f"the branch {BRANCH} is checked out, so it can't be moved", found=f"in {where}",
                    todo=f"git -C {where} switch - (or --detach), then run again",
                )  # fmt: skip

    def _stream(self, state: WikiState, pages: Mapping[str, str], message: str) -> bytes:
        """Return the commit as `git fast-import` reads it."""
        said = message.encode("utf-8", "replace")
        lines = [f"commit refs/heads/{BRANCH}\ncommitter {_WHO} {int(time.time())} +0000\ndata {len(said)}\n".encode()]
        lines += [said, f"\nfrom {state.parents[0]}\n".encode()]
        before = state.delivered[0]
        if len(state.parents) > 1:
            root = self._git.run("rev-parse", f"{state.base}^{{tree}}").strip()
            lines.append(f'merge {state.base}\nM 040000 {root} ""\n'.encode())
            before = state.delivered[1]
        for one in state.merged_files:
            lines.append(f"M {one.mode} {one.id} ".encode() + _quoted(one.path) + b"\n")
        for path in sorted(pages):
            if before.get(path) != pages[path]:
                text = pages[path].encode("utf-8", "surrogateescape")
                lines.append(b"M 100644 inline " + _quoted(path) + f"\ndata {len(text)}\n".encode() + text + b"\n")
        lines += [b"D " + _quoted(path) + b"\n" for path in sorted(set(before) - set(pages))]
        return b"".join(lines)


def _not_folders(tree: tuple[Entry, ...]) -> frozenset[str]:
    """Return the paths at and above the wiki that are files, links or submodules."""
    return frozenset(one.path for one in tree if is_wiki(one.path) or one.path == "agents")


def _merged_entries(trees: list[dict[str, Entry]], pages: Mapping[str, str]) -> tuple[Entry, ...]:
    """Return what people added or changed on the branch besides pages, and the base hasn't.

    Raises:
        RepositoryError: both sides changed one of them.
    """
    old, ours, theirs = trees
    found: list[Entry] = []
    for path, entry in ours.items():
        if path in pages or entry in (old.get(path), theirs.get(path)):
            continue
        if theirs.get(path) != old.get(path):
            raise RepositoryError(
                f"{path!r} was changed both on {BRANCH} and on the base", found="two versions outside the wiki's pages",
                todo=f"merge the base into {BRANCH} by hand, then run again",
            )  # fmt: skip
        found.append(entry)
    return tuple(found)


def _quoted(path: str) -> bytes:
    raw = path.encode("utf-8", "surrogateescape")
    escaped = raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
    return b'"' + escaped + b'"'
