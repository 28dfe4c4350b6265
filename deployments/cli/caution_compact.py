"""`linestop caution compact`: by hand what the end of an execution run does where there are many cautions."""

import json
import sys
from pathlib import Path

from linestop.blocks.memory_gate import memory_layout
from linestop.deployments.cli.options import Json, Repo


def compact(*, repo: Repo = Path(), json_: Json = False) -> int:
    """Move the cautions of runs that ended into Parquet. Nothing is lost or counted twice, whenever it is stopped.

    Examples:
        linestop caution compact
        linestop caution compact --json

    Runs that go on, and what was written within the last minute, are left for another time.

    Parameters
    ----------
    json_
        Print how many cautions and segments were moved as JSON.
    """
    from linestop.memory.cautions import Compacted  # noqa: PLC0415
    from linestop.memory.cautions import compact as compacted  # noqa: PLC0415

    layout, whole = memory_layout(repo), Compacted()
    while (done := compacted(layout)).segments:
        whole = Compacted(whole.cautions + done.cautions, whole.segments + done.segments)
        sys.stderr.write(f"{whole.cautions:,} cautions of {whole.segments:,} runs moved …\n")
    if json_:
        sys.stdout.write(json.dumps(whole._asdict()) + "\n")
    elif whole.segments:
        sys.stdout.write(f"{whole.cautions:,} cautions of {whole.segments:,} runs are in Parquet now\n")
    else:
        sys.stderr.write("nothing to move: there is none, or their runs go on or ended within the last minute\n")
    return 0
