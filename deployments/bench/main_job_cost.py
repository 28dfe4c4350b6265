"""What the main job takes on a warm machine, flow by flow: `linestop run` on a fresh example. Needs a server."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from time import perf_counter

from linestop.deployments.bench.pairs import Measure
from linestop.deployments.example_repository import example_repository
from linestop.errors import InfraError

GOAL_SECONDS = 60  # issue 2, part 1
_RAN = frozenset({0, 3, 4})  # done, not done, waiting on a person: an answer, not a failure


def main_job_cost(scratch: Path, runs: int) -> Measure:
    """Return the main job's median time, and of what it is made."""
    found = [_run(scratch / f"job-{number}" / "toolshed") for number in range(runs + 1)][1:]  # the first builds
    wall = median(seconds for seconds, _ in found)
    parts = {name: median(split[name] for _, split in found) for name in found[0][1]}
    note = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in parts.items())
    return Measure(
        name="`linestop run` on the example, warm", ours=wall, bare=None, ratio=None, pairs=runs,
        goal=f"< {GOAL_SECONDS} s", met=wall < GOAL_SECONDS, note=note,
    )  # fmt: skip


def _run(example: Path) -> tuple[float, dict[str, float]]:
    example_repository(example)
    argv: Sequence[str] = (str(Path(sys.executable).with_name("linestop")), "run", str(example), "--json")
    start = perf_counter()
    done = subprocess.run(argv, check=False, capture_output=True, text=True)
    wall = perf_counter() - start
    if done.returncode not in _RAN:
        raise InfraError("the main job failed", found=done.stderr[-1000:], todo=f"run it by hand: {' '.join(argv)}")
    reports = json.loads(done.stdout)
    split = {name: float(report["seconds"]) for name, report in reports.items() if report and "seconds" in report}
    return wall, {**split, "start and summary": wall - sum(split.values())}
