"""The parts of sandboxes that need none: what is refused, what is chosen, what is counted."""

import os
import shutil
import socket
import struct
import subprocess
from errno import EAFNOSUPPORT, ENOSYS, EPERM
from pathlib import Path

import pytest

from linestop.blocks.sandboxes.choice import confinement_for, sandbox_for
from linestop.blocks.sandboxes.clocks import Clocks
from linestop.blocks.sandboxes.growth import Growth, used
from linestop.blocks.sandboxes.limits import Groups
from linestop.blocks.sandboxes.mounts import vetted
from linestop.blocks.sandboxes.ownership import unlinked_twins
from linestop.blocks.sandboxes.seccomp import docker_profile, program
from linestop.errors import PolicyError, ToolError
from linestop.policy import SandboxPolicy
from linestop.ports import Confinement, Mount, Network, SandboxCommand

ALLOW = 0x7FFF0000
X86, ARM, OTHER = 0xC000003E, 0xC00000B7, 0x40000003


@pytest.fixture
def owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an owner's home with a key and tools in it."""
    home = tmp_path / "owner"
    for name in (".ssh/id_rsa", ".pyenv/bin/python", ".linestop/environments/a/bin/python", ".linestop/worktrees/x/f"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text("x")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("LINESTOP_HOME", str(home / ".linestop"))
    (tmp_path / "ws" / "venv").mkdir(parents=True)
    return home


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/", id="everything"),
        pytest.param("/proc/self", id="proc"),
        pytest.param("/sys/fs/cgroup", id="sys"),
        pytest.param("/dev", id="devices"),
        pytest.param("/dev/null", id="a-device"),
        pytest.param("/etc", id="etc"),
        pytest.param("{home}", id="the-owners-home"),
        pytest.param("{home}/../owner", id="the-owners-home-by-dots"),
        pytest.param("{home}/.ssh", id="keys"),
        pytest.param("{home}/.ssh/id_rsa", id="a-key"),
        pytest.param("{home}/.linestop", id="linestops-home"),
        pytest.param("{home}/.linestop/worktrees/x", id="another-workspace"),
        pytest.param("{tmp}", id="what-holds-the-home"),
        pytest.param("{tmp}/link", id="a-link-to-keys"),
        pytest.param("{tmp}/var/run/agent.sock", id="a-socket"),
        pytest.param("{tmp}/var/run", id="what-holds-a-socket"),
        pytest.param("{tmp}/var", id="what-holds-a-folder-with-a-socket"),
        pytest.param("{tmp}/work", id="what-holds-the-workspace"),
        pytest.param("{tmp}/gone", id="nothing"),
        pytest.param("relative", id="a-relative-path"),
    ],
)
def test_a_mount_that_shows_too_much_is_refused(path: str, owner: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(owner / ".ssh")
    (tmp_path / "var" / "run").mkdir(parents=True)
    (tmp_path / "work" / "ws").mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "var" / "run" / "agent.sock"))
        mount = Mount(path=Path(path.format(home=owner, tmp=tmp_path)))
        with pytest.raises(PolicyError, match="can't be shown"):
            vetted([mount], workspace=tmp_path / "work" / "ws")


@pytest.mark.parametrize("name", ["sessions/claude", "worktrees/shop", "cells/1"])
def test_what_linestop_keeps_of_other_dispatches_is_shown_to_none(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "state"))
    (tmp_path / "state" / name).mkdir(parents=True)
    with pytest.raises(PolicyError, match="can't be shown"):
        vetted([Mount(path=tmp_path / "state" / name)], workspace=tmp_path / "ws")


def test_tools_below_the_home_may_be_shown_and_the_shallow_come_first(owner: Path, tmp_path: Path) -> None:
    paths = [
        owner / ".linestop/environments/a",
        owner / ".pyenv",
        tmp_path / "ws/venv",
        Path("/usr/lib"),
        owner / ".pyenv",
    ]
    found = vetted([Mount(path=path) for path in paths], workspace=tmp_path / "ws")
    assert [mount.path for mount in found] == [Path("/usr/lib"), owner / ".pyenv", owner / ".linestop/environments/a"]


def test_what_is_asked_for_twice_may_be_written_only_where_both_say_so(tmp_path: Path) -> None:
    for first, second in ((True, False), (False, True), (True, True)):
        asked = [Mount(path=Path("/usr/lib"), writable=writable) for writable in (first, second)]
        assert vetted(asked, workspace=tmp_path) == (Mount(path=Path("/usr/lib"), writable=first and second),)


def verdict(machine: str, number: int, *arguments: int, architecture: int | None = None) -> int:
    """Run the filter as the kernel does; return the error it answers, 0 where the call is allowed."""
    architecture = architecture or {"x86_64": X86, "aarch64": ARM}[machine]
    seen = struct.pack("=IIQ6Q", number, architecture, 0, *arguments, *(0,) * (6 - len(arguments)))
    code, accumulator, at = list(struct.iter_unpack("=HBBI", program(machine))), 0, 0
    while True:
        kind, yes, no, value = code[at]
        if kind == 0x06:
            return 0 if value == ALLOW else value & 0xFFFF
        if kind == 0x20:
            accumulator = struct.unpack_from("=I", seen, value)[0]
            at += 1
        else:
            true = {0x15: accumulator == value, 0x35: accumulator >= value, 0x45: bool(accumulator & value)}[kind]
            at += 1 + (yes if true else no)


@pytest.mark.parametrize(
    ("machine", "number", "arguments", "error"),
    [
        pytest.param("x86_64", 0, (), 0, id="read"),
        pytest.param("x86_64", 41, (2, 1), 0, id="a-tcp-socket"),
        pytest.param("x86_64", 41, (40, 1), EAFNOSUPPORT, id="a-vsock-socket"),
        pytest.param("x86_64", 41, (38, 5), EAFNOSUPPORT, id="a-crypto-socket"),
        pytest.param("x86_64", 165, (), EPERM, id="mount"),
        pytest.param("x86_64", 250, (), EPERM, id="keyctl"),
        pytest.param("x86_64", 435, (), ENOSYS, id="clone3"),
        pytest.param("x86_64", 56, (0x1200011,), 0, id="fork"),
        pytest.param("x86_64", 56, (0x10000011,), EPERM, id="a-user-namespace"),
        pytest.param("x86_64", 272, (0x20000,), EPERM, id="unshare-mounts"),
        pytest.param("x86_64", 272, (0x400,), 0, id="unshare-files"),
        pytest.param("x86_64", 16, (0, 0x5412), EPERM, id="TIOCSTI"),
        pytest.param("x86_64", 16, (0, 0xFFFFFFFF00005412), EPERM, id="TIOCSTI-with-high-bits"),
        pytest.param("x86_64", 16, (0, 0x5401), 0, id="TCGETS"),
        pytest.param("x86_64", 90, (0, 0o755), 0, id="chmod"),
        pytest.param("x86_64", 90, (0, 0o4755), EPERM, id="chmod-setuid"),
        pytest.param("x86_64", 90, (0, 0o2755), EPERM, id="chmod-setgid"),
        pytest.param("x86_64", 257, (0, 0, 0o100, 0o4755), EPERM, id="openat-creates-setuid"),
        pytest.param("x86_64", 257, (0, 0, 0, 0o4755), 0, id="openat-with-a-stray-mode"),
        pytest.param("x86_64", 257, (0, 0, 0o100, 0o644), 0, id="openat-creates"),
        pytest.param("x86_64", 0x40000000 + 165, (), ENOSYS, id="x32"),
        pytest.param("aarch64", 40, (), EPERM, id="mount-on-arm"),
        pytest.param("aarch64", 63, (), 0, id="read-on-arm"),
        pytest.param("aarch64", 198, (40,), EAFNOSUPPORT, id="vsock-on-arm"),
        pytest.param("aarch64", 52, (0, 0o4000), EPERM, id="fchmod-setuid-on-arm"),
    ],
)
def test_the_filter_refuses_what_leads_out(machine: str, number: int, arguments: tuple[int, ...], error: int) -> None:
    assert verdict(machine, number, *arguments) == error


def test_calls_of_another_architecture_are_refused() -> None:
    assert verdict("x86_64", 0, architecture=OTHER) == ENOSYS


def test_a_machine_without_a_filter_gets_none() -> None:
    assert program("riscv64") == b""


def test_docker_refuses_the_same_calls() -> None:
    calls = docker_profile()["syscalls"]
    families = {call["args"][0]["valueTwo"] for call in calls if call["names"] == ["socket"]}
    assert 40 in families
    assert not {1, 2, 10, 16} & families
    assert {"mount", "keyctl", "clone3", "openat"} <= {call["names"][0] for call in calls}
    assert max(len([word for word in call.get("args", ()) if word["index"] == 0]) for call in calls) == 1


def hierarchy(root: Path, *, controllers: str) -> Path:
    """Make what version 2 shows: a root that hands controllers down to a slice, which hands none to its leaf."""
    leaf = root / "user.slice" / "shell.scope"
    leaf.mkdir(parents=True)
    (root / "cgroup.subtree_control").write_text("")
    (root / "user.slice" / "cgroup.subtree_control").write_text(controllers)
    (leaf / "cgroup.subtree_control").write_text("")
    return root / "user.slice"


def test_groups_of_version_2_are_made_where_controllers_are_handed_down(tmp_path: Path) -> None:
    parent = hierarchy(tmp_path, controllers="memory pids")
    confinement = Confinement(memory_bytes=2**26, processes=7)
    groups = Groups(confinement, root=tmp_path, own="0::/user.slice/shell.scope\n")
    (folder,) = parent.glob("linestop-cell-*")
    assert groups.held == {"memory", "pids"}
    assert (folder / "pids.max").read_text() == "7"
    groups.add(42)
    assert (folder / "cgroup.procs").read_text() == "42"
    (folder / "memory.events").write_text("low 0\noom 1\noom_kill 2\n")
    assert groups.memory_killed()
    assert not groups.memory_killed()


def test_where_no_group_can_be_made_nothing_is_held(tmp_path: Path) -> None:
    assert Groups(Confinement(), root=tmp_path, own="0::/none\n3:memory:/none\n").held == frozenset()


def test_growth_counts_links_once_and_follows_none(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "f", tmp_path / "large"
    folder.mkdir()
    elsewhere.write_bytes(b"x" * 10_000_000)
    growth = Growth((folder,), 1_000_000)
    (folder / "a").write_bytes(b"x" * 500_000)
    (folder / "b").hardlink_to(folder / "a")
    (folder / "c").symlink_to(elsewhere)
    assert 500_000 <= growth.grown() < 600_000
    assert used(folder, most=100) < 600_000


def test_growth_counts_what_was_removed_while_it_is_open(tmp_path: Path) -> None:
    growth = Growth((tmp_path,), 1_000_000)
    before = growth.grown([os.getpid()])
    with (tmp_path / "a").open("wb") as file:
        file.write(b"x" * 500_000)
        file.flush()
        (tmp_path / "a").unlink()
        assert growth.grown() < 100_000
        assert growth.grown([os.getpid()]) - before >= 500_000


class Disk(Growth):
    """A disk whose free space a test sets."""

    left = 10**9

    def free(self) -> int:
        return self.left


@pytest.mark.parametrize(("fell", "ended"), [(0, None), (20 * 2**20, "disk")], ids=["not-yet", "at-once"])
def test_a_fall_of_the_free_space_is_looked_into_at_once(tmp_path: Path, fell: int, ended: str | None) -> None:
    disk = Disk((tmp_path,), limit_bytes=1_000)
    look = disk.watch()
    (tmp_path / "large").write_bytes(b"x" * 100_000)
    disk.left -= fell
    assert look() == ended


def test_a_command_that_said_too_much_before_it_ended_has_no_exit_code() -> None:
    clocks = Clocks(SandboxCommand(argv=("yes",)), output_bytes=4)
    clocks.take(b"y\ny\ny\n", of_stderr=False)
    ran = clocks.ran("exited", 0)
    assert (ran.ended, ran.exit_code, ran.output) == ("output", None, "y\ny\n")


def test_the_time_that_a_sandbox_takes_to_start_is_no_silence_of_its_command() -> None:
    clocks = Clocks(SandboxCommand(argv=("make",), idle_seconds=0.02), output_bytes=4)
    while clocks.over() is None:
        pass
    assert clocks.over() == "idle"
    clocks.up()
    assert clocks.over() is None


def test_a_second_name_of_a_file_gets_its_own_content(tmp_path: Path) -> None:
    folder, cache = tmp_path / "ws", tmp_path / "cache"
    (folder / ".git").mkdir(parents=True)
    cache.write_text("theirs")
    cache.chmod(0o640)
    for name in ("a", ".git/b"):
        (folder / name).hardlink_to(cache)
    (folder / "alone").write_text("mine")
    assert unlinked_twins(folder) == 1
    (folder / "a").write_text("changed")
    assert cache.read_text() == "theirs"
    assert (folder / "a").stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in folder.iterdir()) == [".git", "a", "alone"]


def test_plain_needs_leave() -> None:
    with pytest.raises(PolicyError, match="isolates nothing"):
        sandbox_for(SandboxPolicy(kind="plain"))
    assert not sandbox_for(SandboxPolicy(kind="plain", allow_plain=True)).isolates


def test_where_no_sandbox_works_agents_are_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    policy = SandboxPolicy(docker_host=f"unix://{tmp_path}/none.sock")
    with pytest.raises(ToolError, match="no sandbox works") as caught:
        sandbox_for(policy)
    assert "apt install bubblewrap" in caught.value.todo
    assert "no bwrap on PATH" in caught.value.found
    assert sandbox_for(policy.model_copy(update={"allow_plain": True})).name == "plain"


def test_a_bubblewrap_that_does_not_work_is_not_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bwrap").write_text("#!/bin/sh\necho 'No permissions to create new namespace' >&2; exit 1\n")
    (tmp_path / "bwrap").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(ToolError, match="bubblewrap") as caught:
        sandbox_for(SandboxPolicy(kind="bubblewrap"))
    assert "No permissions" in caught.value.found


@pytest.mark.skipif(not shutil.which("bwrap"), reason="bubblewrap is not installed: apt install bubblewrap")
def test_bubblewrap_comes_first() -> None:
    assert sandbox_for(SandboxPolicy()).name == "bubblewrap"


def test_a_policy_says_what_a_dispatch_is_given(tmp_path: Path) -> None:
    policy = SandboxPolicy(network="allow", hosts=("pypi.org",), memory_mb=64, disk_mb=5, processes=9, cpus=0.5)
    found = confinement_for(policy, mounts=[tmp_path, tmp_path / "gone", tmp_path], read_only=True)
    assert found.network is Network.ALLOW
    assert (found.hosts, found.memory_bytes, found.disk_bytes) == (("pypi.org",), 64 * 2**20, 5 * 2**20)
    assert (found.processes, found.cpus, found.read_only) == (9, 0.5, True)
    assert found.mounts == (Mount(path=tmp_path),)


def test_the_forwarder_needs_nothing_but_a_standard_library() -> None:
    script = Path(__file__).parents[2] / "blocks" / "sandboxes/forwarder.py"
    done = subprocess.run(
        ["/usr/bin/env", "python3", "-I", "-S", str(script)], capture_output=True, text=True, check=False
    )
    assert "IndexError" in done.stderr  # it came as far as its missing order
