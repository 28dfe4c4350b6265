"""What an agent might try: each trick, and the evidence that it worked. Judged by test_escapes.py.

A trick runs in the sandbox, where it must fail, and in no sandbox at all, where it must work: else the test could not
fail. `control=None` are those that would hurt the machine, or need something that it lacks.
"""

import os
import shlex
import stat
import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from linestop.ports import Confinement, Ran

SECRET = "hunter2-of-the-owner"
MIB = 2**20


@dataclass
class World:
    """An owner's machine: a home with keys, a checkout, a workspace, a process, servers that give the secret away."""

    folder: Path
    workspace: Path
    neighbour: psutil.Process
    tcp_port: int
    tcp6_port: int
    udp_port: int
    abstract: str
    socket: Path
    heard: list[bytes] = field(default_factory=list)

    @property
    def owner(self) -> Path:
        return self.folder / "owner"

    @property
    def main(self) -> Path:
        return self.folder / "shop"

    @property
    def admin(self) -> Path:
        return self.main / ".git" / "worktrees" / self.workspace.name

    def fill(self, script: str) -> str:
        values = {name: shlex.quote(str(getattr(self, name))) for name in ("owner", "main", "workspace", "folder")}
        ports = {name: getattr(self, name) for name in ("tcp_port", "tcp6_port", "udp_port", "abstract", "socket")}
        for name, value in {**values, **ports, "pid": self.neighbour.pid}.items():
            script = script.replace(f"{{{name}}}", str(value))
        return script


_USUAL = Confinement()
Evidence = Callable[[World, Ran], bool]


@dataclass(frozen=True)
class Trick:
    """A script, what shows that it worked, and whether it is shown to work without a sandbox."""

    name: str
    script: str
    worked: Evidence
    control: bool = True
    bounds: Confinement = _USUAL
    control_bounds: Confinement = _USUAL
    python: bool = False

    def argv(self, world: World) -> tuple[str, ...]:
        return ("/usr/bin/python3" if self.python else "sh", "-c", world.fill(self.script))


def said(text: str) -> Evidence:
    return lambda _, ran: text in ran.output


def changed(path: Callable[[World], Path], was: bytes) -> Evidence:
    return lambda world, _: not path(world).is_file() or path(world).read_bytes() != was


def there(path: Callable[[World], Path]) -> Evidence:
    return lambda world, _: os.path.lexists(path(world))


def _readable_disk() -> bool:
    """Return whether this user can read any disk: some machines refuse it even to root."""
    for path in Path("/dev").iterdir():
        with suppress(OSError):
            if path.is_block_device():
                with path.open("rb") as disk:
                    if disk.read(4):
                        return True
    return False


def _git(world: World, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=world.main, capture_output=True, text=True, check=False)
    return done.stdout


def _connect(family: str, address: str, kind: str = "SOCK_STREAM") -> str:
    return (
        "import socket\n"
        f"s = socket.socket(socket.{family}, socket.{kind}); s.settimeout(3)\n"
        f"s.connect({address}); s.send(b'hello'); print(s.recv(100))"
    )


def _call(number: int, *arguments: str) -> str:
    """A system call by its number on x86_64; that it got as far as its arguments is that it isn't refused."""
    words = ", ".join((f"ctypes.c_long({number})", *arguments))
    return (
        "import ctypes, errno\n"
        "c = ctypes.CDLL(None, use_errno=True)\n"
        f"r = c.syscall({words}); e = ctypes.get_errno()\n"
        "print('refused' if r < 0 and e in (errno.EPERM, errno.ENOSYS, errno.EAFNOSUPPORT) else 'allowed')"
    )


_LOOKS = [
    Trick("ssh-key", "cat {owner}/.ssh/id_rsa", said(SECRET)),
    Trick("cloud-key", "cat {owner}/.aws/credentials {owner}/.netrc", said(SECRET)),
    Trick("linestop-home", "cat {owner}/.linestop/lessons.db", said(SECRET)),
    Trick("linestop-of-the-repository", "cat {main}/.linestop/tracker.db", said(SECRET)),
    Trick("git-configuration", "cat {main}/.git/config; git config -l; git remote -v", said(SECRET)),
    Trick("dots", "cat ../owner/.ssh/id_rsa ../../../../../../../..{owner}/.ssh/id_rsa", said(SECRET)),
    Trick("link-to-the-outside", "ln -s {owner}/.ssh keys; cat keys/id_rsa", said(SECRET)),
    Trick("link-made-outside", "cat outside/.ssh/id_rsa", said(SECRET)),
    Trick(
        "environment-of-others",
        "cat /proc/[0-9]*/environ /proc/$PPID/environ | tr '\\0' '\\n' | grep OWNERS_TOKEN",
        said(SECRET),
    ),
    Trick(
        "arguments-of-others", "cat /proc/[0-9]*/cmdline | tr '\\0' '\\n' | grep agent", said("neighbour-of-the-agent")
    ),
    Trick("root-of-others", "cat /proc/[0-9]*/root{owner}/.ssh/id_rsa /proc/[0-9]*/cwd/secret", said(SECRET)),
    Trick("files-of-others", "cat /proc/{pid}/fd/*", said(SECRET)),
    Trick("memory-of-others", "cat /proc/{pid}/maps", said("r-xp")),
    Trick("passwords", "cat /etc/shadow", said("root:")),
    Trick(
        "private-keys-of-the-machine",
        "ls /etc/ssl/private/ && echo listed",
        said("listed"),
        control=Path("/etc/ssl/private").exists(),
    ),
    Trick(
        "disk-itself",
        "for d in /dev/*; do [ -b $d ] && head -c 4 $d | wc -c; done",
        said("4"),
        control=_readable_disk(),
    ),
    Trick(
        "kernel-log",
        "dd if=/dev/kmsg bs=8192 count=1 of=/dev/null && echo heard",
        said("heard"),
        control=os.access("/dev/kmsg", os.R_OK),
    ),
    Trick(
        "physical-memory", "ls /dev/mem /dev/port /proc/kcore && head -c1 /proc/kcore | wc -c", said("1"), control=False
    ),
    Trick("other-temporary-files", "cat {folder}/secret", said(SECRET)),
]

_WRITES = [
    Trick("main-checkout", "echo evil > {main}/a.txt", changed(lambda world: world.main / "a.txt", b"one\n")),
    Trick(
        "hooks",
        "printf '#!/bin/sh\\n' > {main}/.git/hooks/pre-commit",
        there(lambda world: world.main / ".git/hooks/pre-commit"),
    ),
    Trick(
        "hooks-by-git",
        "git config core.hooksPath /evil",
        lambda world, _: "evil" in (world.main / ".git/config").read_text(),
    ),
    Trick(
        "branches",
        "echo x > a.txt; git commit -qam x; git update-ref refs/heads/main HEAD",
        lambda world, _: _git(world, "log", "-1", "--format=%s", "main") != "start\n",
    ),
    Trick(
        "objects",
        "echo evil | git hash-object -w --stdin",
        lambda world, _: len([*(world.main / ".git/objects").glob("??/*")]) != 3,
    ),
    Trick(
        "git-directory-of-the-worktree",
        "d=$(sed 's/gitdir: //' .git); echo ref: refs/heads/evil > $d/HEAD",
        lambda world, _: "evil" in (world.admin / "HEAD").read_text(),
    ),
    Trick(
        "git-file-removed",
        "rm -f .git; mv .git elsewhere; echo gitdir: /evil > .git",
        lambda world, _: "evil" in _text(world.workspace / ".git") or not (world.workspace / ".git").exists(),
    ),
    Trick(
        "linestop-state",
        "echo evil >> {main}/.linestop/tracker.db",
        lambda world, _: "evil" in (world.main / ".linestop/tracker.db").read_text(),
    ),
    Trick("written-through-a-link", "echo evil > outside/planted", there(lambda world: world.owner / "planted")),
    Trick(
        "hard-link-made",
        "ln {owner}/.ssh/id_rsa mine && echo evil >> mine",
        lambda world, _: "evil" in (world.owner / ".ssh/id_rsa").read_text(),
    ),
    Trick("hard-link-found", "echo evil >> twin", lambda world, _: "evil" in (world.folder / "cache").read_text()),
    Trick(
        "root-for-later",
        "cp /bin/true s; chmod 4755 s; chmod u+s s; install -m 4755 /bin/true t",
        lambda world, _: any(_suid(world.workspace / name) for name in "st"),
    ),
    Trick(
        "root-for-later-at-creation",
        "import os; os.close(os.open('s', os.O_CREAT | os.O_WRONLY, 0o4755))",
        lambda world, _: _suid(world.workspace / "s"),
        python=True,
    ),
    Trick(
        "shared-memory-of-the-machine",
        "echo evil > /dev/shm/linestop-planted",
        lambda *_: _gone(Path("/dev/shm/linestop-planted")),
    ),
    Trick(
        "kernel-settings",
        'f=/proc/sys/kernel/core_pattern; v=$(cat $f); echo "$v" > $f && echo written',
        said("written"),
        control=os.getuid() == 0,
    ),
    Trick(
        "control-groups",
        "for d in /sys/fs/cgroup /sys/fs/cgroup/memory; do mkdir $d/lst && rmdir $d/lst && echo made; done",
        said("made"),
        control=os.getuid() == 0,
    ),
    Trick(
        "system-folders",
        "touch /usr/lib/linestop-trick && rm /usr/lib/linestop-trick && echo written",
        said("written"),
        control=os.getuid() == 0,
    ),
    Trick(
        "etc",
        "touch /etc/linestop-trick && rm /etc/linestop-trick && echo written",
        said("written"),
        control=os.getuid() == 0,
    ),
]

_REACHES = [
    Trick("loopback", _connect("AF_INET", "('127.0.0.1', {tcp_port})"), said(SECRET), python=True),
    Trick("loopback-6", _connect("AF_INET6", "('::1', {tcp6_port})"), said(SECRET), python=True),
    Trick(
        "udp",
        "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'out', ('127.0.0.1', {udp_port}))",
        lambda world, _: b"out" in world.heard,
        python=True,
    ),
    Trick("abstract-socket", _connect("AF_UNIX", "'\\0{abstract}'"), said(SECRET), python=True),
    Trick("ssh-agent-or-docker-socket", _connect("AF_UNIX", "'{socket}'"), said(SECRET), python=True),
    Trick(
        "socket-by-a-link",
        "import os; os.symlink('{socket}', 'here')\n" + _connect("AF_UNIX", "'here'"),
        said(SECRET),
        python=True,
    ),
    Trick(
        "any-socket-of-the-system",
        "find / -xdev -type s 2>/dev/null | grep -v /run/linestop/ | grep . && echo found",
        said("found"),
        control=False,
    ),
    Trick(
        "other-machines",
        "ip -o link | grep -v ' lo' | grep 'state UP' && echo up; ls /sys/class/net | grep -v lo",
        said("eth"),
        control=False,
    ),
    Trick("hypervisor", _call(41, "40", "1", "0"), said("allowed"), control=False, python=True),
    Trick("raw-packets", _call(41, "17", "3", "768"), said("allowed"), control=os.getuid() == 0, python=True),
    Trick("kernel-crypto", _call(41, "38", "5", "0"), said("allowed"), control=False, python=True),
]

_PTRACE = """
import ctypes
c = ctypes.CDLL(None)
print("attached" if c.ptrace(16, {pid}, 0, 0) == 0 else "no")
c.ptrace(17, {pid}, 0, 0)
"""
_POWERS = [
    Trick(
        "signal",
        "kill -9 {pid}",
        lambda world, _: not world.neighbour.is_running() or world.neighbour.status() == "zombie",
    ),
    Trick("signal-to-all", "kill -9 -1", lambda world, _: not world.neighbour.is_running(), control=False),
    Trick("ptrace", _PTRACE, said("attached"), python=True),
    Trick(
        "memory-written",
        _call(310, "{pid}", "0", "0", "0", "0", "0") + "\nimport os; os.kill({pid}, 0); print('seen')",
        said("seen"),
        python=True,
    ),
    Trick(
        "mount",
        "unshare -m true && echo mounted; mount -t tmpfs none {workspace} && echo mounted",
        said("mounted"),
        control=False,
    ),
    Trick("mount-in-a-new-namespace", "unshare -rm sh -c 'mount -t tmpfs none /tmp && echo mounted'", said("mounted")),
    Trick("sandbox-in-the-sandbox", "bwrap --ro-bind / / --tmpfs /tmp true && echo nested", said("nested")),
    Trick(
        "overlay-taken-away",
        "umount .git && echo gone; umount /proc/sys && echo gone; mount -o remount,rw / && echo gone",
        said("gone"),
        control=False,
    ),
    Trick(
        "chroot",
        "import os; os.mkdir('r'); os.chroot('r'); print('allowed')",
        said("allowed"),
        control=os.getuid() == 0,
        python=True,
    ),
    Trick("device", "mknod d b 254 0 && echo made", said("made"), control=os.getuid() == 0),
    Trick(
        "become-root",
        "import os; os.setuid(0); os.setgid(0); print('root', os.getuid())",
        said("root 0"),
        control=os.getuid() == 0,
        python=True,
    ),
    Trick(
        "capabilities",
        "grep -E '^Cap(Eff|Prm|Bnd|Amb)' /proc/self/status | grep -v 0000000000000000 && echo some",
        said("some"),
        control=os.getuid() == 0,
    ),
    Trick("keyring", _call(250, "0", "-4", "0"), said("allowed"), python=True),
    Trick("bpf", _call(321, "0", "0", "0"), said("allowed"), control=os.getuid() == 0, python=True),
    Trick("io-uring", _call(425, "1", "0"), said("allowed"), control=False, python=True),
    Trick("perf", _call(298, "0", "0", "-1", "-1", "0"), said("allowed"), control=os.getuid() == 0, python=True),
    Trick(
        "typing-into-a-terminal",
        "import fcntl, os; m, s = os.openpty(); fcntl.ioctl(s, 0x5412, b'x'); print('typed')",
        said("typed"),
        control=os.getuid() == 0,
        python=True,
    ),
    Trick("terminal-of-the-owner", "echo evil > /dev/tty && echo wrote", said("wrote"), control=False),
    Trick("module", _call(175, "0", "0", "0"), said("allowed"), control=False, python=True),
]

_FORK = """
import os, time
n = 0
for _ in range(300):
    try:
        if os.fork() == 0:
            time.sleep(20)
            os._exit(0)
        n += 1
    except OSError:
        pass
print("forked", n)
"""
_UNLINKED = """
import os, time
held = []
for n in range(12):
    file = open(f"u{n}", "wb")
    os.unlink(file.name)
    file.write(b"x" * 15_000_000)
    file.flush()
    held.append(file)
time.sleep(3)
print("kept")
"""
_HIDDEN = """
import os, time
os.mkdir("h")
held = [open(f"h/{n}", "wb") for n in range(12)]
os.chmod("h", 0)
for file in held:
    file.write(b"x" * 15_000_000)
    file.flush()
time.sleep(3)
print("kept")
"""
_EMPTY = """
import time
for n in range(20_000):
    open(str(n), "w").close()
time.sleep(3)
print("kept")
"""
_SHARED = "open('/dev/shm/linestop-hog', 'wb').write(b'x' * 400_000_000); print('kept')"
_SMALL = Confinement(disk_bytes=20 * MIB, processes=60, memory_bytes=200 * MIB)

_HUNGER = [
    Trick("fork-bomb", _FORK, said("forked 300"), bounds=_SMALL, python=True),
    Trick("files-without-a-name", _UNLINKED, said("kept"), bounds=_SMALL, control_bounds=_SMALL, python=True),
    Trick("files-in-a-locked-folder", _HIDDEN, said("kept"), bounds=_SMALL, python=True),
    Trick("many-empty-files", _EMPTY, said("kept"), bounds=Confinement(disk_bytes=4 * MIB), python=True),
    Trick(
        "memory-as-files",
        _SHARED,
        lambda _, ran: _gone(Path("/dev/shm/linestop-hog")) or "kept" in ran.output,
        bounds=_SMALL,
        python=True,
    ),
    Trick(
        "daemon",
        "(setsid sh -c 'trap \"\" HUP TERM; exec sleep {pid}.4716' </dev/null >/dev/null 2>&1 &)",
        lambda world, _: bool(_sleepers(f"{world.neighbour.pid}.4716")),
        control=False,
    ),
]

TRICKS = [*_LOOKS, *_WRITES, *_REACHES, *_POWERS, *_HUNGER]


def _text(path: Path) -> str:
    return path.read_text() if path.is_file() else ""


def _suid(path: Path) -> bool:
    return path.exists() and bool(path.stat().st_mode & (stat.S_ISUID | stat.S_ISGID))


def _gone(path: Path) -> bool:
    """Return whether it was there; it isn't any more."""
    found = path.exists()
    path.unlink(missing_ok=True)
    return found


def _sleepers(mark: str) -> list[int]:
    return [one.pid for one in psutil.process_iter(["cmdline"]) if mark in " ".join(one.info["cmdline"] or ())]
