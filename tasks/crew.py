"""The crew: who has which role in a run. Looked at before anything runs, so that a wrong name costs nothing."""

import asyncio
import logging

from prefect import get_run_logger

from linestop.blocks.line import Line
from linestop.execution.costs import limits_for
from linestop.execution.order import ROLES
from linestop.ports import Engine, Limits, Preflight
from linestop.tickets import Spent


async def crew(line: Line) -> dict[str, Engine]:
    """Return the engine of each role that has one, and warn where one model would judge its own work.

    What an engine can tell beforehand that it lacks is raised here: no ticket is claimed for that.

    Raises:
        PolicyError: there is no engine of a name, or its settings don't fit.
        ToolError: there is no sandbox for it, its program is not installed, or its key is missing.
    """
    engines = {role: engine for role in ROLES if (engine := line.agent(role))}
    for engine in engines.values():
        if isinstance(engine, Preflight):
            await asyncio.to_thread(engine.preflight, _limits(line))
    log = get_run_logger()
    if set(engines) != {"maker"} or engines["maker"].name != "static":
        who = " ".join(f"{role}={_words(engine)}" for role, engine in engines.items())
        log.info("crew %s", who, extra={"action": "crew"})
    for role in ("checker", "reviewer"):
        if role in engines and same_model(engines["maker"], engines[role]):
            log.log(
                logging.WARNING,
                "crew.same-model maker %s and %s %s are one model: none sees its own mistakes; name another engine",
                _words(engines["maker"]), role, _words(engines[role]), extra={"action": "crew.same-model"},
            )  # fmt: skip
    return engines


def _limits(line: Line) -> Limits:
    limits = limits_for(line.policy, Spent())
    assert isinstance(limits, Limits)  # noqa: S101  # nothing is spent yet
    return limits


def same_model(maker: Engine, judge: Engine) -> bool:
    """Return whether two roles are one model, or one engine where a model's name is unknown."""
    return maker.model == judge.model if maker.model and judge.model else maker.name == judge.name


def _words(engine: Engine) -> str:
    return f"{engine.name}/{engine.model}" if engine.model else engine.name
