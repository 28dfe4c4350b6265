"""Endpoints: those that need no words, the policy's over them, keys, providers, and what a refusal of theirs means."""

from datetime import UTC, datetime, timedelta

import pytest

from linestop.engines import Endpoint, Wire
from linestop.engines.endpoints import DEFAULTS, LOCAL, endpoints_of, is_local, key_of, provider_of
from linestop.engines.provider_faults import fault_of, retry_at
from linestop.errors import ToolError
from linestop.events import Fault
from linestop.policy import Policy

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def test_the_usual_endpoints_need_no_words_and_the_policys_win() -> None:
    own = Endpoint(url="https://gateway.corp/v1", key="CORP_KEY")
    found = endpoints_of(Policy(endpoints={"openai": own, "mine": own}))
    assert set(found) == {*DEFAULTS, "mine"}
    assert found["openai"] == found["mine"] == own
    assert (found["anthropic"].wire, found["anthropic"].key) == (Wire.ANTHROPIC, "ANTHROPIC_API_KEY")
    assert {name for name, one in DEFAULTS.items() if not one.key} == {"ollama", "lmstudio", "llamacpp", "vllm"}


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://127.0.0.1:11434/v1", True),
        ("http://127.9.9.9/v1", True),
        ("http://localhost:8000", True),
        ("http://[::1]:8080/v1", True),
        ("http://192.168.1.5:8000/v1", False),
        ("http://127.0.0.1.evil.org/v1", False),
        ("https://localhost.evil.org/v1", False),
        ("https://api.openai.com/v1", False),
    ],
)
def test_only_the_loopback_is_free(url: str, *, local: bool) -> None:
    endpoint = Endpoint(url=url)
    assert is_local(endpoint) is local
    assert provider_of(endpoint) == (LOCAL if local else url)
    assert provider_of(Endpoint(url=url, provider="openai")) == "openai", "a paid gateway on this machine"


def test_a_key_comes_from_the_environment_or_is_a_clear_error() -> None:
    endpoint = Endpoint(url="https://api.openai.com/v1", key="SOME_KEY")
    assert key_of(endpoint, {"SOME_KEY": " sk-1\n"}) == "sk-1"
    assert key_of(Endpoint(url="http://127.0.0.1:1/v1"), {}) == ""
    for environ in ({}, {"SOME_KEY": " "}):
        with pytest.raises(ToolError) as caught:
            key_of(endpoint, environ)
        assert "SOME_KEY is not set" in caught.value.found


@pytest.mark.parametrize("value", ["“sk-1”", "sk-1\nsk-2", "sk-\x001"], ids=["quotes", "two lines", "zero byte"])
def test_a_key_that_no_request_can_carry_is_told_before_one_is_made(value: str) -> None:
    with pytest.raises(ToolError, match="can't be sent") as told:
        key_of(Endpoint(url="http://127.0.0.1:1/v1", key="SOME_KEY"), {"SOME_KEY": value})
    assert "SOME_KEY" in told.value.found
    assert "sk-" not in str(told.value)


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        pytest.param({"retry-after": "20"}, b"", 20, id="seconds"),
        pytest.param({"Retry-After": "Sat, 21 Nov 2026 12:05:00 GMT"}, b"", 300, id="date"),
        pytest.param({"anthropic-ratelimit-tokens-reset": "2026-11-21T12:01:00Z"}, b"", 60, id="anthropic"),
        pytest.param(
            {
                "anthropic-ratelimit-requests-reset": "2026-11-21T12:00:01Z",
                "anthropic-ratelimit-requests-remaining": "49",
                "anthropic-ratelimit-input-tokens-reset": "2026-11-21T12:02:00Z",
                "anthropic-ratelimit-input-tokens-remaining": "0",
            },
            b"",
            120,
            id="the-empty-allowance-counts",
        ),
        pytest.param({"x-ratelimit-reset": str(int(NOW.timestamp() * 1000) + 9_000)}, b"", 9, id="openrouter"),
        pytest.param({}, b'{"error": {"resets_at": %d}}' % (NOW.timestamp() + 600), 600, id="usage-limit"),
        pytest.param({"retry-after": "soon"}, b"", None, id="no-time"),
        pytest.param({"retry-after": "-5"}, b"", None, id="before-now"),
        pytest.param({"retry-after": "1e400"}, b"\xff{", None, id="no-number"),
        pytest.param({}, b"", None, id="nothing-said"),
    ],
)
def test_when_a_provider_may_be_asked_again(headers: dict[str, str], body: bytes, seconds: float | None) -> None:
    expected = None if seconds is None else NOW + timedelta(seconds=seconds)
    assert retry_at(headers, body, now=NOW) == expected


@pytest.mark.parametrize(
    ("status", "body", "fault"),
    [
        (200, b"rate limit", None),
        (429, b"", Fault.RATE_LIMIT),
        (529, b"", Fault.OVERLOAD),
        (401, b"", Fault.AUTH),
        (400, b'{"error": {"message": "API key not valid. Please pass a valid API key."}}', Fault.AUTH),
        (400, b'{"error": {"message": "This model\'s maximum context length is 8192 tokens."}}', Fault.CONTEXT),
        (400, b"\xff\xfe", Fault.OTHER),
        (404, b"", Fault.OTHER),
    ],
)
def test_what_a_refusal_means(status: int, body: bytes, fault: Fault | None) -> None:
    assert fault_of(status, body) is fault
