"""Bubblewrap: namespaces of its own for each command, as any user, in some 10 ms. What is shown inside is here.

How a process is started, limited and ended is bubblewrap_process.py; the repository inside repository.py; which
system calls are refused seccomp.py.
"""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path

from linestop.blocks.sandboxes.bubblewrap_process import Bounds, Bubblewrap, run_inside
from linestop.blocks.sandboxes.cells import Scratch, refusal, scratch
from linestop.blocks.sandboxes.clocks import Clocks
from linestop.blocks.sandboxes.environment import environment
from linestop.blocks.sandboxes.etc import written_etc
from linestop.blocks.sandboxes.growth import Growth
from linestop.blocks.sandboxes.launch import (
    FORWARDER,
    ORDER,
    SCRIPT,
    SOCKET,
    launcher,
    needs_python,
    prefix,
    written_order,
)
from linestop.blocks.sandboxes.limits import Groups, sweep_groups
from linestop.blocks.sandboxes.mounts import ETC, SYSTEM, vetted
from linestop.blocks.sandboxes.ownership import unlinked_twins
from linestop.blocks.sandboxes.repository import Overlay, overlay
from linestop.ports import Cell, Confinement, Network, Ran, SandboxCommand

INSIDE_ID = 1000  # who root is inside: several agents refuse to work as root
_SHM_BYTES = 256 * 2**20
_HIDDEN_FILES = (
    "/proc/kcore", "/proc/keys", "/proc/key-users", "/proc/kmsg", "/proc/kpagecount", "/proc/kpageflags",
    "/proc/kpagecgroup", "/proc/latency_stats", "/proc/mtrr", "/proc/pagetypeinfo", "/proc/sched_debug",
    "/proc/slabinfo", "/proc/sysrq-trigger", "/proc/timer_list", "/proc/timer_stats", "/proc/vmallocinfo",
)  # fmt: skip
_HIDDEN_FOLDERS = (
    "/proc/acpi", "/proc/asound", "/proc/bus", "/proc/driver", "/proc/dynamic_debug", "/proc/fs", "/proc/irq",
    "/proc/pressure", "/proc/scsi",
)  # fmt: skip


class BubblewrapSandbox:
    """Isolates by namespaces; nothing of the host is there that isn't named."""

    name = "bubblewrap"
    isolates = True

    @contextmanager
    def open(self, workspace: Path, confinement: Confinement) -> Iterator[Cell]:
        """Yield a cell as the port says.

        Raises:
            ToolError: bubblewrap is missing or can't make a sandbox here.
            PolicyError: a mount shows what no sandbox may see.
            RepositoryError: the workspace's `.git` is a link.
        """
        tool = Bubblewrap.found()
        workspace = workspace.resolve()
        mounts = vetted(confinement.mounts, workspace=workspace)
        with ExitStack() as stack:
            made = stack.enter_context(scratch())
            sweep_groups()
            groups = Groups(confinement)
            stack.callback(groups.close)
            written_etc(made, confinement, uid=_inside_id(), home=made.home)
            written_order(made.run / "order.json", confinement)
            layer = overlay(workspace, made)
            if not confinement.read_only:
                unlinked_twins(workspace)
            shown = confinement.model_copy(update={"mounts": mounts})
            growth = Growth((*made.written(git=layer is not None), workspace), confinement.disk_bytes)
            yield BubblewrapCell(tool, workspace, made, layer, Bounds(shown, groups, growth))


class BubblewrapCell:
    """A workspace, a home and a /tmp; each command gets namespaces of its own round them."""

    def __init__(self, tool: Bubblewrap, workspace: Path, made: Scratch, layer: Overlay | None, bounds: Bounds) -> None:
        self.workspace, self.home = workspace, made.home
        self._tool, self._scratch, self._layer, self._bounds = tool, made, layer, bounds
        self._confinement = bounds.confinement

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
        words = [
            *self._shown,
            *("--chdir", str(self.workspace / command.cwd), "--clearenv"),
            *(word for name, value in env.items() for word in ("--setenv", name, value)),
        ]
        argv = [*launcher(self._confinement), *command.argv]
        return run_inside(self._tool, words, argv, clocks, self._bounds)

    @cached_property
    def _shown(self) -> list[str]:
        """Return bubblewrap's words for all that is shown: later ones lie over earlier ones."""
        return [
            *_namespaces(self._confinement),
            *_system(),
            *_etc(self._scratch, self._confinement),
            *_kernel(),
            *("--bind", str(self._scratch.tmp), "/tmp"),  # noqa: S108  # the cell's own
            *_mounted(self._confinement),
            *("--ro-bind" if self._confinement.read_only else "--bind", str(self.workspace), str(self.workspace)),
            *("--bind", str(self.home), str(self.home)),
            *_repository(self._layer, self._scratch),
            *_way_out(self._confinement, self._scratch),
            *("--remount-ro", "/"),
        ]


def _inside_id() -> int:
    return os.getuid() or INSIDE_ID


def _namespaces(confinement: Confinement) -> list[str]:
    words = [
        "--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try",
        "--disable-userns", "--die-with-parent", "--new-session", "--hostname", "sandbox", "--cap-drop", "ALL",
        "--uid", str(_inside_id()), "--gid", str(os.getgid() or INSIDE_ID),
    ]  # fmt: skip
    return words if confinement.network is Network.OPEN else [*words, "--unshare-net"]


def _system() -> Iterator[str]:
    for name in SYSTEM:
        path = Path(name)
        if path.is_symlink():
            yield from ("--symlink", str(path.readlink()), name)
        elif path.is_dir():
            yield from ("--ro-bind", name, name)


def _etc(made: Scratch, confinement: Confinement) -> Iterator[str]:
    names = (*ETC, "resolv.conf") if confinement.network is Network.OPEN else ETC
    for name in names:
        if os.path.lexists(f"/etc/{name}"):
            yield from ("--ro-bind-try", f"/etc/{name}", f"/etc/{name}")
    for path in made.etc.iterdir():
        yield from ("--ro-bind", str(path), f"/etc/{path.name}")


def _kernel() -> Iterator[str]:
    """Yield words for /proc, without what root could change or read of the machine, and a /dev of harmless devices."""
    yield from ("--proc", "/proc", "--ro-bind", "/proc/sys", "/proc/sys")
    for name in _HIDDEN_FILES:
        if Path(name).exists():
            yield from ("--ro-bind", "/dev/null", name)
    for name in _HIDDEN_FOLDERS:
        if Path(name).is_dir():
            yield from ("--tmpfs", name, "--remount-ro", name)
    yield from ("--dev", "/dev", "--size", str(_SHM_BYTES), "--tmpfs", "/dev/shm", "--remount-ro", "/dev")  # noqa: S108


def _mounted(confinement: Confinement) -> Iterator[str]:
    if needs_python(confinement):
        yield from ("--ro-bind", str(prefix()), str(prefix()))
    for mount in confinement.mounts:
        yield from ("--bind" if mount.writable else "--ro-bind", str(mount.path), str(mount.path))


def _repository(layer: Overlay | None, made: Scratch) -> Iterator[str]:
    for source, target, writable in layer.binds(made) if layer else ():
        yield from ("--bind" if writable else "--ro-bind", str(source), str(target))


def _way_out(confinement: Confinement, made: Scratch) -> Iterator[str]:
    yield from ("--ro-bind", str(SCRIPT), FORWARDER, "--ro-bind", str(made.run / "order.json"), ORDER)
    if confinement.model_socket:
        yield from ("--ro-bind", str(confinement.model_socket), SOCKET)
