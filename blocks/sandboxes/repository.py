"""The git repository that a workspace is inside a sandbox: a private one that borrows the real one's objects.

The real git directory holds configuration with credentials, hooks that the owner would run, and every branch; nothing
of it is shown but its objects, read-only. Commits made inside stay inside: the harness makes the one that counts.
"""

import logging
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from linestop.blocks.git_commands import GitCommands
from linestop.blocks.sandboxes.cells import Scratch
from linestop.errors import InfraError, RepositoryError
from linestop.files import read_whole

_log = logging.getLogger(__name__)
_MAX_ALTERNATES = 20
_MAX_POINTER_BYTES = 2**16
_MAX_EXCLUDE_CHARS = 64_000
_CARRIED = ("core.autocrlf", "core.eol", "core.ignorecase", "core.filemode", "core.symlinks", "core.precomposeunicode")
_OBJECTS = re.compile(r"[0-9a-f]{2}|info|pack|tmp_obj\w*|maintenance\.lock|\.tmp-\S*|incoming-\w*")
_FORMAT = "extensions.objectformat"
_CONFIG = """[core]
\trepositoryformatversion = 0
\tbare = false
\tlogallrefupdates = true
\tcheckStat = minimal
\ttrustctime = false
[user]
\tname = agent
\temail = agent@localhost.invalid
[commit]
\tgpgSign = false
[gc]
\tauto = 0
[maintenance]
\tauto = false
"""


@dataclass(frozen=True)
class Real:
    """The repository that a workspace belongs to: its own git directory, the common one, and folders of objects."""

    git_dir: Path
    common: Path

    @property
    def objects(self) -> tuple[Path, ...]:
        """Return the folders of objects, those that it borrows from others too."""
        return tuple(_alternates(self.common / "objects"))


@dataclass(frozen=True)
class Overlay:
    """What is laid over a workspace's `.git`: the private directory, or a file that points at it."""

    target: Path
    source: Path
    objects: tuple[Path, ...]

    def binds(self, made: Scratch) -> Iterator[tuple[Path, Path, bool]]:
        """Yield what is laid where (source, target, writable), in that order."""
        yield made.git, made.git, True
        for place, objects in enumerate(self.objects):
            inside = made.objects / str(place)
            yield objects, inside, False
            if (objects / "info" / "alternates").exists():  # all of them are shown: it names paths that aren't there
                yield made.empty, inside / "info" / "alternates", False
        yield self.source, self.target, self.source == made.git


def overlay(workspace: Path, made: Scratch) -> Overlay | None:
    """Make the private git directory and return how it is shown; None where the workspace is no repository.

    Raises:
        RepositoryError: `.git` is a link.
        InfraError: the disk is full or the like.
    """
    marker = workspace / ".git"
    if marker.is_symlink():
        raise RepositoryError(f"{marker} is a link", found=str(marker.readlink()), todo="clone the repository anew")
    if not marker.exists():
        return None
    real = _real(workspace, marker)
    if real is None:
        _log.warning("sandbox.git_unknown workspace=%s: its history isn't shown inside", workspace.name)
    try:
        _make(made, workspace, real)
    except OSError as error:
        raise InfraError(f"can't write {made.git}", found=str(error), todo="check the disk; run it again") from error
    objects = real.objects if real else ()
    if marker.is_dir():
        return Overlay(marker, made.git, objects)
    pointer = made.run / "git"
    pointer.write_bytes(b"gitdir: " + os.fsencode(made.git) + b"\n")
    return Overlay(marker, pointer, objects)


def _real(workspace: Path, marker: Path) -> Real | None:
    """Return what stands behind `.git`, None where it can't be trusted: that file was in an agent's reach before.

    A worktree is believed only where the repository it names knows of it.
    """
    if marker.is_dir():
        return Real(marker, marker) if not (marker / "commondir").exists() else None
    try:
        git_dir = (workspace / _read(marker).removeprefix("gitdir:").strip()).resolve()
        common = (git_dir / _read(git_dir / "commondir").strip()).resolve()
        back = Path(_read(git_dir / "gitdir").strip())
    except (OSError, ValueError):  # a zero byte is one
        return None
    known = git_dir.parent == common / "worktrees" and back.parent.resolve() == workspace.resolve()
    return Real(git_dir, common) if known and not common.is_relative_to(workspace.resolve()) else None


def _read(path: Path) -> str:
    """Return what a small file says. Raises OSError where it is a link, a pipe, or large."""
    return os.fsdecode(read_whole(path, most=_MAX_POINTER_BYTES))


def _make(made: Scratch, workspace: Path, real: Real | None) -> None:
    for name in ("objects/info", "objects/pack", "refs/heads", "refs/tags", "info"):
        (made.git / name).mkdir(parents=True)
    (made.git / "HEAD").write_text("ref: refs/heads/main\n")
    (made.git / "config").write_text(_CONFIG)
    (made.git / "info" / "exclude").write_text("/.linestop/\n")
    if real is None:
        return
    outer = GitCommands(real.git_dir, workspace, common_dir=real.common)
    _carry_settings(made.git, outer)
    _carry_files(made.git, real)
    shown = (made.objects / str(place) for place, _ in enumerate(real.objects))
    alternates = made.git / "objects" / "info" / "alternates"
    alternates.write_bytes(b"".join(map(_line, real.objects)))
    _stand_at_head(made.git, workspace, outer)
    alternates.write_bytes(b"".join(map(_line, shown)))


def _line(path: Path) -> bytes:
    r"""Return a path as git reads it in a list of them: between quotes, as in C, where it holds what ends a line."""
    raw = os.fsencode(path)
    if b"\n" not in raw:
        return raw + b"\n"
    return b'"' + raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n") + b'"\n'


def _path(line: str) -> str:
    """Return the path of a line that git wrote, or `_line`; None of its rarer escapes is read, so it names nothing."""
    if len(line) > 1 and line[0] == line[-1] == '"':
        return re.sub(r'\\([\\"n])', lambda found: "\n" if found[1] == "n" else found[1], line[1:-1])
    return line


def _carry_settings(git: Path, outer: GitCommands) -> None:
    """Take over what says how files are compared and objects are named, and nothing else of the configuration."""
    try:
        found = outer.run("config", "-z", "--get-regexp", f"^({'|'.join(_CARRIED)}|{_FORMAT})$".replace(".", "[.]"))
    except RepositoryError:  # nothing is set
        return
    config = git / "config"
    text = config.read_text()
    for name, _, value in (entry.partition("\n") for entry in found.split("\0")):
        if name == _FORMAT and value == "sha256":
            text = text.replace("repositoryformatversion = 0", "repositoryformatversion = 1")
            text += "[extensions]\n\tobjectFormat = sha256\n"
        elif name in _CARRIED and re.fullmatch(r"[a-z]{1,10}", value):
            text += f"[core]\n\t{name.removeprefix('core.')} = {value}\n"
    config.write_text(text)


def _carry_files(git: Path, real: Real) -> None:
    """Copy what lies in the repository itself; a link there could lead to any file of the owner's."""
    exclude = real.common / "info" / "exclude"
    if exclude.is_file() and not (exclude.is_symlink() or exclude.parent.is_symlink()):
        with (git / "info" / "exclude").open("a", encoding="utf-8") as file:
            file.write(exclude.read_text(encoding="utf-8", errors="replace")[:_MAX_EXCLUDE_CHARS] + "\n")
    for source, name in ((real.common / "shallow", "shallow"), (real.git_dir / "index", "index")):
        if source.is_file() and not source.is_symlink():
            shutil.copyfile(source, git / name)


def _stand_at_head(git: Path, workspace: Path, outer: GitCommands) -> None:
    """Put HEAD and the index where the workspace stands, and name the branches as they are now."""
    try:
        head = outer.run("rev-parse", "--verify", "--quiet", "HEAD^{commit}").strip()
    except RepositoryError:
        (git / "index").unlink(missing_ok=True)
        return  # nothing is committed yet
    refs = outer.run("for-each-ref", "--format=%(objectname) %(refname)", "refs/heads", "refs/tags", "refs/remotes")
    (git / "packed-refs").write_bytes(b"# pack-refs with:\n" + refs.encode("utf-8", "surrogateescape"))
    (git / "HEAD").write_text(f"{head}\n")
    inner = GitCommands(git, workspace)
    if not ((git / "index").exists() and inner.ok("read-tree", "--reset", head)):  # keeps what it knows of the files
        (git / "index").unlink(missing_ok=True)
        inner.run("read-tree", head)


def _holds_objects(folder: Path) -> bool:
    """Return whether a folder is one of git's: a repository from elsewhere may name any folder of the owner's."""
    try:
        names = [path.name for path in folder.iterdir()]
    except OSError:
        return False
    return folder.name == "objects" and {"info", "pack"} <= {*names} and all(map(_OBJECTS.fullmatch, names))


def _alternates(objects: Path) -> Iterator[Path]:
    """Yield a folder of objects and all that it borrows from, each once."""
    waiting, seen = [objects.resolve()], set[Path]()
    while waiting and len(seen) < _MAX_ALTERNATES:
        folder = waiting.pop(0)
        if folder in seen or not _holds_objects(folder):
            continue
        seen.add(folder)
        yield folder
        try:
            lines = _read(folder / "info" / "alternates").split("\n")
        except OSError:
            continue
        waiting += [(folder / _path(line)).resolve() for line in lines if line and not line.startswith("#")]
