"""Where things are kept (SPEC.md section 3). Owns every path; creates only the state folder and its ignore file."""

import hashlib
import shlex
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from linestop.errors import InfraError, RepositoryError
from linestop.home import home, workplace
from linestop.text import plain

STATE = ".linestop"


def global_lessons() -> Path:
    """Return the lessons of all repositories of this user."""
    return home() / "lessons.db"


def repository_root(start: Path) -> Path:
    """Return the root of the main checkout that `start` belongs to, worktrees included, from git's common directory.

    Raises:
        RepositoryError: there is no such folder, or it lies in no git repository, or in a bare one, or in a worktree
            that its repository doesn't know.
    """
    start = _folder(start)
    for folder in (start, *start.parents):
        marker = folder / ".git"
        if marker.is_dir():
            return folder
        if marker.is_file():
            return _main_checkout(folder, marker)
        if _is_git_directory(folder):
            raise RepositoryError(
                f"{folder} has no files to work on",
                found="a bare repository, or the inside of a .git folder",
                todo=f"name a checkout of it; git clone {shlex.quote(str(folder))} makes one",
            )
    quoted = shlex.quote(str(start))
    raise RepositoryError(
        f"{start} is not in a git repository",
        found="no .git there or above",
        todo=f"git -C {quoted} init && git -C {quoted} add -A && git -C {quoted} commit -m start,"
        " or name another folder",
    )


def _folder(start: Path) -> Path:
    """Return the folder that is meant: a file means the one it lies in."""
    try:
        folder = start.expanduser().resolve()
        if folder.is_dir():
            return folder
        if folder.exists():
            return folder.parent
    except (OSError, RuntimeError, ValueError) as error:  # a link to itself, an unknown home, a NUL
        raise RepositoryError(f"{str(start)!r} can't be looked at", found=str(error), todo="name a folder") from error
    raise RepositoryError(f"there is no folder {start}", found="nothing there", todo="name a checkout's folder")


def _is_git_directory(folder: Path) -> bool:
    """Return whether a folder is what `.git` usually is, as git itself tells: a HEAD, objects and refs."""
    return (folder / "HEAD").is_file() and (folder / "objects").is_dir() and (folder / "refs").is_dir()


def _main_checkout(folder: Path, marker: Path) -> Path:
    """Follow a `.git` file: a worktree leads to its main checkout, a submodule is a root of its own.

    The repository must know the worktree: a folder that was unpacked could name anybody's.
    """
    target = (folder / _line(marker).removeprefix("gitdir:").strip()).resolve()
    common = target / "commondir"
    if not common.is_file():
        return folder
    main, back = (target / _line(common)).resolve(), target / "gitdir"
    if target.parent != main / "worktrees" or not back.is_file() or (target / _line(back)).parent.resolve() != folder:
        quoted = shlex.quote(str(folder))
        raise RepositoryError(
            f"{folder} is no worktree of the repository that it names",
            found=f"{main} knows it not, or at another place",
            todo=f"if it was moved: git -C {quoted} worktree repair; else name another folder",
        )
    return main.parent if main.name == ".git" else folder


def _line(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="surrogateescape").replace("\0", "").strip()


def repository_key(root: Path) -> str:
    """Return `<name>-<8 hex>`, unique to the root's resolved path: two repositories never share one."""
    root = root.resolve()
    return f"{root.name}-{hashlib.sha256(str(root).encode()).hexdigest()[:8]}"


def workspace_name(owner: str, use: str) -> str:
    """Return the name of a workspace beside an owner's own; no ticket is called so, a ticket's id holds no dot."""
    return f"{owner}.{use}"


def label(repository: str) -> str:
    """Return a repository's name, short and printable, from its path: what names of runs show."""
    return plain(Path(repository).expanduser().resolve().name, limit=60) or "repository"


class Layout:
    """Every path of one repository's run state."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.key = repository_key(self.root)
        self.state = self.root / STATE
        self.config = self.state / "config.toml"
        self.tracker = self.state / "tracker.db"
        self.runs = self.state / "runs"
        self.incidents = self.state / "incidents"
        self.baselines = self.state / "baselines"
        self.cautions = self.state / "cautions"
        self.lessons = self.state / "lessons.db"
        self.tickets = self.state / "tickets"  # what each learned
        self.debriefs = self.state / "debriefs"
        self.lab = self.state / "lab"

    @cached_property
    def worktrees(self) -> Path:
        """The folder of the repository's worktrees, where runs work: not in the repository."""
        return workplace() / "worktrees" / self.key

    def require_work_outside(self) -> None:
        """Refuse a home inside the repository: worktrees would lie in it, and the next `git add` would publish them.

        In `.linestop/` git ignores all of it.

        Raises:
            RepositoryError: the home, or its stand-in, lies there.
        """
        place = workplace()
        if place.is_relative_to(self.root) and not place.is_relative_to(self.state):
            raise RepositoryError(
                "linestop's home lies inside the repository that it would work on",
                found=f"LINESTOP_HOME is {place}",
                todo="export LINESTOP_HOME as a folder outside of the repository",
            )

    def ensure(self) -> "Layout":
        """Create the state folder and the file that makes git ignore it (all but config.toml).

        Raises:
            InfraError: the folder can't be written.
            RepositoryError: a link stands where state is kept: whoever committed it chose what would be overwritten.
        """
        ignore = self.state / ".gitignore"
        try:
            for link in self.links():
                raise RepositoryError(
                    "linestop writes through no link", found=str(link), todo=f"remove it: rm {shlex.quote(str(link))}"
                )
            self.runs.mkdir(parents=True, exist_ok=True)
            if not ignore.exists():
                # The first line hides the ignore file itself too, so that a main checkout stays clean.
                ignore.write_text("*\n!config.toml\n")
        except OSError as error:
            raise InfraError(
                f"linestop can't keep its state in {self.state}", found=str(error), todo="make the folder writable"
            ) from error
        return self

    def links(self) -> Iterator[Path]:
        """Yield the links in places whose names can be known beforehand; the policy's file is only ever read."""
        for folder in (
            self.state,
            self.incidents,
            self.baselines,
            self.cautions,
            self.tickets,
            self.debriefs,
            self.lab,
        ):
            inside = folder.iterdir() if folder.is_dir() and not folder.is_symlink() else ()
            yield from (path for path in (folder, *inside) if path.is_symlink() and path != self.config)
