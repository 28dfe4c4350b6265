"""Where an engine knows its window from: a brief's budget is a share of it."""

import pytest

from linestop.blocks.command_engine.engine import CommandEngine
from linestop.blocks.model_engine.engine import ModelEngine
from linestop.blocks.prices import GenaiPrices
from linestop.blocks.sandboxes.plain_sandbox import PlainSandbox
from linestop.blocks.scripted_engine.engine import ScriptedEngine
from linestop.blocks.static_engine import StaticEngine
from linestop.engines import CommandSettings, Endpoint, ModelSettings
from linestop.policy import SandboxPolicy
from linestop.scenarios import scenario_named
from tests.contracts.local_server_fakes import OllamaFake, serving

POLICY = SandboxPolicy(kind="plain", allow_plain=True)


def command(**settings: object) -> CommandEngine:
    return CommandEngine(
        CommandSettings.model_validate(settings), name="c", endpoints={}, sandbox=PlainSandbox(), policy=POLICY,
        prices=GenaiPrices(),
    )  # fmt: skip


def model(name: str, endpoint: Endpoint, window: int | None = None) -> ModelEngine:
    return ModelEngine(
        ModelSettings(model=name, endpoint="e", window=window), name="m", endpoint=endpoint, sandbox=PlainSandbox(),
        policy=POLICY, mcp={}, prices=GenaiPrices(),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "window"),
    [
        pytest.param({"preset": "claude"}, 200_000, id="the agent's own model"),
        pytest.param({"preset": "gemini"}, 1_048_576, id="another agent's"),
        pytest.param({"preset": "codex", "model": "gpt-5"}, 400_000, id="the price book's of its model"),
        pytest.param({"preset": "claude", "window": 50_000}, 50_000, id="as set"),
        pytest.param({"preset": "codex", "model": "no-such-model"}, None, id="a model that nobody knows"),
        pytest.param({"argv": ("tool",)}, None, id="any command"),
        pytest.param({"argv": ("tool",), "window": 9_000}, 9_000, id="any command, as set"),
    ],
)
def test_the_window_of_a_command_line(settings: dict[str, object], window: int | None) -> None:
    assert command(**settings).window == window


def test_an_engine_without_a_model_has_none_and_a_scripted_one_its_scenarios() -> None:
    scenario = scenario_named("good-maker")
    assert StaticEngine().window is None
    assert ScriptedEngine(scenario, sandbox=PlainSandbox(), policy=POLICY).window == scenario.window


@pytest.mark.parametrize(
    ("name", "window", "expected"),
    [
        pytest.param("gpt-5", None, 400_000, id="the price book's"),
        pytest.param("gpt-5", 20_000, 20_000, id="as set"),
        pytest.param("nobody-knows", None, None, id="unknown"),
    ],
)
def test_the_window_of_a_model_that_is_paid_for(name: str, window: int | None, expected: int | None) -> None:
    assert model(name, Endpoint(url="https://api.openai.invalid/v1", provider="openai"), window).window == expected


def test_a_local_model_is_asked_and_never_loaded_for_a_brief() -> None:
    with serving(OllamaFake()) as fake:
        endpoint = Endpoint(url=f"{fake.url}/v1")
        loaded = model("mid:14b", endpoint)
        assert (loaded.window, loaded.window) == (8_192, 8_192)
        asked = len(fake.asked)
        assert loaded.window == 8_192
        assert len(fake.asked) == asked, "what is known is not asked again"
        assert fake.loaded == {"mid:14b"}
        _ = model("big:70b", endpoint).window
        assert fake.loaded == {"mid:14b"}, "a brief loads nothing"
