"""Which cautions are asked for: the same filter for a segment's lines and for SQL."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from linestop.memory.cautions.lines import in_utc
from linestop.memory.cautions.model import Caution
from linestop.watch.firing import Severity

_WORDS = ("ticket", "detector", "kind", "run", "engine")


@dataclass(frozen=True)
class Wanted:
    """A filter; what is empty fits all. `file` is a file or a folder."""

    ticket: str = ""
    detector: str = ""
    kind: str = ""
    severity: Severity | None = None
    file: str = ""
    run: str = ""
    engine: str = ""
    since: datetime | None = None

    def fits(self, caution: Caution) -> bool:
        """Return whether a caution is asked for."""
        if any(getattr(self, name) not in ("", getattr(caution, name)) for name in _WORDS):
            return False
        if self.severity not in (None, caution.severity):
            return False
        if self._path and caution.file != self._path and not caution.file.startswith(f"{self._path}/"):
            return False
        return self.since is None or caution.at >= in_utc(self.since)

    def sql(self) -> tuple[str, dict[str, Any]]:
        """Return the filter as a condition over the columns of Parquet, and its values."""
        values: dict[str, Any] = {name: getattr(self, name) for name in _WORDS if getattr(self, name)}
        if self.severity is not None:
            values["severity"] = str(self.severity)
        parts = [f'"{name}" = ${name}' for name in values]
        if self._path:
            parts.append("(file = $file OR starts_with(file, $folder))")
            values |= {"file": self._path, "folder": f"{self._path}/"}
        if self.since is not None:
            parts.append('epoch_us("at") >= $since')
            values["since"] = int(in_utc(self.since).timestamp() * 1_000_000)
        return " AND ".join(parts) or "true", values

    @property
    def _path(self) -> str:
        return self.file.removeprefix("./").rstrip("/")
