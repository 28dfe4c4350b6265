"""The infra lock is freed when its holder is killed, and when the server was restarted meanwhile."""

import signal
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import subprocess

    from tests.live.conftest import Machine

pytestmark = pytest.mark.live

HOLD = """
import asyncio
from linestop.deployments.environment import outside_targets
from linestop.deployments.server import ensure_server
ensure_server()
with outside_targets():
    from linestop.blocks.infra_lock import infra_lock
    async def main():
        async with infra_lock(600):  # the lease is 60 s; who waits in vain for ten of them is told so
            print("held", flush=True)
            await asyncio.sleep({seconds})
    asyncio.run(main())
"""


def holding(machine: "Machine", *, seconds: int) -> "subprocess.Popen[str]":
    """Return a process once it holds the lock."""
    process = machine.python(HOLD.format(seconds=seconds))
    assert process.stdout is not None
    if process.stdout.readline() != "held\n":
        process.kill()
        pytest.fail(f"the lock was not taken: {process.communicate()[1]}")
    return process


def killed(process: "subprocess.Popen[str]") -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()


@pytest.mark.parametrize(
    "between", [pytest.param(False, id="its-holder-is-killed"), pytest.param(True, id="and-the-server-restarts")]
)
def test_the_lock_is_free_again_after(machine: "Machine", between: bool, until: Callable[..., float]) -> None:
    killed(holding(machine, seconds=600))
    if between:
        assert machine.linestop("down").returncode == 0
    process = holding(machine, seconds=0)
    _, errors = process.communicate()
    assert process.returncode == 0, errors
