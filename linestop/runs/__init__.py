"""One run's record, read back: what it was told, what it did, how it ended. A kill at any point leaves it readable.

Writing is linestop/records.py; questions over many records are linestop/insight/.
"""

from linestop.runs.diff_stat import DiffStat, FileStat, diff_stat
from linestop.runs.find import LATEST, find_run, run_folders
from linestop.runs.firings import RecordedFiring, read_firings
from linestop.runs.follow import follow
from linestop.runs.reading import read_run
from linestop.runs.recorded import RecordedRun, Relative
from linestop.runs.relatives import relatives_of, started_by
from linestop.runs.transcript import Said, Transcript

__all__ = [
    "LATEST",
    "DiffStat",
    "FileStat",
    "RecordedFiring",
    "RecordedRun",
    "Relative",
    "Said",
    "Transcript",
    "diff_stat",
    "find_run",
    "follow",
    "read_firings",
    "read_run",
    "relatives_of",
    "run_folders",
    "started_by",
]
