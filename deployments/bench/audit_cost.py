"""What an audit costs over ruff alone, on the example and on a large repository. Needs a server."""

import subprocess
import sys
from pathlib import Path

from linestop.audit.order import AuditOrder
from linestop.audit.rules import allow_list
from linestop.deployments.bench.pairs import Measure, measure, timed, timed_async
from linestop.flows.audit import audit


async def audit_cost(repository: Path, pairs: int, *, name: str) -> Measure:
    """Return an audit flow's time over one run of ruff with the same rules."""
    order = AuditOrder(repository=str(repository), again=True)
    await audit(order)
    found = [(await timed_async(lambda: audit(order)), timed(lambda: _ruff(repository))) for _ in range(pairs)]
    return measure(f"an audit of {name} over ruff alone", found, note=f"{_lines(repository):,} lines of Python")


def _ruff(repository: Path) -> None:
    argv = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "-q",
        "--isolated",
        "--no-cache",
        "--exit-zero",
        "--output-format",
        "json",
    ]
    words = ["--select", ",".join(allow_list()), "."]
    subprocess.run([*argv, *words], cwd=repository, check=True, stdout=subprocess.DEVNULL)


def _lines(repository: Path) -> int:
    files = (path for path in repository.rglob("*.py") if ".linestop" not in path.parts)
    return sum(len(path.read_bytes().splitlines()) for path in files)
