"""The environment of a target's processes: an allow-list, so that nothing of ours and no secret gets through."""

import atexit
import os
import shutil
import sys
import tempfile
from functools import cache
from pathlib import Path

_INHERITED = ("LANG", "LANGUAGE", "TZ")
_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def clean_environment(**extra: str) -> dict[str, str]:
    """Return a small environment with a throw-away HOME and TMPDIR of this process, then `extra` over it.

    No token, LINESTOP_*, PREFECT_*, GIT_* or PYTHONPATH of ours gets through, and linestop's own virtual environment
    is not on PATH. Python writes no bytecode, so that a checkout stays clean.
    """
    scratch = _scratch(os.getpid())
    kept = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return {
        **kept,
        "PATH": _path(),
        "HOME": str(scratch / "home"),
        "TMPDIR": str(scratch / "tmp"),
        "LC_ALL": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        **extra,
    }


def _path() -> str:
    own = {Path(sys.prefix) / "bin", Path(sys.executable).parent} if sys.prefix != sys.base_prefix else set[Path]()
    folders = [Path(word) for word in os.environ.get("PATH", _SYSTEM_PATH).split(os.pathsep)]
    kept = [str(folder) for folder in folders if folder.is_absolute() and folder not in own]
    return os.pathsep.join(kept) or _SYSTEM_PATH


@cache
def _scratch(pid: int) -> Path:
    """Return this process's throw-away folder; the pid keeps a forked child from using its parent's."""
    folder = Path(tempfile.mkdtemp(prefix=f"linestop-{pid}-"))
    for name in ("home", "tmp"):
        (folder / name).mkdir()
    atexit.register(_remove, folder, pid)
    return folder


def _remove(folder: Path, pid: int) -> None:
    if os.getpid() == pid:
        shutil.rmtree(folder, ignore_errors=True)
