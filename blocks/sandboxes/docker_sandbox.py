"""Docker: a container for each command, no root in it, read-only but for the workspace, the home and /tmp.

A container of its own gives each command its own world of processes, as the port asks; what it costs is in
docs/sandboxes.md. Starting and reading one is docker_process.py, the daemon docker_daemon.py.
"""

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from docker.types import Mount as DockerMount

from linestop.blocks.sandboxes.cells import Scratch, refusal, scratch
from linestop.blocks.sandboxes.clocks import Clocks
from linestop.blocks.sandboxes.docker_daemon import Daemon
from linestop.blocks.sandboxes.docker_image import host_folders, offline_image
from linestop.blocks.sandboxes.docker_process import run_container
from linestop.blocks.sandboxes.environment import environment
from linestop.blocks.sandboxes.etc import written_etc
from linestop.blocks.sandboxes.growth import Growth
from linestop.blocks.sandboxes.launch import interpreter, prefix
from linestop.blocks.sandboxes.mounts import vetted
from linestop.blocks.sandboxes.ownership import LENT_TO, lent, unlinked_twins
from linestop.blocks.sandboxes.repository import Overlay, overlay
from linestop.errors import ToolError
from linestop.ports import Cell, Confinement, Ran, SandboxCommand
from linestop.text import plain

_ETC = ("passwd", "group")  # docker writes the other files itself


class DockerSandbox:
    """Isolates by containers of a daemon on this machine; `image` empty is one made offline."""

    name = "docker"
    isolates = True

    def __init__(self, *, host: str = "", image: str = "") -> None:
        self._daemon, self._image = Daemon(host), image

    def ping(self) -> None:
        """Talk to the daemon.

        Raises:
            ToolError: it doesn't answer, or can't share a workspace.
        """
        _ = self._daemon.client, self._daemon.rootless

    @contextmanager
    def open(self, workspace: Path, confinement: Confinement) -> Iterator[Cell]:
        """Yield a cell as the port says.

        Raises:
            ToolError: no daemon answers, or it can't be told a path.
            InfraError: the daemon refused.
            PolicyError: a mount shows what no sandbox may see.
            RepositoryError: the workspace's `.git` is a link.
        """
        self.ping()
        self._daemon.sweep()
        workspace = workspace.resolve()
        shown = confinement.model_copy(update={"mounts": vetted(confinement.mounts, workspace=workspace)})
        image = self._image or offline_image(self._daemon.client)
        with ExitStack() as stack:
            made = stack.enter_context(scratch())
            uid, gid = _who(workspace, rootless=self._daemon.rootless)
            written_etc(made, confinement, uid=uid, gid=gid, home=made.home)
            layer = overlay(workspace, made)
            _check_text((workspace, *(one.path for one in shown.mounts), *(layer.objects if layer else ())))
            written = made.written(git=layer is not None)
            if not confinement.read_only:
                unlinked_twins(workspace)
            stack.enter_context(lent((*written, made.run / "git"), workspace, uid, note=made.lent))
            growth = Growth((*written, workspace), confinement.disk_bytes)
            room = Room(self._daemon, image, not self._image, uid, gid)
            yield DockerCell(room, workspace, shown, made, Bounded(layer, growth))


@dataclass(frozen=True)
class Room:
    """The daemon, the image (`hosted`: with this machine's /usr in it) and the user of a cell's containers."""

    daemon: Daemon
    image: str
    hosted: bool
    uid: int
    gid: int


@dataclass(frozen=True)
class Bounded:
    """The repository that is shown, and the watch over what is written."""

    layer: Overlay | None
    growth: Growth


class DockerCell:
    """A workspace, a home and a /tmp; each command gets a container round them."""

    def __init__(self, room: Room, workspace: Path, confinement: Confinement, made: Scratch, bounded: Bounded) -> None:
        self.workspace, self.home = workspace, made.home
        self._room, self._confinement, self._scratch, self._bounded = room, confinement, made, bounded

    def run(
        self,
        command: SandboxCommand,
        *,
        stdout: Callable[[bytes], None] | None = None,
        stderr: Callable[[bytes], None] | None = None,
        stop: threading.Event | None = None,
    ) -> Ran:
        """Run a command as the port says."""
        clocks = Clocks(command, self._confinement.output_bytes, stop, stdout, stderr)
        if refused := refusal(command, self.workspace, clocks):
            return refused
        env = environment(command, home=self.home, tmp=Path("/tmp"), confinement=self._confinement)  # noqa: S108
        python = str(interpreter()) if self._room.hosted else "python3"
        return run_container(
            self._room.daemon,
            {
                "image": self._room.image,
                "user": f"{self._room.uid}:{self._room.gid}",
                "mounts": self._mounts,
                "working_dir": str(self.workspace),
                "entrypoint": [python],
            },
            clocks,
            self._confinement,
            self._scratch.run,
            order={"cwd": str(self.workspace / command.cwd), "env": env},
            growth=self._bounded.growth,
        )

    @cached_property
    def _mounts(self) -> list[DockerMount]:
        """Return all that is laid over the image; docker sorts them by depth."""
        made, shown = self._scratch, self._confinement
        binds: dict[Path, tuple[Path, bool]] = {}
        if self._room.hosted:
            binds |= {path: (path, False) for path in (*host_folders(), prefix())}
        binds |= {Path("/etc", name): (made.etc / name, False) for name in _ETC}
        binds |= {mount.path: (mount.path, mount.writable) for mount in shown.mounts}
        binds[Path("/tmp")] = (made.tmp, True)  # noqa: S108  # the cell's own
        binds[made.home] = (made.home, True)
        binds[self.workspace] = (self.workspace, not shown.read_only)
        for source, target, writable in self._bounded.layer.binds(made) if self._bounded.layer else ():
            binds[target] = (source, writable)
        return [bind(source, target, writable=writable) for target, (source, writable) in binds.items()]


def _check_text(paths: Iterable[Path]) -> None:
    """Refuse paths that are no text: what docker is told is JSON.

    Raises:
        ToolError: one is.
    """
    for path in paths:
        try:
            str(path).encode()
        except UnicodeEncodeError as error:
            raise ToolError(
                "docker can't show a path of bytes that are no text",
                found=plain(str(path)),
                todo='rename the folder, or set sandbox.kind to "bubblewrap", which can',
            ) from error


def bind(source: Path, target: Path, *, writable: bool = False) -> DockerMount:
    """Return a mount of one folder or file, without what else is mounted below it."""
    mount = DockerMount(str(target), str(source), type="bind", read_only=not writable, propagation="private")
    mount["BindOptions"]["NonRecursive"] = True
    return mount


def _who(workspace: Path, *, rootless: bool) -> tuple[int, int]:
    """Return who the processes are: this user, whoever owns the workspace where root runs linestop, and never root.

    In a rootless daemon's containers root is this user, and any other number is nobody who could write the workspace.
    """
    if rootless:
        return 0, 0
    if os.getuid():
        return os.getuid(), os.getgid()
    owner = workspace.stat()
    return (owner.st_uid, owner.st_gid) if owner.st_uid else (LENT_TO, LENT_TO)
