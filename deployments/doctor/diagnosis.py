"""A diagnosis: one thing that was looked at, what was found, and how to mend it."""

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict


class State(StrEnum):
    """How a thing is."""

    OK = "ok"
    WARNING = "warning"  # linestop works, something is not as good as it could be
    PROBLEM = "problem"  # a run will fail


class Diagnosis(BaseModel):
    """One line of the report. `todo` is empty where nothing needs mending."""

    model_config = ConfigDict(frozen=True)

    name: str
    state: State
    found: str
    todo: str = ""


class PolicyValue(BaseModel):
    """One value of the policy, with the environment variable, the file or `default` it came from."""

    model_config = ConfigDict(frozen=True)

    key: str
    value: Any
    origin: str


class Report(BaseModel):
    """All of it; `repository` is empty where none was looked at."""

    model_config = ConfigDict(frozen=True)

    diagnoses: tuple[Diagnosis, ...]
    repository: str = ""
    policy: tuple[PolicyValue, ...] = ()

    @property
    def exit_code(self) -> int:
        """Return 1 where a run would fail; warnings don't."""
        return int(any(one.state is State.PROBLEM for one in self.diagnoses))


def ok(name: str, found: str) -> Diagnosis:
    """Return that all is well."""
    return Diagnosis(name=name, state=State.OK, found=found)


def warning(name: str, found: str, todo: str) -> Diagnosis:
    """Return that it works, and what would be better."""
    return Diagnosis(name=name, state=State.WARNING, found=found, todo=todo)


def problem(name: str, found: str, todo: str) -> Diagnosis:
    """Return what will fail, and how to mend it."""
    return Diagnosis(name=name, state=State.PROBLEM, found=found, todo=todo)
