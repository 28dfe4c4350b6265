"""What a rerun needs of a record: the order, the engine with its settings, the commit it starts from."""

import re
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from linestop.engines import EngineSettings
from linestop.errors import UsageError
from linestop.ports import Dispatch
from linestop.runs.recorded import RecordedRun
from linestop.text import plain

_SETTINGS: TypeAdapter[EngineSettings] = TypeAdapter(EngineSettings)
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_HOSTS = frozenset({"mounts", "path", "resume"})  # folders that are gone by now, and a session that went on


class Recipe(BaseModel):
    """The inputs of one dispatch. `settings` None: the engine was handed over as it is, only its name is known."""

    model_config = ConfigDict(frozen=True)

    run_id: str
    engine: str
    settings: EngineSettings | None = None
    order: Dispatch
    base: str
    ticket_base: str
    policy: str = ""
    linestop: str = ""
    resumed: bool = False


def recipe_of(run: RecordedRun) -> Recipe:
    """Return a dispatch's inputs. Its folders of the host are left out, and the session that it resumed.

    Raises:
        UsageError: the run is no dispatch, or its record doesn't hold what a rerun needs.
    """
    if run.kind != "dispatch":
        raise UsageError(
            f"{run.run_id} can't be run again",
            found=f"it is of kind {plain(run.kind)}; only dispatches are",
            todo="`linestop run show` names the dispatches that it started",
        )
    order, base = run.parameters.get("order"), run.parameter("base")
    try:
        if not isinstance(order, dict) or not _COMMIT.fullmatch(base):
            raise _lacking(run, "no order, or no commit that it started from")
        kept = {name: value for name, value in order.items() if name not in _HOSTS}
        return Recipe(
            run_id=run.run_id,
            engine=run.parameter("engine"),
            settings=_settings(run.parameters.get("settings")),
            order=Dispatch.model_validate(kept),
            base=base,
            ticket_base=_commit(run.parameter("ticket_base")) or base,
            policy=run.parameter("policy"),
            linestop=run.linestop,
            resumed=bool(order.get("resume")),
        )
    except ValidationError as error:
        first = error.errors()[0]
        raise _lacking(run, f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error


def _settings(value: Any) -> EngineSettings | None:
    return _SETTINGS.validate_python(value) if value else None


def _commit(word: str) -> str:
    return word if _COMMIT.fullmatch(word) else ""


def _lacking(run: RecordedRun, found: str) -> UsageError:
    return UsageError(
        f"{run.run_id} can't be run again: its record lacks what it was given",
        found=plain(found, 400),
        todo=f"choose a newer one; it was made by linestop {plain(run.linestop) or 'of an unknown version'}",
    )
