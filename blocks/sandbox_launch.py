"""What stands before a command inside a sandbox: the forwarder to the model proxy, or a word that gives exit codes."""

import json
import shutil
import sys
from functools import cache
from pathlib import Path

from linestop.ports import MODEL_PORT, Confinement

FOLDER = "/run/linestop"
SOCKET = f"{FOLDER}/model.sock"
LIFELINE = f"{FOLDER}/life.sock"
FORWARDER = f"{FOLDER}/forwarder.py"
SCRIPT = Path(__file__).with_name("sandbox_forwarder.py").resolve()


def launcher(confinement: Confinement) -> list[str]:
    """Return the words before a command in bubblewrap, which itself would say exit code 1 for a missing command."""
    if confinement.model_socket or not _setpriv():
        return [str(interpreter()), *forwarder(socket=bool(confinement.model_socket))]
    return [_setpriv(), "--no-new-privs", "--"]


def forwarder(*, socket: bool, lifeline: bool = False, cwd: str = "", stdin: str = "") -> list[str]:
    """Return the words after an interpreter that run the forwarder; the command follows them."""
    order = {"port": MODEL_PORT, "socket": socket and SOCKET, "lifeline": lifeline and LIFELINE}
    return ["-I", "-S", FORWARDER, json.dumps({**order, "cwd": cwd, "stdin": stdin})]


def interpreter() -> Path:
    """Return the Python that runs the forwarder: the one behind linestop's own environment."""
    return Path(getattr(sys, "_base_executable", sys.executable)).resolve()


@cache
def _setpriv() -> str:
    return shutil.which("setpriv", path="/usr/bin:/bin") or ""
