"""Puts a caution in its place: its file as a path of the repository, with the hash it has at that moment."""

from pathlib import Path, PurePosixPath

from linestop.memory.cautions.model import Caution
from linestop.watch.file_hash import file_hash


def placed(caution: Caution, workspace: Path | None) -> Caution:
    """Return the caution with its file relative to the workspace, and hashed there where it has no hash yet.

    A file outside the workspace is none of the repository's: it is left out, what was seen stays.
    """
    if not caution.file:
        return caution
    name = relative(caution.file, workspace)
    sha = (caution.file_hash or (file_hash(workspace, name) if workspace else "")) if name else ""
    return caution.model_copy(update={"file": name, "file_hash": sha})


def relative(name: str, workspace: Path | None) -> str:
    """Return a file's path in the repository, `/` between its parts; empty where it lies outside or has no name."""
    path = PurePosixPath(name)
    if path.is_absolute():
        roots = (PurePosixPath(workspace), PurePosixPath(workspace.resolve())) if workspace else ()
        root = next((one for one in roots if path.is_relative_to(one)), None)
        if root is None:
            return ""
        path = path.relative_to(root)
    return "" if not path.parts or ".." in path.parts or "\0" in name else str(path)
