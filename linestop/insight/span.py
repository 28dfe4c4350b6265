"""How far back a question looks: `30d`, `12h`, `2w`, or a day."""

import re
from datetime import UTC, datetime, timedelta

from linestop.errors import UsageError
from linestop.text import plain

_SPAN = re.compile(r"(\d{1,6})\s*([hdw])")
_HOURS = {"h": 1, "d": 24, "w": 24 * 7}


def moment_before(word: str, *, now: datetime | None = None) -> datetime:
    """Return the moment that a span lies before `now`, or the beginning of a day, in UTC.

    Raises:
        UsageError: it is neither.
    """
    now = now or datetime.now(UTC)
    if match := _SPAN.fullmatch(word.strip()):
        try:
            return now - timedelta(hours=int(match[1]) * _HOURS[match[2]])
        except OverflowError:
            return datetime.min.replace(tzinfo=UTC)
    try:
        day = datetime.fromisoformat(word.strip())
    except ValueError as error:
        raise UsageError(
            f"{plain(word)!r} is no span of time", found=str(error), todo="say 12h, 30d, 2w or 2026-11-01"
        ) from error
    return day.astimezone(UTC) if day.tzinfo else day.replace(tzinfo=UTC)
