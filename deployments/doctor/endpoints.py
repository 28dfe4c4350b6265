"""Looks at the endpoints of models: whether keys are set (never what they are), and what answers on this machine."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

from linestop.blocks.local_servers.servers import is_near, reachable
from linestop.blocks.presets import PRESETS, preset_for, preset_named
from linestop.deployments.doctor.diagnosis import Diagnosis, ok, problem, warning
from linestop.engines import CommandSettings, Endpoint, ModelSettings
from linestop.engines.endpoints import endpoints_of, provider_of
from linestop.errors import LinestopError
from linestop.policy import Policy
from linestop.ports import Limits
from linestop.spending import Meter

_SECONDS = 0.5
_ROLES = ("maker", "checker", "reviewer")


def look_at_endpoints(policy: Policy, environ: Mapping[str, str]) -> Iterator[Diagnosis]:
    """Yield a line for each endpoint. One without its key, or without its server, matters where a role uses it."""
    endpoints = endpoints_of(policy)
    users = _users(policy)
    with ThreadPoolExecutor(max_workers=8) as pool:
        served = dict(zip(endpoints, pool.map(_served, endpoints.values()), strict=True))
    for name, endpoint in endpoints.items():
        yield _diagnosis(name, endpoint, environ, served[name], users.get(name, []))
    yield from _prices(policy, endpoints)


def _prices(policy: Policy, endpoints: Mapping[str, Endpoint]) -> Iterator[Diagnosis]:
    """Yield a problem for each model of a role whose dispatches would be refused: no price, and a cap in dollars."""
    if policy.budget.usd is None:
        return
    from linestop.blocks.prices import GenaiPrices  # noqa: PLC0415  # 0.2 s, for those who set a cap

    meter = Meter(Limits(usd=policy.budget.usd), prices=GenaiPrices(policy.budget.prices))
    for engine in dict.fromkeys(getattr(policy.roles, role) for role in _ROLES):
        settings, endpoint = policy.engines.get(engine), endpoints.get(_endpoint_of(engine, policy))
        if not isinstance(settings, ModelSettings | CommandSettings) or not settings.model or endpoint is None:
            continue
        if error := meter.start_refusal(settings.model, provider_of(endpoint)):
            yield problem("prices", error.gist, error.todo)


def _diagnosis(
    name: str, endpoint: Endpoint, environ: Mapping[str, str], served: str | None, users: list[str]
) -> Diagnosis:
    missing = bool(endpoint.key) and not environ.get(endpoint.key, "").strip()
    parts = [endpoint.url]
    if endpoint.key:
        parts.append(f"{endpoint.key} is {'not set' if missing else 'set'}")
    if served is not None:
        parts.append(served or "nothing answers")
    if users:
        parts.append(f"used by {', '.join(users)}")
    found = ", ".join(parts)
    if missing and users:
        return problem(name, found, f"set {endpoint.key}, or name another variable as key of endpoints.{name}")
    if served == "" and users:
        return warning(name, found, "start its server before a run")
    return ok(name, found)


def _served(endpoint: Endpoint) -> str | None:
    """Return what answers at an endpoint of this machine, None for those elsewhere: they are never asked."""
    return reachable(endpoint, seconds=_SECONDS) if is_near(endpoint) else None


def _users(policy: Policy) -> dict[str, list[str]]:
    """Return the roles that use each endpoint."""
    found: dict[str, list[str]] = {}
    for role in _ROLES:
        if endpoint := _endpoint_of(getattr(policy.roles, role), policy):
            found.setdefault(endpoint, []).append(role)
    return found


def _endpoint_of(engine: str, policy: Policy) -> str:
    settings = policy.engines.get(engine)
    if isinstance(settings, ModelSettings):
        return settings.endpoint
    try:
        if isinstance(settings, CommandSettings):
            return settings.endpoint or preset_for(settings).endpoint
        return preset_named(engine).endpoint if engine in PRESETS else ""
    except LinestopError:
        return ""  # said where the engine is made
