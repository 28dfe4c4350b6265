"""Looks at the engines that the policy gives to roles: would they start here? Asks no provider and runs no agent."""

from collections.abc import Iterator
from pathlib import Path

from linestop.blocks.engines import STATIC, engine_for
from linestop.deployments.doctor.diagnosis import Diagnosis, ok, problem
from linestop.errors import LinestopError
from linestop.execution.costs import limits_for
from linestop.execution.order import ROLES
from linestop.policy import Policy
from linestop.ports import Engine, Limits, Preflight
from linestop.tickets import Spent


def look_at_roles(policy: Policy, root: Path) -> Iterator[Diagnosis]:
    """Yield a line for each role that an agent has: its program, key, price and sandbox are there, or what lacks."""
    for role in ROLES:
        name = getattr(policy.roles, role)
        if name and name != STATIC:
            yield _role(role, name, policy, root)


def _role(role: str, name: str, policy: Policy, root: Path) -> Diagnosis:
    try:
        engine = engine_for(name, policy, root)
        _preflight(engine, policy)
    except LinestopError as error:
        return problem(role, error.gist, error.todo)
    return ok(role, f"{name}{f' with {engine.model}' if engine.model else ''} would start")


def _preflight(engine: Engine, policy: Policy) -> None:
    limits = limits_for(policy, Spent())
    if isinstance(engine, Preflight) and isinstance(limits, Limits):
        engine.preflight(limits)
