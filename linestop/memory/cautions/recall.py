"""Skeleton, replaced within minutes by the index."""

import heapq
from collections.abc import Sequence

from linestop.memory.cautions.model import Caution
from linestop.memory.cautions.reader import read_cautions
from linestop.paths import Layout


def recall(layout: Layout, files: Sequence[str], *, limit: int) -> tuple[Caution, ...]:
    """Return the best candidates for a brief: of the files in play first, then the newest of the rest."""
    play = set(files)
    return tuple(heapq.nlargest(limit, read_cautions(layout), key=lambda one: (one.file in play, one.at)))
