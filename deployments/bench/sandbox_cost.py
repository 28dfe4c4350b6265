"""What a sandbox costs over starting a bare process: `true` in an open cell of each adapter, and opening one."""

import logging
import subprocess
from collections.abc import Iterator
from pathlib import Path

from linestop.blocks.sandboxes.bubblewrap_sandbox import BubblewrapSandbox
from linestop.blocks.sandboxes.docker_sandbox import DockerSandbox
from linestop.blocks.sandboxes.plain_sandbox import PlainSandbox
from linestop.deployments.bench.pairs import Measure, measure, timed
from linestop.errors import LinestopError
from linestop.ports import Cell, Confinement, Sandbox, SandboxCommand

_COMMAND = SandboxCommand(argv=("true",))


def sandbox_cost(repository: Path, pairs: int) -> Iterator[Measure]:
    """Yield the cost of each adapter that works here."""
    logging.getLogger("linestop.blocks.sandboxes.plain_sandbox").setLevel(logging.ERROR)  # it warns at each opening
    for sandbox in (PlainSandbox(), BubblewrapSandbox(), DockerSandbox()):
        try:
            yield from _costs(sandbox, repository, pairs if sandbox.name == "docker" else pairs * 4)
        except LinestopError as error:
            note = error.what
            yield Measure(name=f"sandbox: {sandbox.name}", ours=0, bare=None, ratio=None, pairs=1, note=note)


def _costs(sandbox: Sandbox, repository: Path, pairs: int) -> Iterator[Measure]:
    with sandbox.open(repository, Confinement()) as cell:
        _run(cell)  # the image is made, files are in memory
        found = [(timed(lambda: _run(cell)), timed(_bare)) for _ in range(pairs)]
    yield measure(f"sandbox: `true` in {sandbox.name}, over a bare process", found)
    opened = [(timed(lambda: _opened(sandbox, repository)), timed(_bare)) for _ in range(pairs)]
    yield measure(f"sandbox: opening and closing a cell of {sandbox.name}, over a bare process", opened)


def _run(cell: Cell) -> None:
    if not cell.run(_COMMAND).ok:
        raise RuntimeError("`true` failed in a sandbox")


def _opened(sandbox: Sandbox, repository: Path) -> None:
    with sandbox.open(repository, Confinement()):
        pass


def _bare() -> None:
    subprocess.run(["true"], check=True)
