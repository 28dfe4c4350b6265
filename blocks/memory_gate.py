"""The gate of memory: what a repository commits under `.linestop/` is a stranger's, and is neither read nor written.

A clone could bring its own lessons, cautions, signs or skills and so speak to every agent with the authority of a
person. `linestop.memory` asks here through `Line.memory`; commands that read memory call `memory_layout`.
"""

import shlex
from collections.abc import Sequence
from pathlib import Path

from linestop.blocks.git_commands import GitCommands
from linestop.blocks.git_workspaces import git_directory
from linestop.errors import RepositoryError
from linestop.files import read_whole
from linestop.home import home
from linestop.paths import STATE, Layout, repository_root
from linestop.text import plain

MAX_NAMED = 5
_POLICY, _IGNORE = f"{STATE}/config.toml", f"{STATE}/.gitignore"  # are meant to be committed, or may be
_IGNORES_ALL = {"*", "/*", "**"}
_MAY_BE_SEEN = {f"!{slash}{name}" for slash in ("", "/") for name in ("config.toml", ".gitignore")}
_MAX_IGNORE = 10_000  # bytes


def memory_layout(repository: Path) -> Layout:
    """Return the layout of the repository that a folder lies in, once its memory may be read.

    Raises:
        RepositoryError: there is none, git tracks state of linestop, or a link stands in its place.
    """
    layout = Layout(repository_root(repository))
    require_own(layout)
    return layout


def require_own(layout: Layout) -> None:
    """Refuse a memory that is not this user's own.

    Raises:
        RepositoryError: git tracks state of linestop, a link stands in its place, or it is that of all repositories.
    """
    if layout.state == home():  # as where somebody's home folder is a repository
        raise RepositoryError(
            "the repository's memory would be that of all repositories: it is not used",
            found=f"LINESTOP_HOME is {layout.state}",
            todo="export LINESTOP_HOME as a folder outside of the repository",
        )
    if not layout.state.is_dir() and not layout.state.is_symlink():
        return
    for link in layout.links():
        raise RepositoryError(
            "linestop reads no memory through a link", found=str(link), todo=f"remove it: rm {shlex.quote(str(link))}"
        )
    if tracked := tracked_state(layout):
        raise RepositoryError(
            "the repository commits what only linestop writes: its memory is not used",
            found=f"git tracks {_named(tracked)}",
            todo=f"git -C {shlex.quote(str(layout.root))} rm -r --cached -- {_pathspecs(tracked)} and commit that;"
            " remove the files too, unless they are your own",
        )


def refusal(layout: Layout) -> str:
    """Return why memory must not be used here as one line, empty where it may."""
    try:
        require_own(layout)
    except RepositoryError as error:
        return error.line
    return ""


def tracked_state(layout: Layout) -> tuple[str, ...]:
    """Return the paths under `.linestop` that git tracks in the main checkout, without the policy.

    An ignore file that doesn't hide the rest is among them: the next `git add` would publish what is remembered.
    """
    folder = git_directory(layout.root)
    if not (folder / "index").exists():  # nothing was ever added or checked out
        return ()
    listed = GitCommands(folder, layout.root).run("ls-files", "-z", "--cached").split("\0")
    harmless = (_POLICY, *([_IGNORE] if _IGNORE in listed and _hides_state(layout) else []))
    return tuple(name for name in listed if _is_state(name) and name not in harmless)


def _hides_state(layout: Layout) -> bool:
    """Return whether the state folder's ignore file hides all in it from git, but for the policy and itself."""
    try:
        found = read_whole(layout.root / _IGNORE, most=_MAX_IGNORE)
    except FileNotFoundError:  # removed: linestop writes its own
        return True
    except OSError:
        return False
    rules = [line.rstrip() for line in found.decode(errors="replace").split("\n")]
    seen = [rule for rule in rules if rule.startswith("!") and rule not in _MAY_BE_SEEN]
    return bool(_IGNORES_ALL.intersection(rules)) and not seen


def _is_state(name: str) -> bool:
    """Return whether a tracked path lies in the state folder, or would on a disk that doesn't tell cases apart."""
    return name[: len(STATE)].casefold() == STATE and name[len(STATE) :][:1] in {"", "/"}


def _named(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - MAX_NAMED} more" if len(paths) > MAX_NAMED else ""
    return ", ".join(plain(path, limit=100) for path in paths[:MAX_NAMED]) + more


def _pathspecs(paths: Sequence[str]) -> str:
    """Return the folders or files right under `.linestop` that hold the paths, fit for a shell."""
    tops = dict.fromkeys("/".join(path.split("/")[:2]) for path in paths)
    return " ".join(shlex.quote(plain(top, limit=100)) for top in tops)
