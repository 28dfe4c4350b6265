"""An ordinary user gets the same sandbox as root: the suite and the tricks are run again as nobody."""

import os
import shutil
import site
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.live
ROOT = Path(__file__).parents[2]
NOBODY = 65534
_PROBE = """
import os, sys, pytest, linestop.ports
print(sys.version_info[:2] if os.access(os.readlink("/proc/self/exe"), os.X_OK) else "not theirs")
"""


def _python() -> str:
    """Return a Python that nobody may run and that is of our version."""
    for name in (sys.executable, "/usr/bin/python3", f"/usr/bin/python3.{sys.version_info.minor}"):
        try:
            done = subprocess.run(
                [*_as_nobody(), name, "-c", _PROBE],
                env=_environment("/nonexistent"), cwd="/", capture_output=True, text=True, check=False,
            )  # fmt: skip
        except OSError:
            continue
        if done.stdout.strip() == str(tuple(sys.version_info[:2])):
            return name
    pytest.skip("no Python that another user may run, or they may not read this checkout")


def _as_nobody() -> list[str]:
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]


def _environment(home: str) -> dict[str, str]:
    paths = [*site.getsitepackages(), str(ROOT)]
    return {
        "PATH": os.defpath + ":/usr/bin:/usr/sbin", "HOME": home, "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": os.pathsep.join(paths),
    }  # fmt: skip


@pytest.fixture
def home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="ls-", dir="/var/tmp"))
    os.chown(folder, NOBODY, NOBODY)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user; the suite itself runs as you")
@pytest.mark.skipif(not shutil.which("bwrap"), reason="bubblewrap is not installed: apt install bubblewrap")
def test_an_ordinary_user_gets_the_same_sandbox(home: Path) -> None:
    tests = [str(ROOT / "tests/contracts/test_sandbox.py"), str(ROOT / "tests/live/test_escapes.py")]
    rights = "files or fork or memory or kernel or mount or others or signal or root or key"
    chosen = f"TestBubblewrapSandbox or (test_no_trick and bubblewrap and ({rights}))"
    done = subprocess.run(
        [*_as_nobody(), _python(), "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", f"--basetemp={home}/t",
         f"--rootdir={ROOT}", "-c", str(ROOT / "pyproject.toml"), *tests, "-k", chosen],
        env=_environment(str(home)), cwd=ROOT, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
