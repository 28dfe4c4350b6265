"""A docker daemon for tests: the one of DOCKER_HOST or the usual socket, else one of our own.

Where neither is possible the tests are skipped, with the reason.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

import pytest

from linestop.blocks.sandboxes.docker_daemon import Daemon
from linestop.errors import ToolError


def _answers(host: str) -> bool:
    try:
        Daemon(host).client.ping()
    except ToolError:
        return False
    return True


@contextmanager
def docker_daemon() -> Iterator[str]:
    """Yield the address of a daemon."""
    for host in (os.environ.get("DOCKER_HOST", ""), "unix:///var/run/docker.sock"):
        if host and _answers(host):
            yield host
            return
    if os.getuid() or not shutil.which("dockerd"):
        pytest.skip("no docker daemon answers, and none can be started here: that takes root and docker.io")
    folder = Path(tempfile.mkdtemp(prefix="lsd-", dir="/var/tmp"))  # short, and not /tmp: paths of sockets
    host = f"unix://{folder}/docker.sock"
    words = ["--data-root", "data", "--exec-root", "exec", "-p", "pid", "--storage-driver=overlay2"]
    log = (folder / "log").open("wb")
    process = subprocess.Popen(
        ["dockerd", *(str(folder / word) if word in {"data", "exec", "pid"} else word for word in words),
         "-H", host, "--iptables=false", "--bridge=none"],
        stdout=log, stderr=log, start_new_session=True,
    )  # fmt: skip
    try:
        deadline = monotonic() + 120
        while not _answers(host) and process.poll() is None and monotonic() < deadline:
            sleep(0.2)
        if not _answers(host):
            pytest.skip(f"dockerd does not start here: {(folder / 'log').read_text()[-1500:]}")
        yield host
    finally:
        process.terminate()
        process.wait(30)
        log.close()
        subprocess.run(["umount", "-l", str(folder / "data")], check=False, capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)
