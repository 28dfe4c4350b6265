"""The firings of a record, `firings.jsonl`, read back: what the watch saw and what was done about it."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from linestop.watch import Firing, Rung

FIRINGS = "firings.jsonl"
MAX_LINE = 1_000_000  # characters; a longer line is none of ours


class RecordedFiring(Firing):
    """A firing with the rung that it climbed to; unknown fields of later versions are tolerated."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    rung: str = Rung.OBSERVE.name.lower()

    @property
    def when(self) -> datetime:
        """Return its time, in UTC."""
        return self.at


class _Shape(BaseModel):
    model_config = ConfigDict(extra="allow")

    rung: int | str | None = None
    firing: dict[str, Any] | None = None


def read_firings(path: Path) -> Iterator[RecordedFiring]:
    """Yield the firings of a file, in order; a torn or strange line costs that line only, a missing file all."""
    if path.is_symlink() or not path.is_file():
        return
    with path.open(encoding="utf-8", errors="replace") as file:
        while line := file.readline(MAX_LINE):
            if firing := _firing(line):
                yield firing


def _firing(line: str) -> RecordedFiring | None:
    try:
        shape = _Shape.model_validate(json.loads(line))
        fields = {**(shape.model_extra or {}), **(shape.firing or {})}
        return RecordedFiring.model_validate({**fields, "rung": _rung(shape.rung)})
    except (ValueError, ValidationError, RecursionError):
        return None


def _rung(word: int | str | None) -> str:
    """Return a rung's name in small letters with blanks, from its name or number."""
    if isinstance(word, int):
        word = Rung(word).name if word in {rung.value for rung in Rung} else str(word)
    return (word or Rung.OBSERVE.name).lower().replace("_", "-")
