"""The firings of a record, `firings.jsonl`, read back: what the watch saw, what was done about it, what came of it.

linestop/watch/firing_log.py writes the file.
"""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, Field, ValidationError

from linestop.sound_json import sound
from linestop.watch import Firing, Rung
from linestop.watch.nudging import Nudged

FIRINGS = "firings.jsonl"
MAX_LINES = 10_000  # as many as are ever written
_MAX_LINE = 1_000_000  # characters; a longer one is none of ours


class RecordedFiring(Firing):
    """A firing with the rung that it climbed to; unknown fields of later versions are tolerated."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    rung: str = Field(default=Rung.OBSERVE.word, description="observe, nudge, block, stop or line-stop")


def read_firings(path: Path) -> tuple[tuple[RecordedFiring, ...], tuple[Nudged, ...]]:
    """Return the firings and what came of the nudges; a torn or strange line costs that line, no file costs all."""
    firings, nudges = list[RecordedFiring](), list[Nudged]()
    for line in islice(_objects(path), MAX_LINES):
        try:
            if isinstance(after := line.get("after"), dict):
                nudges.append(Nudged.model_validate(after))
            else:
                firings.append(RecordedFiring.model_validate(line))
        except ValidationError:
            continue
    return tuple(firings), tuple(nudges)


def nudges_of(values: dict[str, Any], written: tuple[Nudged, ...]) -> tuple[Nudged, ...]:
    """Return what came of the nudges as the result tells it (`values` of result.json), else as it was `written`.

    The result has those too that were still open when the dispatch ended; a killed one has no result.
    """
    watch = values.get("watch")
    told = watch.get("nudges") if isinstance(watch, dict) else None
    found = list[Nudged]()
    for one in told if isinstance(told, list) else []:
        try:
            found.append(Nudged.model_validate(one))
        except ValidationError:
            continue
    return tuple(found) or written


def _objects(path: Path) -> Iterator[dict[str, Any]]:
    if path.is_symlink() or not path.is_file():
        return
    with path.open(encoding="utf-8", errors="replace") as file:
        while line := file.readline(_MAX_LINE):
            try:
                value = sound(json.loads(line))
            except (ValueError, RecursionError):
                continue
            if isinstance(value, dict):
                yield value
