"""What a person means by `--since`: a span before now, or a day or time."""

import re
from datetime import UTC, datetime, timedelta, tzinfo

from linestop.errors import UsageError
from linestop.text import plain

_SPAN = re.compile(r"(\d{1,6})\s*([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def moment_of(words: str, *, now: datetime | None = None, zone: tzinfo | None = None) -> datetime:
    """Return the moment that is meant, in UTC: `90s`, `30m`, `12h`, `30d` or `2w` before `now`, or an ISO day or time.

    A day or time that names no zone is of `zone`; None: of the clock on the wall.

    Raises:
        UsageError: it is neither.
    """
    text = words.strip()
    try:
        if span := _SPAN.fullmatch(text.lower()):
            return (now or datetime.now(UTC)) - timedelta(seconds=int(span[1]) * _SECONDS[span[2]])
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo or not zone else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(
            f"--since {plain(words)!r} is no time",
            found="neither a span nor a day or time",
            todo="give 90s, 30m, 2h, 3d or 1w, or a day or time such as 2026-11-20 or 2026-11-20T08:30",
        ) from error
