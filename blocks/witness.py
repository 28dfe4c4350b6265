"""The witness of a dispatch: what the watch saw and how it was ended become cautions of its run. Never fails it.

That a maker's attempt came to nothing is written down by tasks/chronicler.py, its time-outs and stops included.
"""

from typing import Any

from linestop.blocks.dispatching import RAN_OUT, Ended
from linestop.blocks.station import Station
from linestop.memory.cautions.model import Caution, CautionKind
from linestop.ports import Engine
from linestop.ports.engine import MAKER
from linestop.records import RunRecord
from linestop.text import plain
from linestop.watch import Firing, LiveLog, Severity

MAX_DETAIL = 500
WALL_CLOCK = "wall-clock"
_CLOCKS = {WALL_CLOCK, "silence", "no-progress"}


class Witness:
    """Sees one dispatch. May be called from several threads."""

    def __init__(self, station: Station, *, role: str, engine: Engine, chunk: str, attempt: int) -> None:
        self._about: dict[str, Any] = {
            "ticket": station.ticket.id, "chunk": chunk, "attempt": attempt, "role": role,
            "engine": engine.name, "model": engine.model,
        }  # fmt: skip

    def fired(self, record: RunRecord, firing: Firing) -> Caution:
        """Return a firing as a caution, the agent's workspace not yet taken off its file."""
        return Caution(
            kind=CautionKind.FIRING, detector=firing.detector, severity=firing.severity, at=firing.at,
            detail=plain(firing.detail, MAX_DETAIL), run=record.id, file=firing.file, file_hash=firing.file_hash,
            calls=firing.calls, seconds=firing.seconds, tokens=firing.tokens, **self._about,
        )  # fmt: skip

    def ended(self, record: RunRecord, ended: Ended) -> Caution | None:
        """Return what a clock or the watch ended as a caution; None where the dispatch ended by itself."""
        if self._about["role"] == MAKER or not ended.fault:
            return None
        if not (detector := _stopped_by(record.events) or (WALL_CLOCK if ended.hung else "")):
            return None
        return Caution(
            kind=CautionKind.TIMEOUT if detector in _CLOCKS else CautionKind.STOP, detector=detector,
            severity=Severity.STOP, detail=plain(ended.fault, MAX_DETAIL), run=record.id, seconds=record.seconds,
            **self._about,
        )  # fmt: skip


def _stopped_by(events: LiveLog) -> str:
    """Return the detector or clock that ended a dispatch; empty where none did, or a person."""
    reason = events.stop_reason
    fired = {firing.detector for firing, _ in events.firings}
    if (name := reason.partition(":")[0]) in fired:
        return name
    return WALL_CLOCK if RAN_OUT in reason else ""
