"""What is done for cautions once a run is over, so that no later one has to wait for it."""

import sqlite3

from linestop.errors import RecordError
from linestop.memory.cautions.catching_up import catch_up
from linestop.memory.cautions.compaction import Compacted, compact, is_due
from linestop.memory.cautions.shelf import shelf
from linestop.paths import Layout

MOST = 20_000  # cautions in one go: a second


def upkeep(layout: Layout) -> Compacted:
    """Compact where there are many loose cautions, and catch the index up; return what was compacted.

    Raises:
        RecordError: the disk refused; nothing is lost.
    """
    try:
        if not is_due(layout):
            return Compacted()
        done = compact(layout, most=MOST)
        with shelf(layout) as db:
            catch_up(db, layout)
    except (OSError, sqlite3.Error) as error:
        raise RecordError(
            "cautions can't be looked after", found=str(error), todo="check the rights of .linestop/cautions"
        ) from error
    return done
