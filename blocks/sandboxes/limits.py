"""Memory, processes and CPU of a cell: by control groups (version 1 or 2) where they can be written, else watched.

A group holds: the kernel refuses or kills. A watcher (`TreeWatch`) looks a few times a second and ends the command.
RLIMIT_AS is not used: node and others reserve far more than they touch and would not start.
"""

import logging
import os
import platform
import re
import resource
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from uuid import uuid4

from linestop.blocks.sandboxes.growth import tree
from linestop.ports import Confinement
from linestop.ports.sandbox import Ended

_log = logging.getLogger(__name__)
_NAME = "linestop-cell-"
_PERIOD = 100_000  # microseconds, the kernel's default
_ROUNDS = 50
_WATCH_SECONDS = 0.25
CONTROLLERS = ("memory", "pids", "cpu")


class Groups:
    """The control groups of one cell; `held` are the controllers that really hold something."""

    def __init__(
        self, confinement: Confinement, *, root: Path = Path("/sys/fs/cgroup"), own: str | None = None
    ) -> None:
        own = Path("/proc/self/cgroup").read_text(encoding="utf-8") if own is None else own
        self._folders: dict[str, Path] = {}
        name = f"{_NAME}{os.getpid()}-{uuid4().hex[:8]}"
        for controller, parent in _parents(own, root):
            if controller not in self._folders and (folder := _made(parent, name, controller, confinement)):
                self._folders[controller] = folder
        self.held = frozenset(self._folders)
        self._kills = self._killed()

    def add(self, pid: int) -> None:
        """Put a process into the groups, and so all that it starts from now on.

        Raises:
            OSError: the process is gone, or a group was removed.
        """
        for folder in set(self._folders.values()):
            (folder / "cgroup.procs").write_text(str(pid))

    def memory_killed(self) -> bool:
        """Return whether the kernel killed a process at the memory limit since it was last asked."""
        before, self._kills = self._kills, self._killed()
        return self._kills > before

    def close(self) -> None:
        """Remove the groups; the processes in them are dead, the kernel may need a moment to see it."""
        for folder in set(self._folders.values()):
            for _ in range(_ROUNDS):
                try:
                    folder.rmdir()
                except FileNotFoundError:
                    break
                except OSError:
                    sleep(0.01)  # there is no event to wait for in version 1
                else:
                    break

    def _killed(self) -> int:
        if "memory" not in self._folders:
            return 0
        for name in ("memory.events", "memory.oom_control"):
            with suppress(OSError):
                found = re.search(r"^oom_kill (\d+)", (self._folders["memory"] / name).read_text(), re.MULTILINE)
                return int(found[1]) if found else 0
        return 0


class TreeWatch:
    """A probe for what no control group holds: the memory and number of a process and its descendants."""

    def __init__(self, pid: int, confinement: Confinement, *, memory: bool, processes: bool) -> None:
        self._pid, self._confinement = pid, confinement
        self._memory, self._processes = memory, processes
        self._next = 0.0

    def __call__(self) -> Ended | None:
        """Look, where it is time to."""
        if not (self._memory or self._processes) or monotonic() < self._next:
            return None
        pids = tree(self._pid)
        self._next = monotonic() + _WATCH_SECONDS
        if self._processes and len(pids) > self._confinement.processes:
            return "processes"
        over = self._memory and sum(map(_private_bytes, pids)) > self._confinement.memory_bytes
        return "memory" if over else None


def bound(pid: int, confinement: Confinement, held: frozenset[str]) -> None:
    """Set a process's own limits, which all that it starts inherits, before it runs anything.

    Raises:
        OSError: the process is gone.
    """
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (confinement.disk_bytes, confinement.disk_bytes))
    resource.prlimit(pid, resource.RLIMIT_CORE, (0, 0))
    if "pids" not in held and counted_apart():
        resource.prlimit(pid, resource.RLIMIT_NPROC, (confinement.processes, confinement.processes))
    if "cpu" not in held:
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(pid, cores[: max(1, round(confinement.cpus + 0.499))])


def counted_apart() -> bool:
    """Return whether RLIMIT_NPROC counts a sandbox's processes by themselves: from Linux 5.14 on, never root's."""
    found = re.match(r"(\d+)\.(\d+)", platform.release())
    return bool(os.getuid()) and found is not None and (int(found[1]), int(found[2])) >= (5, 14)


def sweep_groups(root: Path = Path("/sys/fs/cgroup")) -> None:
    """Remove the empty groups of cells whose linestop was killed."""
    own = Path("/proc/self/cgroup").read_text(encoding="utf-8")
    for _, parent in _parents(own, root):
        for folder in parent.glob(f"{_NAME}*"):
            pid = folder.name.removeprefix(_NAME).partition("-")[0]
            if pid.isdigit() and not Path("/proc", pid).exists():
                with suppress(OSError):
                    folder.rmdir()


def _parents(own: str, root: Path) -> Iterator[tuple[str, Path]]:
    """Yield the controllers and folders below which a cell's groups may be made, the best first.

    Version 1: this process's own group, so that its limits hold as well. Version 2 allows processes only in leaves:
    there the groups above are tried in turn, each as far as it hands its controllers down.
    """
    for line in own.splitlines():
        _, names, path = line.split(":", 2)
        for controller in set(names.split(",")) & set(CONTROLLERS):
            folder = root / controller / path.lstrip("/")
            yield controller, folder if folder.is_dir() else root / names / path.lstrip("/")
        if names == "":
            top = root / "unified" if (root / "unified").is_dir() else root
            folder = top / path.lstrip("/")
            for parent in (folder, *(one for one in folder.parents if one.is_relative_to(top))):
                yield from ((controller, parent) for controller in CONTROLLERS if _handed_down(parent, controller))


def _handed_down(parent: Path, controller: str) -> bool:
    try:
        return controller in (parent / "cgroup.subtree_control").read_text(encoding="utf-8").split()
    except OSError:
        return False


def _made(parent: Path, name: str, controller: str, confinement: Confinement) -> Path | None:
    """Return a new group with its limit, None where this user may make none or the kernel lacks the controller."""
    folder = parent / name
    try:
        folder.mkdir()
        fresh = True
    except FileExistsError:  # another controller of version 2 has it
        fresh = False
    except OSError:
        return None
    try:
        _set(folder, controller, confinement)
    except OSError as error:
        _log.debug("sandbox.group_refused controller=%s error=%s", controller, error)
        with suppress(OSError):
            if fresh:
                folder.rmdir()
        return None
    return folder


def _set(folder: Path, controller: str, confinement: Confinement) -> None:
    """Write a group's limit.

    Raises:
        OSError: it can't be; then nothing would hold.
    """
    memory, quota = str(confinement.memory_bytes), str(max(1_000, int(confinement.cpus * _PERIOD)))
    needed, wanted = {
        ("memory", True): ({"memory.max": memory}, {"memory.swap.max": "0"}),
        ("memory", False): ({"memory.limit_in_bytes": memory}, {"memory.memsw.limit_in_bytes": memory}),
        ("pids", True): ({"pids.max": str(confinement.processes)}, {}),
        ("pids", False): ({"pids.max": str(confinement.processes)}, {}),
        ("cpu", True): ({"cpu.max": f"{quota} {_PERIOD}"}, {}),
        ("cpu", False): ({"cpu.cfs_period_us": str(_PERIOD), "cpu.cfs_quota_us": quota}, {}),
    }[controller, (folder / "cgroup.controllers").exists()]
    for name, value in needed.items():
        (folder / name).write_text(value)
    for name, value in wanted.items():  # machines without swap have no file for it
        with suppress(OSError):
            (folder / name).write_text(value)


def _private_bytes(pid: int) -> int:
    """Return the memory of a process that no file backs; what it shares with others is counted at each."""
    try:
        text = Path("/proc", str(pid), "status").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 0
    return sum(int(kib) * 1024 for kib in re.findall(r"^Rss(?:Anon|Shmem):\s+(\d+) kB", text, re.MULTILINE))
