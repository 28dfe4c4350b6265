"""A disk that can't lock files, as some network disks can't: the kernel refuses each lock of a process of ours.

A seccomp filter answers flock and fcntl's locks with ENOLCK; everything else is as on any disk.
"""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from linestop.memory.lessons import Tier
from linestop.paths import Layout, global_lessons
from tests.unit.test_memory_broken import fingerprints, taught

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(platform.machine() != "x86_64" or sys.platform != "linux", reason="the filter is x86-64's"),
]
ROOT = Path(__file__).parents[2]
NO_LOCKS = """
import ctypes, errno, struct
FCNTL, FLOCK, LOCKS = 72, 73, (6, 7, 37, 38)  # F_SETLK, F_SETLKW, F_OFD_SETLK, F_OFD_SETLKW
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | errno.ENOLCK
steps = [  # (what, lines to skip where equal, where not, with)
    (LOAD, 0, 0, 0),  # the call's number
    (EQUAL, 7, 0, FLOCK),
    (EQUAL, 0, 5, FCNTL),
    (LOAD, 0, 0, 24),  # its second argument
    *((EQUAL, 4 - number, 0, lock) for number, lock in enumerate(LOCKS)),
    (RETURN, 0, 0, ALLOW),
    (RETURN, 0, 0, REFUSE),
]
code = b"".join(struct.pack("HBBI", *step) for step in steps)
held = ctypes.create_string_buffer(code)
program = struct.pack("HxxxxxxQ", len(steps), ctypes.addressof(held))
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, program, 0, 0) == 0, ctypes.get_errno()
"""
USED = """
import fcntl, json, sys, tempfile
from pathlib import Path
with tempfile.TemporaryFile() as probe:
    try:
        fcntl.flock(probe, fcntl.LOCK_EX)
        sys.exit("locks are still there")
    except OSError:
        pass
from linestop.memory.memory import Memory
from linestop.paths import Layout
from linestop.policy import MemoryPolicy
from tests.unit.test_memory_broken import used
said = []
told = used(Memory(Layout(Path(sys.argv[1])), MemoryPolicy(), say=said.append))
print(json.dumps({"said": said, "lessons": len(told.lessons)}))
"""


def test_a_disk_without_locks_is_said_and_nothing_is_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "home"))
    (tmp_path / "shop").mkdir()
    layout = Layout(tmp_path / "shop").ensure()
    taught(layout.lessons)
    taught(global_lessons(), Tier.GLOBAL)
    before = fingerprints(layout)
    done = subprocess.run(
        [sys.executable, "-c", NO_LOCKS + USED, str(layout.root)],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout)
    assert found["lessons"] == 0, "what is written meanwhile could not be told from what is whole"
    for words in ("repository lessons can't be read", "global lessons can't be read", "cautions can't be written",
                  "what the ticket learned can't be written"):  # fmt: skip
        assert [one for one in found["said"] if words in one], (words, found["said"])
    assert all(one.endswith("the run goes on without") for one in found["said"])
    assert {path: one for path, one in fingerprints(layout).items() if path in before} == before
