"""Makes the bundled example repository: a tool library's books, with real tests, real defects and a history.

Its files and the history are data in `deployments/example/`. Authors and dates are fixed, so the commit ids are the
same on every machine. What happens to the repository afterwards is its user's: it is never made anew.
"""

import os
import shutil
import tomllib
from datetime import datetime
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath
from typing import Any

from linestop.blocks.git_commands import GitCommands
from linestop.errors import InfraError, RepositoryError
from linestop.home import workplace

BRANCH = "main"


def default_path() -> Path:
    """Return where `linestop run` without a repository keeps the example: `$LINESTOP_HOME/example`."""
    return workplace() / "example"


def example_repository(target: Path) -> Path:
    """Return the example repository at `target`, made when it isn't there; an existing one is left as it is.

    Raises:
        RepositoryError: something else lies at `target`.
        InfraError: the folder can't be written.
    """
    if (target / ".git").is_dir():
        return target
    if target.exists() and any(target.iterdir()):
        raise RepositoryError(
            f"the example repository can't be put into {target}",
            found="a folder with something else in it",
            todo="move it away, or set LINESTOP_HOME to another folder",
        )
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        _commit_all(part)
        if target.exists():
            target.rmdir()
        part.rename(target)
    except OSError as error:
        raise InfraError(
            f"the example repository can't be written to {target}", found=str(error), todo="make the folder writable"
        ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return target


def _commit_all(root: Path) -> None:
    data = resources.files("linestop.deployments").joinpath("example")
    git = GitCommands(root / ".git", root)
    git.run("init", "--quiet", "--template=", "--object-format=sha1", f"--initial-branch={BRANCH}")
    parent = ""
    for commit in tomllib.loads(data.joinpath("history.toml").read_text(encoding="utf-8"))["commit"]:
        _write(root, data, commit)
        git.run("-c", "core.autocrlf=false", "add", "--all", ".")
        parent = _commit(git, commit, parent=parent)
    git.run("update-ref", f"refs/heads/{BRANCH}", parent)


def _write(root: Path, data: Traversable, commit: dict[str, Any]) -> None:
    for name in commit["files"]:
        path = root.joinpath(*PurePosixPath(name).parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.joinpath(commit.get("from", {}).get(name, f"{name}.txt")).read_bytes())


def _commit(git: GitCommands, commit: dict[str, Any], *, parent: str) -> str:
    """Store the index as a commit written by hand, since linestop's git commits in no name but its own."""
    who = f"{commit['author']} {int(datetime.fromisoformat(commit['date']).timestamp())} +0000"
    tree = git.run("write-tree").strip()
    lines = [f"tree {tree}", *([f"parent {parent}"] if parent else []), f"author {who}", f"committer {who}", ""]
    text = git.git_dir / "linestop-commit"
    text.write_text("\n".join([*lines, commit["message"], ""]), encoding="utf-8")
    try:
        return git.run("hash-object", "-t", "commit", "-w", "--no-filters", str(text)).strip()
    finally:
        text.unlink()
