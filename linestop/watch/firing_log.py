"""The file of a dispatch's firings, `firings.jsonl`: one JSON object a line, flushed; made with the first firing.

A line with `detector` and `rung` is a firing, one with `after` tells what came of a nudge. A disk that refuses costs
the file, never the run: events.jsonl has what happened.
"""

import json
import logging
from io import TextIOWrapper
from pathlib import Path

from linestop.watch.firing import Firing
from linestop.watch.ladder import Rung
from linestop.watch.nudging import Nudged

SCHEMA = 1
MAX_LINES = 10_000

_log = logging.getLogger(__name__)


class FiringLog:
    """Appends to the file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: TextIOWrapper | None = None
        self._lines = 0

    def firing(self, firing: Firing, rung: Rung) -> None:
        """Write a firing with the rung it climbed to."""
        self._write({"v": SCHEMA, "rung": rung.word, **firing.model_dump(mode="json")})

    def after(self, nudged: Nudged) -> None:
        """Write what came of a nudge."""
        self._write({"v": SCHEMA, "after": nudged.model_dump(mode="json")})

    def close(self) -> None:
        """Close the file; nothing is written from then on."""
        self._lines = MAX_LINES
        if self._file:
            self._file.close()

    def _write(self, line: dict[str, object]) -> None:
        if self._lines >= MAX_LINES:
            return
        self._lines += 1
        try:
            self._file = self._file or self.path.open("a", encoding="utf-8", errors="backslashreplace")
            self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
            self._file.flush()
        except (OSError, ValueError) as error:
            self._lines = MAX_LINES
            _log.warning("firings.lost path=%s error=%s", self.path, error)
