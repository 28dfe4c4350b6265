"""The port to a sandbox: what an agent's processes run in."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field, field_validator

Ended = Literal["exited", "wall", "idle", "stopped", "memory", "disk", "output", "processes"]
MODEL_PORT = 8377  # inside a sandbox, http://127.0.0.1:8377 is the model proxy


class Network(StrEnum):
    """What a sandbox's processes reach."""

    NONE = "none"
    PROXY = "proxy"  # only the model proxy
    ALLOW = "allow"  # the model proxy, and `hosts` through it
    OPEN = "open"


class Mount(BaseModel):
    """A folder or file of the host that is seen inside at the same path. Read-only unless `writable`."""

    model_config = ConfigDict(frozen=True)

    path: Path
    writable: bool = False


class Confinement(BaseModel):
    """What a sandbox gives and denies. Everything of the host that is not named here is not there."""

    model_config = ConfigDict(frozen=True)

    network: Network = Network.NONE
    hosts: tuple[str, ...] = Field(default=(), description="with Network.ALLOW: names that may be reached")
    mounts: tuple[Mount, ...] = Field(default=(), description="beside the system's own folders, which are read-only")
    model_socket: Path | None = Field(default=None, description="unix socket of the model proxy, at MODEL_PORT inside")
    memory_bytes: int = Field(default=4 * 2**30, ge=2**20)
    cpus: float = Field(default=2.0, gt=0)
    processes: int = Field(default=512, ge=1)
    disk_bytes: int = Field(default=2 * 2**30, ge=2**20, description="that workspace, home and /tmp may grow by")
    output_bytes: int = Field(default=64 * 2**20, ge=1, description="of one command; more ends it")
    read_only: bool = Field(default=False, description="the workspace can't be written: for roles that only look")


class SandboxCommand(BaseModel):
    """A command to run inside. `env` is all of its environment beyond PATH, HOME, TMPDIR, LANG; never a shell.

    Each command starts in a new world of processes; the workspace, the home and /tmp stay as the one before left them.
    """

    model_config = ConfigDict(frozen=True)

    argv: tuple[str, ...] = Field(min_length=1)
    cwd: str = Field(default=".", description="relative to the workspace, never out of it")
    env: dict[str, str] = Field(default_factory=dict)
    stdin: bytes = b""
    wall_seconds: float = Field(default=600, gt=0)
    idle_seconds: float | None = Field(default=None, gt=0, description="without output for so long ends it")

    @field_validator("env")
    @classmethod
    def _has_names(cls, value: dict[str, str]) -> dict[str, str]:
        if any(not name or "=" in name or "\0" in name for name in value):
            raise ValueError("a variable's name is not empty and holds neither an equals sign nor a zero byte")
        return value

    @field_validator("cwd")
    @classmethod
    def _stays_inside(cls, value: str) -> str:
        if PurePosixPath(value).is_absolute() or ".." in PurePosixPath(value).parts:
            raise ValueError("must be relative to the workspace and stay in it")
        return value


class Ran(BaseModel):
    """How a command in a sandbox ended. `exit_code` is None where it was ended; `output` the tail of what it said.

    "memory": it was killed at its limit (where only one of its children was, it goes on and sees that one killed).
    "processes": only where nothing but a watcher holds that limit; else a new process is simply refused to it.
    """

    model_config = ConfigDict(frozen=True)

    ended: Ended = "exited"
    exit_code: int | None
    seconds: float = Field(ge=0)
    output: str = Field(default="", description="at most 8,000 characters")

    @property
    def ok(self) -> bool:
        """Whether it ended by itself with exit code 0."""
        return self.ended == "exited" and self.exit_code == 0


class Cell(Protocol):
    """An open sandbox: processes, files and limits of one dispatch. Nothing survives its closing."""

    workspace: Path
    home: Path  # writable, at the same path inside, empty at first but for a .gitconfig; also to be filled from outside

    def run(
        self,
        command: SandboxCommand,
        *,
        stdout: Callable[[bytes], None] | None = None,
        stderr: Callable[[bytes], None] | None = None,
        stop: threading.Event | None = None,
    ) -> Ran:
        """Run a command to its end, or until a clock, a limit or `stop` ends it with all its processes.

        Chunks of its output are handed on as they come. A command that isn't there is exit code 127, one that can't be
        executed, whose folder isn't there, or whose words the kernel takes from nobody (zero bytes, too long), 126.

        Raises:
            InfraError: the sandbox itself can't be started.
            CommandCancelledError: the run it belongs to was cancelled (blocks/cancellation.py).
        """
        ...


class Sandbox(Protocol):
    """Opens cells round workspaces."""

    name: str
    isolates: bool  # False: it confines nothing, and unattended runs are refused unless the policy allows it

    def open(self, workspace: Path, confinement: Confinement) -> AbstractContextManager[Cell]:
        """Return a cell round `workspace`, which is at the same path inside.

        Inside, the workspace is a git repository of its own (log, status, diff and commit work): no git directory of
        the main checkout can be written from there, and its configuration can't be read.

        Raises:
            ToolError: the sandbox's tool is missing or broken, with what to install.
        """
        ...
