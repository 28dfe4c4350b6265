"""Makes engines of their names: the one place where an engine, its sandbox and its prices are put together."""

from linestop.blocks.static_engine import StaticEngine
from linestop.engines import EngineSettings, StaticSettings
from linestop.errors import PolicyError
from linestop.policy import Policy
from linestop.ports import Engine

STATIC = "static"


def settings_of(name: str, policy: Policy) -> EngineSettings:
    """Return what is set of an engine: the policy's table of that name, else a preset's.

    Raises:
        PolicyError: nothing is called so.
    """
    if name in policy.engines:
        return policy.engines[name]
    if name == STATIC:
        return StaticSettings()
    known = ", ".join([STATIC, *policy.engines])
    raise PolicyError(f"there is no engine {name!r}", found=known, todo="add [engines.NAME] to the policy, or name one")


def engine_for(name: str, policy: Policy) -> Engine:
    """Return the engine of a name, ready to be dispatched.

    Raises:
        PolicyError: there is no such engine, or its settings don't fit the policy.
        ToolError: its sandbox is missing.
    """
    settings = settings_of(name, policy)
    if isinstance(settings, StaticSettings):
        return StaticEngine()
    raise PolicyError(f"the engine {name!r} can't be used", found=settings.kind, todo="name another")
