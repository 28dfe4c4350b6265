"""Reminders: a debrief run for all that waits for a person and has none, made by `linestop up` and after a decision.

Candidates of runs without a deployment, of a crashed or cancelled debrief run, or of a lost server's database are asked
about again; runs that wait for what was decided in a terminal go on.
"""

import asyncio
import logging
from collections.abc import Iterable
from pathlib import Path

from linestop.blocks.memory_gate import memory_layout
from linestop.errors import LinestopError
from linestop.tasks.debrief_runs import ask
from linestop.text import plain

log = logging.getLogger(__name__)


async def remind(repositories: Iterable[Path]) -> int:
    """See to it that every repository's candidates are asked about; return how many debrief runs wait now.

    A repository that is gone, or whose memory can't be used, is passed over: `linestop doctor` says why.
    """
    count = 0
    for path in repositories:
        if not path.is_dir():
            continue
        try:
            layout = await asyncio.to_thread(memory_layout, path)
            count += len(await ask(layout))
        except LinestopError as error:
            log.warning("debrief.not-asked repository=%s error=%s", plain(str(path)), plain(str(error)))
    return count
