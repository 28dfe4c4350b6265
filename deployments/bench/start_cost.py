"""What `linestop --help` costs over starting Python."""

import subprocess
import sys
from pathlib import Path

from linestop.deployments.bench.pairs import Measure, measure, timed

GOAL_SECONDS = 0.3  # issue 2, part 7


def start_cost(pairs: int) -> Measure:
    """Return the start of `linestop --help` over `python -c pass`."""
    linestop = str(Path(sys.executable).with_name("linestop"))
    ours, bare = [linestop, "--help"], [sys.executable, "-c", "pass"]
    _run(ours)  # compiles what is not compiled yet
    found = measure(
        "`linestop --help` over `python -c pass`",
        [(timed(lambda: _run(ours)), timed(lambda: _run(bare))) for _ in range(pairs)],
    )
    goal = f"< {GOAL_SECONDS} s"
    return found.model_copy(update={"goal": goal, "met": found.ours < GOAL_SECONDS})


def _run(argv: list[str]) -> None:
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
