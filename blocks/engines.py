"""Makes engines of their names: the one place where an engine, its sandbox and its prices are put together.

A name is one of the policy's `[engines]`, a preset's, `static`, `scripted:SCENARIO` (a file, or a shipped one's name),
or `block:NAME` for a form filled in in the UI. With `:MODEL` behind it (`codex:gpt-5`) it is that engine with another
model. Engines are imported when one is asked for: Prefect, docker and the providers' libraries cost seconds, and most
commands need none of them.
"""

from pathlib import Path

from linestop.blocks.presets import PRESETS
from linestop.blocks.static_engine import StaticEngine
from linestop.engines import CommandSettings, EngineSettings, ModelSettings, ScriptedSettings, StaticSettings
from linestop.engines.endpoints import endpoints_of
from linestop.errors import PolicyError
from linestop.policy import Policy
from linestop.ports import Engine, Sandbox
from linestop.scenarios import scenario_named

STATIC = "static"
BLOCK = "block:"
SCRIPTED = "scripted:"


def settings_of(name: str, policy: Policy) -> EngineSettings:
    """Return what is set of an engine: the policy's table of that name, else a preset's, else a block's.

    Raises:
        PolicyError: nothing is called so, or it has no model to be replaced.
    """
    if name in policy.engines:
        return policy.engines[name]
    if name == STATIC:
        return StaticSettings()
    if name in PRESETS:
        return CommandSettings(preset=name)
    if name.startswith(BLOCK):
        from linestop.blocks.engine_blocks import engine_settings_now  # noqa: PLC0415

        return engine_settings_now(name)
    if name.startswith(SCRIPTED):
        return ScriptedSettings(scenario=Path(name.removeprefix(SCRIPTED)))
    engine, _, model = name.partition(":")
    if model and engine:
        return _with_model(settings_of(engine, policy), engine, model)
    raise PolicyError(
        f"there is no engine {name!r}",
        found=", ".join(dict.fromkeys([STATIC, *PRESETS, *policy.engines])),
        todo="name one of them, scripted:SCENARIO or block:NAME, or add [engines.NAME] to the policy",
    )


def engine_for(name: str, policy: Policy, root: Path) -> Engine:
    """Return the engine of a name, ready to be dispatched. A scenario's path is relative to the repository's `root`.

    Raises:
        PolicyError: there is no such engine, or its settings don't fit the policy.
        ToolError: its sandbox is missing.
        UsageError: its scenario can't be read.
    """
    return engine_of(settings_of(name, policy), name, policy, root)


def engine_of(settings: EngineSettings, name: str, policy: Policy, root: Path) -> Engine:
    """Return the engine that settings describe; errors as `engine_for`."""
    if isinstance(settings, StaticSettings):
        return StaticEngine()
    from linestop.blocks.sandboxes.choice import sandbox_for  # noqa: PLC0415

    sandbox = sandbox_for(policy.sandbox)
    if isinstance(settings, ScriptedSettings):
        return _scripted(settings, name, policy, root, sandbox)
    if isinstance(settings, CommandSettings):
        return _command(settings, name, policy, sandbox)
    return _model(settings, name, policy, sandbox)


def _scripted(settings: ScriptedSettings, name: str, policy: Policy, root: Path, sandbox: Sandbox) -> Engine:
    from linestop.blocks.scripted_engine.engine import ScriptedEngine  # noqa: PLC0415

    scenario = scenario_named(str(settings.scenario), root)
    return ScriptedEngine(scenario, name=name, sandbox=sandbox, policy=policy.sandbox)


def _command(settings: CommandSettings, name: str, policy: Policy, sandbox: Sandbox) -> Engine:
    from linestop.blocks.command_engine.engine import CommandEngine  # noqa: PLC0415
    from linestop.blocks.prices import GenaiPrices  # noqa: PLC0415

    return CommandEngine(
        settings, name=name, endpoints=endpoints_of(policy), sandbox=sandbox, policy=policy.sandbox,
        prices=GenaiPrices(policy.budget.prices),
    )  # fmt: skip


def _model(settings: ModelSettings, name: str, policy: Policy, sandbox: Sandbox) -> Engine:
    from linestop.blocks.model_engine.engine import ModelEngine  # noqa: PLC0415
    from linestop.blocks.prices import GenaiPrices  # noqa: PLC0415

    endpoints = endpoints_of(policy)
    if settings.endpoint not in endpoints:
        raise PolicyError(
            f"the engine {name!r} names the endpoint {settings.endpoint!r}, which isn't there",
            found=", ".join(endpoints),
            todo="name one of them, or add [endpoints.NAME] to the policy",
        )
    return ModelEngine(
        settings, name=name, endpoint=endpoints[settings.endpoint], sandbox=sandbox, policy=policy.sandbox,
        mcp=policy.mcp, prices=GenaiPrices(policy.budget.prices),
    )  # fmt: skip


def _with_model(settings: EngineSettings, engine: str, model: str) -> EngineSettings:
    if isinstance(settings, CommandSettings | ModelSettings):
        return settings.model_copy(update={"model": model})
    raise PolicyError(f"the engine {engine!r} has no model to choose", found=f"{engine}:{model}", todo=f"name {engine}")
