"""What stands before a command inside a sandbox: the forwarder to the model proxy, or a word that gives exit codes."""

import json
import os
import shutil
import sys
from functools import cache
from pathlib import Path
from typing import Any

from linestop.ports import MODEL_PORT, Confinement

FOLDER = "/run/linestop"
SOCKET = f"{FOLDER}/model.sock"
LIFELINE = f"{FOLDER}/life.sock"
FORWARDER = f"{FOLDER}/forwarder.py"
ORDER = f"{FOLDER}/order.json"
SCRIPT = Path(__file__).with_name("forwarder.py").resolve()


def launcher(confinement: Confinement) -> list[str]:
    """Return the words before a command in bubblewrap, which itself would say exit code 1 for a missing command."""
    if needs_python(confinement):
        return [str(interpreter()), "-I", "-S", FORWARDER, ORDER]
    return [_setpriv(), "--no-new-privs", "--"]


def needs_python(confinement: Confinement) -> bool:
    """Return whether a Python stands before the command in bubblewrap."""
    return bool(confinement.model_socket) or not _setpriv()


def written_order(path: Path, confinement: Confinement, **more: Any) -> None:
    """Write the forwarder's order: `cwd`, `stdin`, `env`, `lifeline` are taken as they are by the adapter."""
    order = {"port": MODEL_PORT, "socket": SOCKET if confinement.model_socket else ""}
    path.write_text(json.dumps({**order, **more}), encoding="utf-8", errors="surrogateescape")


def interpreter() -> Path:
    """Return the Python that runs the forwarder: the one behind linestop's own environment."""
    named = Path(getattr(sys, "_base_executable", sys.executable))
    return (named if os.access(named, os.X_OK) else Path("/proc/self/exe")).resolve()


@cache
def _setpriv() -> str:
    return shutil.which("setpriv", path="/usr/bin:/bin") or ""


def prefix() -> Path:
    """Return the folder that this Python needs to be shown."""
    return Path(sys.base_prefix).resolve()
