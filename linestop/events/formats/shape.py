"""Takes strangers' JSON apart without ever failing: what isn't of the expected kind is empty."""

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

_YEARS = (1970, 2999)
_MILLISECONDS = 1e11  # a larger number of a moment counts milliseconds since 1970


def table(value: object) -> Mapping[str, Any]:
    """Return an object, empty where it is none."""
    return value if isinstance(value, dict) else {}


def rows(value: object) -> list[Any]:
    """Return an array, empty where it is none."""
    return value if isinstance(value, list) else []


def words(value: object) -> str:
    """Return a text, empty where it is none."""
    return value if isinstance(value, str) else ""


def flag(value: object) -> bool | None:
    """Return a truth value, None where it is none."""
    return value if isinstance(value, bool) else None


def count(value: object) -> int:
    """Return a number of tokens or turns: whole, never negative, 0 where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return 0
    return min(max(int(value), 0), 2**53)


def whole(value: object) -> int | None:
    """Return a whole number, None where it is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53 else None


def amount(value: object) -> float | None:
    """Return a number that isn't negative, None where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        return None
    return float(value)


def moment(value: object) -> datetime | None:
    """Return a moment in UTC, from ISO 8601, seconds or milliseconds since 1970; None where it is none."""
    try:
        if isinstance(value, str):
            said = datetime.fromisoformat(value)
            return _sane(said.astimezone(UTC) if said.tzinfo else said.replace(tzinfo=UTC))
        if isinstance(value, int | float) and not isinstance(value, bool):
            return _sane(datetime.fromtimestamp(value / 1000 if value > _MILLISECONDS else value, UTC))
    except (ValueError, OverflowError, OSError):
        return None
    return None


def _sane(said: datetime) -> datetime | None:
    """Return a moment that clocks and sums can live with."""
    return said if _YEARS[0] <= said.year <= _YEARS[1] else None


def arguments(value: object) -> dict[str, Any]:
    """Return the arguments of a call, which some streams write as a text of JSON."""
    if isinstance(value, dict):
        return value
    if not isinstance(value, str) or not value:
        return {}
    try:
        read = json.loads(value)
    except (ValueError, RecursionError):
        return {"input": value}
    return read if isinstance(read, dict) else {"input": value}


def content(value: object, depth: int = 0) -> str:
    """Return the text of a message's content: a text, or a list of blocks that hold texts."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and depth < 4:  # noqa: PLR2004  # blocks in blocks, not more
        return "\n".join(filter(None, (content(one, depth + 1) for one in value)))
    if isinstance(value, dict):
        return next((content(value[key], depth + 1) for key in ("text", "content", "output") if value.get(key)), "")
    return ""
