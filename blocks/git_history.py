"""Reads a commit's files and its history from git's objects: no checkout, so no link, filter or attribute has a say."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from linestop.blocks.git_workspaces import GitWorkspaces
from linestop.wiki.source import MAX_BYTES, Commit, SourceFile, is_source, is_wiki

MAX_COMMITS = 5000  # of the log; older ones are not listed
_FORMAT = "%x00%H%x00%ct%x00%an%x00%s"
_KINDS = {"120000": "link", "160000": "submodule"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A path of a tree: `mode` as git writes it (100644, 100755, 120000, 160000), `id` of its object."""

    path: str
    mode: str
    id: str


class GitHistory:
    """A repository's objects, read only."""

    def __init__(self, workspaces: GitWorkspaces) -> None:
        self._git = workspaces.git

    def tree(self, commit: str) -> tuple[Entry, ...]:
        """Return every tracked path at a commit."""
        out = self._git.run("ls-tree", "-r", "-z", "--full-tree", commit)
        rows = (row.partition("\t") for row in out.split("\0") if row)
        return tuple(Entry(path, *_mode_and_id(words)) for words, _, path in rows)

    def contents(self, ids: Sequence[str], *, max_bytes: int | None = None) -> dict[str, bytes]:
        """Return object id → bytes for each blob; those above `max_bytes` are left out."""
        wanted = self._small(ids, max_bytes) if max_bytes is not None else list(dict.fromkeys(ids))
        out = (
            self._git.read("cat-file", "--batch", stdin="".join(f"{one}\n" for one in wanted).encode())
            if wanted
            else b""
        )
        found: dict[str, bytes] = {}
        start = 0
        while start < len(out):
            end = out.index(b"\n", start)
            words = out[start:end].decode().split()
            size = int(words[2]) if len(words) > 2 else -1  # noqa: PLR2004  # "<id> missing" has two
            found |= {words[0]: out[end + 1 : end + 1 + size]} if size >= 0 else {}
            start = end + 1 + (size + 1 if size >= 0 else 0)
        return found

    def files(self, commit: str, *, exclude: Sequence[str] = ()) -> tuple[SourceFile, ...]:
        """Return the files of a commit that the wiki describes, sorted by path; `exclude` holds globs."""
        entries = [one for one in self.tree(commit) if is_source(one.path, exclude)]
        ids = [one.id for one in entries if one.mode not in _KINDS]
        read = self.contents(ids, max_bytes=MAX_BYTES)
        return tuple(
            SourceFile(one.path, None if one.mode in _KINDS else read.get(one.id), _KINDS.get(one.mode, "file"))
            for one in sorted(entries, key=lambda one: one.path)
        )

    def patch(self, base: str, commit: str) -> str:
        """Return the unified diff between two commits; bytes that are no text come as surrogates."""
        raw = self._git.read(
            "diff-tree", "-r", "-p", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames",
            "--ignore-submodules=none", "--submodule=short", base, commit,
        )  # fmt: skip
        return raw.decode("utf-8", "surrogateescape")

    def log(self, commit: str, *, limit: int = MAX_COMMITS) -> tuple[Commit, ...]:
        """Return the commits up to `commit`, newest first; merges and those that touch only the wiki are no news."""
        out = self._git.run(
            "-c", "log.showRoot=true", "log", "-z", "--name-only", "--no-merges", "--no-renames", "--no-ext-diff",
            "--no-show-signature", "--no-mailmap", f"--format=tformat:{_FORMAT}", f"-n{limit}", commit, "--",
        )  # fmt: skip
        return tuple(one for one in _commits(out.split("\0")) if not one.paths or not all(map(is_wiki, one.paths)))

    def _small(self, ids: Sequence[str], max_bytes: int) -> list[str]:
        names = "".join(f"{one}\n" for one in dict.fromkeys(ids)).encode()
        out = self._git.read("cat-file", "--batch-check=%(objectname) %(objectsize)", stdin=names) if names else b""
        rows = (line.split() for line in out.decode().splitlines())
        return [row[0] for row in rows if row[-1].isdigit() and int(row[-1]) <= max_bytes]


def _mode_and_id(words: str) -> tuple[str, str]:
    mode, _, name = words.split(" ")
    return mode, name


def _commits(words: list[str]) -> list[Commit]:
    """Read git's NUL-separated log: an empty word, four fields, then paths, the first behind a line end."""
    found: list[Commit] = []
    index = 0
    while index < len(words):
        if words[index] or index + 4 >= len(words) or not re.fullmatch(r"[0-9a-f]{40,64}", words[index + 1]):
            index += 1
            continue
        name, seconds, author, subject = words[index + 1 : index + 5]
        index += 5
        paths: list[str] = []
        while index < len(words) and words[index]:
            paths.append(words[index].removeprefix("\n") if not paths else words[index])
            index += 1
        found.append(Commit(name, int(seconds), author, subject, tuple(path for path in paths if path)))
    return found
