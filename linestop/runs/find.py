"""Finds a run by what a person types: an id, the beginning or the end of one, or `latest`. Never leaves the records."""

import re
from collections.abc import Iterable
from pathlib import Path

from linestop.errors import UsageError
from linestop.paths import Layout
from linestop.text import plain

LATEST = "latest"
RUN_ID = re.compile(r"(\d{8}T\d{6})-([a-z]+)-([0-9a-f]{6})")  # as linestop/records.py makes them
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,79}")
_SHOWN = 8  # candidates that a refusal names


def find_run(layout: Layout, word: str, *, kind: str | None = None) -> Path:
    """Return the folder of the one run that is meant, among those of `kind` where given.

    Raises:
        UsageError: the word is no id, no run or more than one is called so; names what there is.
    """
    if not _WORD.fullmatch(word):
        raise UsageError(
            f"{plain(word)!r} is no run", found="a character that no run's id has", todo="`linestop history` names them"
        )
    folders = [folder for folder in run_folders(layout) if kind in (None, kind_of(folder.name))]
    if word == LATEST:
        found = folders[-1:]
    else:
        whole = [folder for folder in folders if folder.name == word]
        found = whole or [folder for folder in folders if folder.name.startswith(word) or folder.name.endswith(word)]
    if len(found) == 1:
        return found[0]
    raise _refusal(word, found, folders, kind)


def run_folders(layout: Layout) -> list[Path]:
    """Return the folders of all records, oldest first; a link is none, it leads out of the records."""
    found = [path for path in _entries(layout.runs) if RUN_ID.fullmatch(path.name)]
    return sorted(found, key=_moment)


def kind_of(run_id: str) -> str:
    """Return the kind that a run's id names, empty where it is no id."""
    match = RUN_ID.fullmatch(run_id)
    return match.group(2) if match else ""


def _entries(folder: Path) -> Iterable[Path]:
    """Return the folders in a folder; one that isn't there, or is a link, has none."""
    if folder.is_symlink() or folder.parent.is_symlink() or not folder.is_dir():
        return ()
    return (path for path in folder.iterdir() if path.is_dir() and not path.is_symlink())


def _moment(folder: Path) -> tuple[str, int, str]:
    """Return what orders runs by their start: ids tell seconds, the first file of a record tells the rest."""
    try:
        nanoseconds = (folder / "inputs.json").lstat().st_mtime_ns
    except OSError:
        nanoseconds = 0
    return folder.name[:15], nanoseconds, folder.name


def _refusal(word: str, found: list[Path], folders: list[Path], kind: str | None) -> UsageError:
    names = [folder.name for folder in (found or folders)[-_SHOWN:]][::-1]
    of_kind = f" of kind {plain(kind)}" if kind else ""
    if not folders:
        return UsageError(f"there are no runs{of_kind} yet", found="no record", todo="`linestop run` makes the first")
    if found:
        return UsageError(
            f"{word!r} means {len(found)} runs{of_kind}", found=", ".join(names), todo="type more of the one you mean"
        )
    return UsageError(
        f"there is no run {word!r}{of_kind}",
        found=f"the newest are {', '.join(names)}",
        todo="`linestop history` names them all; `latest` is the newest",
    )
