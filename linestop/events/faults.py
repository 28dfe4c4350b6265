"""Why a provider, or an agent's own cap, ended or delayed a dispatch, and when it may be asked again.

Reads what command lines and providers write; knows no connection. What a tool's failure means is outcomes.py's.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from linestop.events.model import Fault

_FARTHEST = timedelta(days=32)  # a monthly quota; what is later is no reset time
_CHARS = 4_000
# Order counts: a 429 for an empty account is no rate limit, a 400 for a long prompt no bad request.
_WORDS = {
    Fault.BUDGET: r"error_max_(?:turns|budget|structured)|max(?:imum)? (?:session )?(?:turns|iterations|budget|steps)"
    r"|maximum number of (?:turns|steps)|(?:turn|step|cost|budget|iteration) limit (?:reached|exceeded)|LimitsExceeded"
    r"|FatalTurnLimited|exit_cost|exceeded (?:the |its )?(?:max(?:imum)? )?(?:budget|cost)|Reached max",
    Fault.CONTEXT: r"context[ _-]?(?:length|window)[ _-]?(?:exceed|limit|overflow|is full)|prompt is too long"
    r"|maximum context length|exceeds? the (?:model's )?(?:maximum )?(?:context|number of tokens|input token)"
    r"|input (?:is )?too long|token count .{0,40}exceeds|exit_context|model_context_window|ContextWindowExceeded"
    r"|ran out of room in the model's context",
    Fault.AUTH: r"\b401\b|\b403\b|unauthori[sz]ed|authentication[ _](?:error|failed)|invalid[ _](?:x-)?api[ _-]?key"
    r"|incorrect api key|api key not valid|permission_error|insufficient_quota|credit balance is too low|billing"
    r"|please run /login|not logged in|oauth token (?:has )?expired|AuthenticationError",
    Fault.RATE_LIMIT: r"\b429\b|rate[ _-]?limit|too many requests|usage limit|resource[ _]exhausted|quota exceeded"
    r"|session limit reached|hit your limit",
    Fault.OVERLOAD: r"\b5(?:00|02|03|04|29)\b|overloaded|service unavailable|internal server error|server_error"
    r"|bad gateway|at capacity|api_error",
    Fault.NETWORK: r"ECONN\w+|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EPIPE|socket hang up|fetch failed"
    r"|connection (?:error|refused|reset|closed|aborted)|network error|stream (?:disconnected|closed|ended|error)"
    r"|error sending request|unable to connect|request timed out|premature close|terminated|APIConnectionError"
    r"|peer closed",
    Fault.MALFORMED: r"unexpected (?:token|end of json)|invalid json|malformed|json ?(?:parse|decode)|not valid json"
    r"|failed to parse|could not parse|error decoding response",
}
_PATTERNS = {fault: re.compile(words, re.IGNORECASE) for fault, words in _WORDS.items()}
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_SPAN = re.compile(
    r"([\d.]{1,12})\s*(ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)(?![a-z])"
)
_WAIT = re.compile(
    r"(?:try again|retry(?:ing)?(?: again)?|wait|retrydelay\W{1,4}|reset(?:s|ting)?)\s*(?:after|in|for)?:?\s*"
    r"((?:about )?[\d.]{1,12}\s*[a-z]+(?:[ ,]*(?:and )?[\d.]{1,12}\s*(?:ms|[smhd])[a-z]*)*)",
    re.IGNORECASE,
)
_MOMENT = re.compile(
    r"(?:reset|again|until|retry)[^\n]{0,60}?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)"
)
_EPOCH = re.compile(r"(?:limit reached|reset\w*)\W{1,6}(\d{10})\b", re.IGNORECASE)
_HEADERS = (
    "retry-after-ms", "retry-after", "anthropic-ratelimit-unified-reset", "x-ratelimit-reset-requests",
    "x-ratelimit-reset-tokens", "x-ratelimit-reset", "anthropic-ratelimit-requests-reset",
    "anthropic-ratelimit-tokens-reset", "anthropic-ratelimit-input-tokens-reset",
)  # fmt: skip


def fault_of(text: str = "", *, status: int | None = None) -> Fault | None:
    """Return the fault that an error's text or HTTP status tells; None where neither tells any."""
    words = text[:_CHARS]
    if fault := _by_status(status, words):
        return fault
    return next((fault for fault, pattern in _PATTERNS.items() if pattern.search(words)), None)


def _by_status(status: int | None, words: str) -> Fault | None:
    if status is None:
        return None
    if status in {400, 413, 422} and _PATTERNS[Fault.CONTEXT].search(words):
        return Fault.CONTEXT
    if status in {401, 402, 403} or (status == 429 and re.search(r"insufficient_quota|billing", words)):  # noqa: PLR2004  # HTTP
        return Fault.AUTH
    if status == 429:  # noqa: PLR2004  # HTTP
        return Fault.RATE_LIMIT
    return Fault.OVERLOAD if status in {500, 502, 503, 504, 529} else None


def retry_time(
    text: str = "", *, headers: Mapping[str, str] | None = None, at: datetime | None = None
) -> datetime | None:
    """Return when a provider says that it may be asked again, in UTC; None where it doesn't say, or says nonsense.

    `at` is when it said so; spans are counted from there, from now where it is None.
    """
    start = at or datetime.now(UTC)
    given = {str(name).lower(): str(value) for name, value in (headers or {}).items()}
    told = [_header(name, given[name], start) for name in _HEADERS if name in given]
    told.append(_written(text[:_CHARS], start))
    return next((moment for moment in told if moment and start <= moment <= start + _FARTHEST), None)


def _header(name: str, value: str, start: datetime) -> datetime | None:
    try:
        number = float(value)
    except ValueError:
        return _date(value) or _span(value, start)
    if number >= 1e9:  # noqa: PLR2004  # a moment since 1970, not a span
        return _since_epoch(number)
    return _after(start, number / 1000 if name.endswith("-ms") else number)


def _written(text: str, start: datetime) -> datetime | None:
    if match := _EPOCH.search(text):
        return _since_epoch(float(match[1]))
    if match := _WAIT.search(text):
        return _span(match[1], start)
    if match := _MOMENT.search(text):
        return _date(match[1])
    return None


def _span(text: str, start: datetime) -> datetime | None:
    """Return the moment after spans such as `6m0s`, `2 hours 3 minutes`, `350ms`."""
    seconds, found = 0.0, False
    for amount, unit in _SPAN.findall(text.lower()):
        short = "ms" if unit.startswith(("ms", "mil")) else unit[0]
        try:
            seconds, found = seconds + float(amount) * _UNITS[short], True
        except ValueError:
            return None
    return _after(start, seconds) if found else None


def _date(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except (ValueError, TypeError, IndexError):
            return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _after(start: datetime, seconds: float) -> datetime | None:
    return start + timedelta(seconds=seconds) if 0 <= seconds <= _FARTHEST.total_seconds() else None


def _since_epoch(seconds: float) -> datetime | None:
    if seconds >= 1e11:  # noqa: PLR2004  # milliseconds, as OpenRouter counts
        seconds /= 1000
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
