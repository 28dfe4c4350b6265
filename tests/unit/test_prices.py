"""Prices and windows: the library's, the owner's over them, nothing for this machine, and never a guess."""

import subprocess
import sys

import pytest

from linestop.blocks.prices import GenaiPrices
from linestop.events import Usage

MILLION = Usage(input=1_000_000, output=1_000_000)


@pytest.mark.parametrize(
    ("model", "provider", "priced"),
    [
        pytest.param("gpt-5", "openai", True, id="by-provider"),
        pytest.param("gpt-5", "https://api.openai.com/v1", True, id="by-url"),
        pytest.param("GPT-5", "openai", True, id="upper-case"),
        pytest.param("claude-sonnet-4-5-20250929", "https://api.anthropic.com", True, id="dated"),
        pytest.param("anthropic/claude-sonnet-4.5", "https://openrouter.ai/api/v1", True, id="openrouter"),
        pytest.param("gemini-2.5-pro", "google", True, id="google"),
        pytest.param("claude-sonnet-4-5", "", True, id="by-name-alone"),
        pytest.param("gpt-5", "https://gateway.corp/v1", False, id="unknown-gateway"),
        pytest.param("gpt-5", "nobody", False, id="unknown-provider"),
        pytest.param("nobody-1", "openai", False, id="unknown-model"),
        pytest.param("", "openai", False, id="no-model"),
        pytest.param("llama3.2:3b", "local", True, id="this-machine"),
    ],
)
def test_a_price_is_known_or_none_never_zero(model: str, provider: str, *, priced: bool) -> None:
    book = GenaiPrices({})
    assert book.facts(model, provider=provider).priced is priced
    usd = book.usd(model, MILLION, provider=provider)
    assert (usd is not None) is priced
    assert usd is None or usd > 0 or provider == "local"


def test_cached_tokens_are_a_part_of_the_input() -> None:
    book = GenaiPrices({})
    fresh = book.usd("claude-sonnet-4-5", Usage(input=1_000_000), provider="anthropic")
    cached = book.usd("claude-sonnet-4-5", Usage(input=1_000_000, cache_read=1_000_000), provider="anthropic")
    written = book.usd("claude-sonnet-4-5", Usage(input=1_000_000, cache_write=1_000_000), provider="anthropic")
    assert fresh is not None
    assert cached == pytest.approx(fresh / 10)
    assert written == pytest.approx(fresh * 1.25)
    assert book.usd("gpt-5", Usage(input=5, cache_read=9, cache_write=9), provider="openai") is not None


def test_the_owners_prices_win_over_everything() -> None:
    book = GenaiPrices({"gpt-5": (2.0, 8.0), "llama": (0.5, 0.5), "nobody-1": (0.0, 0.0)})
    assert book.usd("gpt-5", MILLION, provider="openai") == 10.0
    assert book.usd("llama", MILLION, provider="local") == 1.0
    assert book.usd("nobody-1", MILLION, provider="https://gateway.corp/v1") == 0.0
    assert book.facts("nobody-1").priced
    assert book.facts("gpt-5", provider="openai").source == "budget.prices"
    assert book.facts("gpt-5", provider="openai").window == 400_000


def test_windows_are_known_by_name_also_behind_a_gateway() -> None:
    book = GenaiPrices({})
    assert book.facts("claude-sonnet-4-5", provider="anthropic").window == 200_000
    assert book.facts("openai/gpt-5", provider="https://gateway.corp/v1").window == 400_000
    assert book.facts("nobody-1").window is None
    assert book.facts("gpt-5", provider="local").window is None, "a local server has its own"


def test_prices_are_read_from_the_package_and_never_from_the_network() -> None:
    code = """
import socket, threading
def refuse(*args): raise AssertionError("it reaches for the network")
socket.socket.connect = refuse
from linestop.blocks.prices import GenaiPrices
from linestop.events import Usage
assert GenaiPrices({}).usd("gpt-5", Usage(input=5), provider="openai")
assert threading.active_count() == 1, threading.enumerate()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
