"""What providers and models do wrong, met by real agents' command lines: each ends in the right state, in its time."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from linestop.errors import BusyError, InfraError, LinestopError, ToolError
from linestop.ports import Limits
from linestop.scenarios import Scenario
from tests.live.real_agents import KEY, KEY_NAME, Bench, Seen

pytestmark = pytest.mark.live
AGENTS = ["claude", "codex"]
CLOCK_SECONDS = 120.0  # none waits for it but the one that hangs; a busy machine takes 30 to start an agent
GRACE_SECONDS = 60.0  # a loaded machine's start and end of a process


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "home"))
    monkeypatch.setenv(KEY_NAME, KEY)
    return Bench(tmp_path)


def met(bench: Bench, agent: str, fault: dict[str, Any], **limits: Any) -> Seen:
    """Let an agent make one call, then meet a fault for ever."""
    hello = {"calls": [{"do": "run", "command": "echo hello"}]}
    scenario = Scenario.model_validate({"name": "fault", "turns": [hello, {"fault": {"times": None, **fault}}]})
    given = Limits(**({"wall_seconds": 300, "idle_seconds": CLOCK_SECONDS} | limits))
    seen = bench.dispatch(agent, scenario, limits=given)
    assert seen.left == []
    assert seen.seconds < given.idle_seconds + GRACE_SECONDS
    assert any(event.text.strip() == "hello" for event in seen.events if event.kind == "tool_result")
    assert KEY not in seen.record
    return seen


@pytest.mark.parametrize("agent", [*AGENTS, "gemini", "mini"])
def test_a_rate_limit_is_waited_for_until_the_time_it_names(agent: str, bench: Bench) -> None:
    raised = met(bench, agent, {"kind": "rate_limit", "reset_seconds": 600}).raised
    assert isinstance(raised, BusyError)
    assert raised.until is not None
    assert timedelta(seconds=500) < raised.until - datetime.now(UTC) < timedelta(seconds=610)


@pytest.mark.parametrize("agent", AGENTS)
@pytest.mark.parametrize(
    ("fault", "state"),
    [
        pytest.param("server_error", BusyError, id="500"),
        pytest.param("overload", BusyError, id="overload"),
        pytest.param("auth", ToolError, id="401"),
        pytest.param("cut", InfraError, id="cut stream"),
        pytest.param("crash", InfraError, id="closed connection"),
    ],
)
def test_what_the_provider_is_to_blame_for_uses_up_no_attempt(
    agent: str, fault: str, state: type[LinestopError], bench: Bench
) -> None:
    seen = met(bench, agent, {"kind": fault, "reset_seconds": 0})
    assert isinstance(seen.raised, state), seen.work
    assert not isinstance(seen.raised, BusyError) or state is BusyError


@pytest.mark.parametrize("agent", ["gemini", "opencode", "mini"])
def test_a_refused_key_stops_the_line_whatever_the_agents_exit_code(agent: str, bench: Bench) -> None:
    raised = met(bench, agent, {"kind": "auth"}).raised
    assert isinstance(raised, ToolError)
    assert "refuses the key" in raised.what


@pytest.mark.parametrize("agent", AGENTS)
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        pytest.param("malformed", "malformed", id="malformed JSON"),
        pytest.param("context", "context", id="context too long"),
        pytest.param("hang", "no output and no event for", id="hang"),
    ],
)
def test_what_leaves_nothing_to_judge_broke_off(agent: str, fault: str, words: str, bench: Bench) -> None:
    seen = met(bench, agent, {"kind": fault}, idle_seconds=12 if fault == "hang" else CLOCK_SECONDS)
    assert seen.work is not None, seen.raised
    assert words in seen.work.broke_off


@pytest.mark.parametrize("agent", AGENTS)
def test_endless_tool_calls_end_at_the_cap_of_turns(agent: str, bench: Bench) -> None:
    endless = {"calls": [{"do": "run", "command": "echo step {n}"}], "times": 500}
    scenario = Scenario.model_validate({"name": "endless", "turns": [endless]})
    seen = bench.dispatch(agent, scenario, limits=Limits(wall_seconds=300, turns=5))
    assert seen.work is not None, seen.raised
    assert seen.work.broke_off
    assert seen.asked <= 6
    assert seen.left == []


@pytest.mark.parametrize("agent", AGENTS)
def test_endless_tool_calls_end_at_the_wall_clock(agent: str, bench: Bench) -> None:
    endless = {"calls": [{"do": "run", "command": "sleep 0.2; echo step {n}"}], "times": 500}
    scenario = Scenario.model_validate({"name": "endless", "turns": [endless]})
    seen = bench.dispatch(agent, scenario, limits=Limits(wall_seconds=4))
    assert seen.work is not None, seen.raised
    assert "timed out after 4 s" in seen.work.broke_off
    assert seen.seconds < 4 + GRACE_SECONDS
    assert seen.left == []
