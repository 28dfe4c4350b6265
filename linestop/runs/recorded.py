"""The model of a run as its record tells it."""

from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from linestop.events import Usage
from linestop.runs.diff_stat import DiffStat
from linestop.runs.firings import RecordedFiring
from linestop.watch.nudging import Nudged

MAX_SAID = 30


class Relative(BaseModel):
    """Another run that this one belongs to."""

    model_config = ConfigDict(frozen=True)

    run_id: str
    name: str = Field(description="kind and ticket, or role, chunk and attempt")
    outcome: str


class RecordedRun(BaseModel):
    """One run. `outcome` is `running` or `killed` where there is no result; times are UTC; None is unknown."""

    model_config = ConfigDict(frozen=True)

    run_id: str
    folder: Path
    kind: str
    outcome: str
    summary: str = ""
    started: datetime | None = None
    ended: datetime | None = Field(default=None, description="of a killed run: its last event")
    seconds: float | None = None
    holder: str = ""
    flow_run: str = ""
    repository: str = ""
    linestop: str = ""
    parameters: dict[str, Any] = Field(default_factory=dict)
    values: dict[str, Any] = Field(default_factory=dict)
    problems: tuple[str, ...] = Field(default=(), description="what the record lacks, one line each")

    brief: str = ""
    session: str = ""
    model: str = ""
    event_count: int = 0
    calls: int = Field(default=0, description="tool calls")
    outcomes: dict[str, int] = Field(default_factory=dict, description="of tool results: ok, error, timeout, denied")
    turns: int = Field(default=0, description="model calls whose usage is known")
    usage: Usage = Usage()
    faults: dict[str, int] = Field(default_factory=dict, description="what providers or caps did to it")
    last: str = Field(default="", description="the last event, in a line")
    firings: tuple[RecordedFiring, ...] = ()
    told: int = Field(default=0, description="times that it was told something on the way")
    nudges: tuple[Nudged, ...] = Field(default=(), description="what came of that, as far as it was seen")
    diff: DiffStat | None = None
    parent: Relative | None = None
    children: tuple[Relative, ...] = ()
    reruns: tuple[Relative, ...] = Field(default=(), description="runs with the same inputs, made later")

    @property
    def name(self) -> str:
        """Return what a person calls it: kind and ticket, or role, chunk and attempt."""
        return name_of(self.kind, self.parameters)

    @property
    def can_rerun(self) -> bool:
        """Whether the record holds all that a rerun needs."""
        return self.kind == "dispatch" and isinstance(self.parameters.get("order"), dict)

    @property
    def said(self) -> tuple[tuple[str, str], ...]:
        """Return what an agent said beside its summary: petition, what it could not, reasons, what it came across."""
        found = [(word, text) for name, word in _SAID.items() for text in _texts(self.values.get(name))]
        return tuple(found[:MAX_SAID])

    def parameter(self, name: str) -> str:
        """Return a parameter as text, empty where it isn't there."""
        value = self.parameters.get(name)
        return "" if value is None else value if isinstance(value, str) else str(value)


def name_of(kind: str, parameters: dict[str, Any]) -> str:
    """Return what a person calls a run."""
    if kind != "dispatch":
        return " ".join(word for word in (kind, _word(parameters.get("ticket"))) if word)
    words = [_word(parameters.get(name)) for name in ("role", "chunk")]
    attempt = parameters.get("attempt")
    return " ".join([*(word for word in words if word), *([f"#{attempt}"] if attempt else [])]) or kind


_SAID = {
    "petition": "petitions",
    "could_not": "could not",
    "reasons": "because",
    "discovered": "came upon",
    "memory": "memory",
}


def _texts(value: object) -> list[str]:
    """Return the texts in a value of result.json: one, many, or objects that have a title."""
    if isinstance(value, list):
        return [text for one in value for text in _texts(one)]
    if isinstance(value, dict):
        return _texts(value.get("title"))
    return [value] if isinstance(value, str) and value else []


def _word(value: object) -> str:
    return value if isinstance(value, str) else ""
