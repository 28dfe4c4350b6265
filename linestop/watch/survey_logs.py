"""Finds the logs to survey: files as they are named, folders searched for files that look like an agent's log."""

import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from linestop.events.formats import format_of
from linestop.events.lines import LineFeed
from linestop.events.reading import begin

SUFFIXES = {".jsonl", ".ndjson", ".json", ".traj", ".log", ".txt"}
SKIPPED = {".git", "node_modules", ".venv", "venv", "__pycache__", ".tox", ".mypy_cache", ".ruff_cache"}
_LOOKED_AT = 2**16  # bytes at each end
_MARKS = re.compile(
    rb'"mini_version"|"trajectory_format"\s*:\s*"mini|"trajectory"\s*:\s*\[\s*\{'
    rb'|"source"\s*:\s*"(?:agent|environment)"'
)
MAX_FILES = 100_000  # that a folder is searched for


def claude_sessions(environment: Mapping[str, str], home: Path) -> Path:
    """Return the folder of Claude Code's sessions."""
    return Path(environment.get("CLAUDE_CONFIG_DIR") or home / ".claude") / "projects"


def codex_sessions(environment: Mapping[str, str], home: Path) -> Path:
    """Return the folder of Codex's sessions."""
    return Path(environment.get("CODEX_HOME") or home / ".codex") / "sessions"


def logs_in(folder: Path) -> Iterator[Path]:
    """Yield the logs under a folder, sorted; links are not followed, what isn't recognised is left out."""
    return (path for path in _files_in(folder) if path.suffix in SUFFIXES and _is_file(path) and is_log(path))


def _files_in(folder: Path) -> Iterator[Path]:
    seen = 0
    for where, folders, files in os.walk(folder):
        folders[:] = sorted(one for one in folders if one not in SKIPPED)
        for name in sorted(files):
            seen += 1
            if seen > MAX_FILES:
                return
            yield Path(where, name)


def live_logs(folders: Iterable[Path], *, since: float) -> Iterator[Path]:
    """Yield the logs under folders that were written after a moment, in seconds since 1970."""
    for folder in folders:
        for path in _files_in(folder):
            if path.suffix in SUFFIXES and _is_file(path, since) and is_log(path):
                yield path


def is_log(path: Path) -> bool:
    """Return whether a file begins as an agent's log does."""
    try:
        with path.open("rb") as file:
            head, document = begin(file)
            if document:
                return _is_trajectory(file)
    except OSError:
        return False
    lines = LineFeed(foreign=True).push(b"".join(head))
    return any(line.record is not None and format_of(line.record) for line in lines)


def _is_trajectory(file: BinaryIO) -> bool:
    """Return whether beginning or end of a JSON document hold what a trajectory or an OpenHands event does."""
    file.seek(0)
    text = file.read(_LOOKED_AT)
    file.seek(max(file.seek(0, os.SEEK_END) - _LOOKED_AT, 0))
    return bool(_MARKS.search(text) or _MARKS.search(file.read(_LOOKED_AT)))


def _is_file(path: Path, since: float = 0.0) -> bool:
    try:
        found = path.lstat()
        return stat.S_ISREG(found.st_mode) and found.st_mtime >= since
    except OSError:
        return False
