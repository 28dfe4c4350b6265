"""What a provider's refusal means, and when it may be asked again: from the status, headers and body of an answer.

Covers OpenAI's, Anthropic's and Google's forms and those who copy them. What an agent's own stream says about a fault
is read in linestop/events.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from linestop.events import Fault

MAX_WAIT = timedelta(days=8)  # a weekly allowance is the longest that providers name
_OVERLOADED = {500, 502, 503, 504, 520, 522, 524, 529}
_TOO_LONG = re.compile(
    rb"context.length|context.window|prompt is too long|maximum context|too many tokens|exceed_context_size"
    rb"|input token count.{0,40}exceeds|exceeds the maximum number of tokens|reduce the length",
    re.IGNORECASE,
)
_NO_CREDIT = re.compile(rb"insufficient_quota|credit balance|billing|payment", re.IGNORECASE)
_BAD_KEY = re.compile(rb"api key not valid|api_key_invalid|invalid.{0,10}api.key|authentication_error", re.IGNORECASE)
_EPOCH_MILLIS = 10_000_000_000  # a number above is milliseconds since 1970
_EPOCH_SECONDS = 1_000_000_000  # one above is seconds since 1970, one below seconds from now
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def fault_of(status: int, body: bytes = b"") -> Fault | None:
    """Return what an answer's status and first bytes mean, None where it is no refusal."""
    if status < 400:  # noqa: PLR2004  # HTTP
        return None
    if status in {401, 402, 403} or _NO_CREDIT.search(body) or _BAD_KEY.search(body):
        return Fault.AUTH  # a person has to act: no waiting helps
    if status == 429:  # noqa: PLR2004
        return Fault.RATE_LIMIT
    if status == 413 or _TOO_LONG.search(body):  # noqa: PLR2004
        return Fault.CONTEXT
    return Fault.OVERLOAD if status in _OVERLOADED else Fault.OTHER


def fault_in_stream(error: Mapping[str, Any]) -> Fault:
    """Return what an error that came inside a stream means: its `type`, `code` or `status` says it."""
    words = " ".join(str(error.get(key, "")) for key in ("type", "code", "status", "message")).lower()
    for fault, marks in (
        (Fault.AUTH, ("auth", "permission", "insufficient_quota", "billing", "credit balance")),
        (Fault.RATE_LIMIT, ("rate_limit", "rate limit", "usage_limit", "resource_exhausted", "429")),
        (Fault.OVERLOAD, ("overload", "unavailable", "api_error", "server_error", "internal", "500", "503", "529")),
        (Fault.CONTEXT, ("context", "too long", "max_tokens")),
    ):
        if any(mark in words for mark in marks):
            return fault
    return Fault.OTHER


def retry_at(headers: Mapping[str, str], body: bytes = b"", *, now: datetime | None = None) -> datetime | None:
    """Return when a provider may be asked again, in UTC, None where it doesn't say.

    `headers` has lower-case names. The time lies between `now` and eight days later, whatever was said.
    """
    now = now or datetime.now(UTC)
    found = next((at for at in _named(headers, body, now) if at is not None), None)
    return None if found is None else min(max(found, now), now + MAX_WAIT)


def _named(headers: Mapping[str, str], body: bytes, now: datetime) -> Iterator[datetime | None]:
    """Yield the times that were named, the most exact first."""
    if millis := headers.get("retry-after-ms"):
        yield _time(f"{millis}ms", now)
    yield _time(headers.get("retry-after", ""), now)
    yield from _in_body(body, now)
    resets = {name: value for name, value in headers.items() if "ratelimit" in name and "reset" in name}
    used_up = [name for name in resets if headers.get(name.replace("reset", "remaining")) == "0"]
    times = [at for name in used_up or resets if (at := _time(resets[name], now))]
    yield max(times) if times else None


def _in_body(body: bytes, now: datetime) -> Iterator[datetime | None]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return
    answer = answer[0] if isinstance(answer, list) and answer else answer
    error = answer.get("error") if isinstance(answer, dict) else None
    if not isinstance(error, dict):
        return
    yield from (_time(str(error.get(key, "")), now) for key in ("resets_at", "resets_in_seconds"))
    details = error.get("details")
    for detail in details if isinstance(details, list) else ():
        if isinstance(detail, dict) and "retryDelay" in detail:
            yield _time(str(detail["retryDelay"]), now)


def _time(text: str, now: datetime) -> datetime | None:
    """Return a time named as seconds, `6m0s`, `20ms`, seconds or milliseconds since 1970, or a date of two kinds."""
    text = text.strip()
    try:
        if re.fullmatch(r"\d{1,15}(\.\d{1,9})?", text):
            return _number(float(text), now)
        if re.fullmatch(rf"({_PART.pattern})+", text):
            wait = sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(text))
            return now + timedelta(seconds=min(wait, MAX_WAIT.total_seconds()))
        at = datetime.fromisoformat(text) if text[:1].isdigit() else parsedate_to_datetime(text)
    except (ValueError, OverflowError, TypeError):
        return None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _number(value: float, now: datetime) -> datetime:
    if value >= _EPOCH_MILLIS:
        return datetime.fromtimestamp(value / 1000, UTC)
    if value >= _EPOCH_SECONDS:
        return datetime.fromtimestamp(value, UTC)
    return now + timedelta(seconds=min(value, MAX_WAIT.total_seconds()))
