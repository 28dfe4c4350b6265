"""What is wrong with memory, where nobody can overlook it: a run's log, and so the terminal, and its record.

Its pages and its summary have it from `Memory.problems`. What can be wrong is linestop/memory/memory.py.
"""

import asyncio
from contextlib import suppress

from prefect import get_run_logger

from linestop.blocks.line import Line
from linestop.errors import RecordError
from linestop.events import EventKind
from linestop.paths import Layout
from linestop.records import RunRecord
from linestop.runs import started_by
from linestop.runs.files import as_object, object_in
from linestop.text import plain

STEP = "memory"
MAX_CHARS = 600


async def say_of_memory(line: Line, record: RunRecord) -> None:
    """Log and record each problem of memory from now on, those that there are at once."""
    log = get_run_logger()

    def say(problem: str) -> None:
        action = problem.partition(" ")[0]
        log.warning("%s", plain(problem, limit=MAX_CHARS), extra={"action": action})
        with suppress(RecordError, ValueError):  # the disk may be what is broken; a closed record has it in its result
            record.events.append(EventKind.ERROR, step=STEP, text=problem, warning=True)

    await asyncio.to_thread(line.memory.hear, say)


def problems_of(layout: Layout, record: RunRecord) -> tuple[str, ...]:
    """Return what the runs that a run started said of memory, each problem once."""
    results = (
        as_object(object_in(folder, "result.json", []).get("values")) for folder in started_by(layout, record.id)
    )
    said = (problem for values in results for problem in as_texts(values.get(STEP)))
    return tuple(dict.fromkeys(said))


def as_texts(value: object) -> tuple[str, ...]:
    """Return the texts of a list in a record, none where it is something else."""
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()
