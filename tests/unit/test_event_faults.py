"""Providers' errors are known by their kind, and so is the time to come back."""

from datetime import UTC, datetime, timedelta

import pytest

from linestop.events import Fault
from linestop.events.faults import fault_of, retry_time

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "status", "fault"),
    [
        pytest.param(
            "exceeded retry limit, last status: 429 Too Many Requests", None, Fault.RATE_LIMIT, id="codex 429"
        ),
        pytest.param("slow down", 429, Fault.RATE_LIMIT, id="a status alone"),
        pytest.param("You've hit your usage limit. Try again in 2 hours.", None, Fault.RATE_LIMIT, id="codex plan"),
        pytest.param("Claude AI usage limit reached|1795269600", None, Fault.RATE_LIMIT, id="claude plan"),
        pytest.param("You exceeded your current quota: insufficient_quota", 429, Fault.AUTH, id="an empty account"),
        pytest.param("Overloaded", 529, Fault.OVERLOAD, id="529"),
        pytest.param(
            'API Error: 529 {"type":"error","error":{"type":"overloaded_error"}}', None, Fault.OVERLOAD, id="claude"
        ),
        pytest.param("server_error 500", None, Fault.OVERLOAD, id="500"),
        pytest.param("unexpected status 401 Unauthorized: invalid key", None, Fault.AUTH, id="codex 401"),
        pytest.param("Invalid API key · Please run /login", None, Fault.AUTH, id="claude key"),
        pytest.param("API key not valid. Please pass a valid API key.", 400, Fault.AUTH, id="gemini key"),
        pytest.param("prompt is too long: 210000 tokens > 200000 maximum", 400, Fault.CONTEXT, id="anthropic context"),
        pytest.param("This model's maximum context length is 8192 tokens", 400, Fault.CONTEXT, id="openai context"),
        pytest.param("context_length_exceeded", None, Fault.CONTEXT, id="openai code"),
        pytest.param("The input token count (9) exceeds the maximum", 400, Fault.CONTEXT, id="gemini context"),
        pytest.param("Codex ran out of room in the model's context window", None, Fault.CONTEXT, id="codex context"),
        pytest.param("error_max_turns", None, Fault.BUDGET, id="claude turns"),
        pytest.param("Reached maximum budget ($0.05)", None, Fault.BUDGET, id="claude budget"),
        pytest.param("FatalTurnLimitedError Reached max session turns", None, Fault.BUDGET, id="gemini turns"),
        pytest.param("LimitsExceeded", None, Fault.BUDGET, id="mini"),
        pytest.param("stream disconnected before completion", None, Fault.NETWORK, id="codex stream"),
        pytest.param("connect ECONNREFUSED 127.0.0.1:1", None, Fault.NETWORK, id="nobody there"),
        pytest.param("Unexpected token < in JSON at position 0", None, Fault.MALFORMED, id="a page in place of JSON"),
        pytest.param("all is well", None, None, id="nothing"),
        pytest.param("", 200, None, id="a good status"),
    ],
)
def test_fault(text: str, status: int | None, fault: Fault | None) -> None:
    assert fault_of(text, status=status) is fault


@pytest.mark.parametrize(
    ("text", "headers", "seconds"),
    [
        pytest.param("", {"Retry-After": "30"}, 30, id="seconds"),
        pytest.param("", {"retry-after-ms": "1500"}, 1.5, id="milliseconds"),
        pytest.param("", {"retry-after": "Sat, 21 Nov 2026 12:05:00 GMT"}, 300, id="a date"),
        pytest.param("", {"x-ratelimit-reset-requests": "6m0s"}, 360, id="a span"),
        pytest.param("", {"anthropic-ratelimit-requests-reset": "2026-11-21T12:01:00Z"}, 60, id="a moment"),
        pytest.param("", {"x-ratelimit-reset": "1795262500"}, 100, id="since 1970"),
        pytest.param("Please try again in 1.5s.", {}, 1.5, id="openai's words"),
        pytest.param("Try again in 2 hours 3 minutes.", {}, 7380, id="hours and minutes"),
        pytest.param("try again in 350ms", {}, 0.35, id="a blink"),
        pytest.param('"retryDelay": "32s"', {}, 32, id="gemini's detail"),
        pytest.param("Claude AI usage limit reached|1795262500", {}, 100, id="claude's plan"),
        pytest.param("limit resets at 2026-11-21T13:00:00Z", {}, 3600, id="resets at"),
        pytest.param("try again in 99999999999 days", {}, None, id="never"),
        pytest.param("", {"retry-after": "-5"}, None, id="negative"),
        pytest.param("", {"retry-after": "nan"}, None, id="no number"),
        pytest.param("", {"retry-after": "Mon, 01 Jan 1990 00:00:00 GMT"}, None, id="gone by"),
        pytest.param("no word of it", {}, None, id="unsaid"),
    ],
)
def test_the_time_to_come_back(text: str, headers: dict[str, str], seconds: float | None) -> None:
    told = retry_time(text, headers=headers, at=NOW)
    assert told == (None if seconds is None else NOW + timedelta(seconds=seconds))
