"""Cautions: the append-only record of what detectors, guards, checks and clocks saw. One file a run, a folder a day.

`log` writes, `reader` reads, `follow` follows, `recall` finds what a brief may tell, `compaction` moves old segments
into Parquet.
"""

from linestop.memory.cautions.compaction import Compacted, compact, is_due
from linestop.memory.cautions.follow import Follower, follow
from linestop.memory.cautions.log import CautionLog
from linestop.memory.cautions.model import Caution, CautionKind
from linestop.memory.cautions.parquet import parquet_files
from linestop.memory.cautions.reader import read_cautions
from linestop.memory.cautions.recall import recall
from linestop.memory.cautions.upkeep import upkeep
from linestop.memory.cautions.wanted import Wanted

__all__ = [
    "Caution",
    "CautionKind",
    "CautionLog",
    "Compacted",
    "Follower",
    "Wanted",
    "compact",
    "follow",
    "is_due",
    "parquet_files",
    "read_cautions",
    "recall",
    "upkeep",
]
