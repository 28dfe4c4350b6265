"""The system calls that a sandbox refuses, as a filter for bubblewrap and as a profile for docker.

Refused is what reaches beyond namespaces: other kinds of sockets (vsock speaks to the hypervisor through any network
namespace), new namespaces and mounts (most of the kernel's ways to root lead through them), keyrings, typing into a
terminal, the kernel's own switches; and setting the setuid bit, as a file in the workspace keeps it outside.
"""

import platform
import struct
from dataclasses import dataclass, field
from errno import EAFNOSUPPORT, ENOSYS, EPERM
from typing import Any

_CALLS: dict[str, tuple[int | None, int | None]] = {  # on x86_64 and aarch64: asm/unistd_64.h, asm-generic/unistd.h
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "setns": (308, 268),
    "move_mount": (429, 429), "open_tree": (428, 428), "fsopen": (430, 430), "fsconfig": (431, 431),
    "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442), "open_tree_attr": (467, 467),
    "swapon": (167, 224), "swapoff": (168, 225), "reboot": (169, 142), "kexec_load": (246, 104),
    "kexec_file_load": (320, 294), "init_module": (175, 105), "finit_module": (313, 273),
    "delete_module": (176, 106), "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218), "acct": (163, 89), "quotactl": (179, 60),
    "quotactl_fd": (443, 443), "open_by_handle_at": (304, 265), "fanotify_init": (300, 262),
    "lookup_dcookie": (212, 18), "nfsservctl": (180, 42), "iopl": (172, None), "ioperm": (173, None),
    "settimeofday": (164, 170), "clock_settime": (227, 112), "syslog": (103, 116), "vhangup": (153, 58),
    "clone": (56, 220), "clone3": (435, 435), "unshare": (272, 97), "ioctl": (16, 29), "socket": (41, 198),
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452), "open": (2, None),
    "openat": (257, 56), "openat2": (437, 437), "creat": (85, None), "mknod": (133, None), "mknodat": (259, 33),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
}  # fmt: skip
_BY_VALUE = frozenset({
    "clone", "unshare", "ioctl", "socket", "chmod", "fchmod", "fchmodat", "open", "openat", "creat", "mknod", "mknodat",
})  # fmt: skip
_ABSENT = frozenset({  # callers fall back on the call that can be looked into
    "clone3", "openat2", "fchmodat2", "io_uring_setup", "io_uring_enter", "io_uring_register",
})  # fmt: skip
_NEW_NAMESPACES = 0x7E020000
_SETUID_OR_SETGID = 0o6000
_CREATE = 0o20000100  # O_CREAT or O_TMPFILE: only then is there a mode
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C
_KINDS = 64  # more kinds of sockets than any kernel has
_FAMILIES = (1, 2, 10, 16)  # unix, inet, inet6, netlink
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000
_X32 = 0x40000000  # the same calls under other numbers


@dataclass(frozen=True)
class Test:
    """What an argument must be for a call to be refused: one of `values`, none of them (`other`), or any bit of one."""

    argument: int
    values: tuple[int, ...]
    how: str = "equal"


@dataclass(frozen=True)
class Rule:
    """A call that is refused with `error` where all its tests hold."""

    name: str
    error: int = EPERM
    tests: tuple[Test, ...] = field(default=())


def _mode(argument: int) -> Test:
    return Test(argument, (_SETUID_OR_SETGID,), "bits")


RULES = (
    *(Rule(name) for name in _CALLS if name not in _BY_VALUE | _ABSENT),
    *(Rule(name, ENOSYS) for name in sorted(_ABSENT)),
    Rule("clone", tests=(Test(0, (_NEW_NAMESPACES,), "bits"),)),
    Rule("unshare", tests=(Test(0, (_NEW_NAMESPACES,), "bits"),)),
    Rule("ioctl", tests=(Test(1, (_TIOCSTI, _TIOCLINUX)),)),
    Rule("socket", EAFNOSUPPORT, (Test(0, _FAMILIES, "other"),)),
    Rule("chmod", tests=(_mode(1),)),
    Rule("fchmod", tests=(_mode(1),)),
    Rule("fchmodat", tests=(_mode(2),)),
    Rule("open", tests=(Test(1, (_CREATE,), "bits"), _mode(2))),
    Rule("openat", tests=(Test(2, (_CREATE,), "bits"), _mode(3))),
    Rule("creat", tests=(_mode(1),)),
    Rule("mknod", tests=(_mode(1),)),
    Rule("mknodat", tests=(_mode(2),)),
)


def filters(machine: str = "") -> bool:
    """Return whether there is a filter for this kind of machine."""
    return (machine or platform.machine()) in _MACHINES


def program(machine: str = "") -> bytes:
    """Return the filter as the kernel takes it (an array of `struct sock_filter`); empty on other machines."""
    machine = machine or platform.machine()
    if machine not in _MACHINES:
        return b""
    column, architecture = _MACHINES[machine]
    body = [
        (_LOAD, 0, 0, 4), (_EQUAL, 1, 0, architecture), (_RETURN, 0, 0, _REFUSE | ENOSYS),
        (_LOAD, 0, 0, 0), (_AT_LEAST, 0, 1, _X32), (_RETURN, 0, 0, _REFUSE | ENOSYS),
    ]  # fmt: skip
    for rule in RULES:
        number = _CALLS[rule.name][column]
        if number is not None:
            block = _block(rule)
            body += [(_EQUAL, 0, len(block), number), *block]
    body.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("=HBBI", *one) for one in body)


def _block(rule: Rule) -> list[tuple[int, int, int, int]]:
    """Return the steps of one rule: a test that fails jumps over the refusal, to where the number is loaded again."""
    refusal = (_RETURN, 0, 0, _REFUSE | rule.error)
    if not rule.tests:
        return [refusal]
    steps: list[tuple[int, int, int, int]] = [refusal, (_LOAD, 0, 0, 0)]
    for test in reversed(rule.tests):
        steps = [(_LOAD, 0, 0, 16 + 8 * test.argument), *_compared(test, over=len(steps) - 1), *steps]
    return steps


def _compared(test: Test, *, over: int) -> list[tuple[int, int, int, int]]:
    """Return steps that go on where the test holds and jump `over` what follows where it doesn't."""
    last = len(test.values) - 1
    if test.how == "bits":
        return [(_ANY_BIT, 0, over, test.values[0])]
    if test.how == "other":
        return [(_EQUAL, over + last - place, 0, value) for place, value in enumerate(test.values)]
    return [(_EQUAL, last - place, over if place == last else 0, value) for place, value in enumerate(test.values)]


def docker_profile() -> dict[str, Any]:
    """Return the same rules as docker reads them. Numbers are looked up there, on whatever machine it runs."""
    calls: list[dict[str, Any]] = []
    for rule in RULES:
        calls += [
            {"names": [rule.name], "action": "SCMP_ACT_ERRNO", "errnoRet": rule.error, "args": arguments}
            for arguments in _alternatives(rule.tests)
        ]
    return {
        "defaultAction": "SCMP_ACT_ALLOW",
        "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"],
        "syscalls": calls,
    }


def _alternatives(tests: tuple[Test, ...]) -> list[list[dict[str, Any]]]:
    """Return each way in which the tests hold; a list of docker's must hold as a whole.

    Its runtime takes several conditions on one argument as alternatives, so "none of these" is spelt out.
    """
    ways: list[list[dict[str, Any]]] = [[]]
    for test in tests:
        if test.how == "other":
            found = [[_masked(test.argument, one, 0xFFFFFFFF)] for one in range(_KINDS) if one not in test.values]
        elif test.how == "bits":
            found = [[_masked(test.argument, bit)] for bit in _bits(test.values[0])]
        else:
            found = [[_masked(test.argument, value, 0xFFFFFFFF)] for value in test.values]
        ways = [[*way, *more] for way in ways for more in found]
    return ways


def _masked(argument: int, value: int, mask: int | None = None) -> dict[str, Any]:
    return {"index": argument, "value": mask or value, "valueTwo": value, "op": "SCMP_CMP_MASKED_EQ"}


def _bits(mask: int) -> list[int]:
    return [1 << place for place in range(32) if mask >> place & 1]
