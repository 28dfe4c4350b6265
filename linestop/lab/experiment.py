"""The model of an experiment file (YAML): a small repository, a task, an engine, what is remembered, and the rule.

docs/lab.md describes it to people. Reading it is reading.py; making its repository is blocks/trial_fixture.py.
"""

import re
from pathlib import PurePosixPath
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from linestop.lab.rule import Answer, Rule
from linestop.plans import ChecksPass, GoalItem
from linestop.scenarios import Scenario

MOST_FILES = 200
MOST_CHARS = 200_000  # of one file


def _inside(path: str) -> str:
    """Return a path that stays in the repository, as git would take it."""
    parts = PurePosixPath(path).parts
    bad = not parts or path.startswith("/") or {"..", ".", ".git", ".linestop"} & set(path.lower().split("/"))
    if bad or re.search(r"[\x00-\x1f\x7f\\:]", path) or "" in path.split("/"):
        raise ValueError("must be a path inside the repository, outside of .git and .linestop")
    return path


RepositoryPath = Annotated[str, AfterValidator(_inside), Field(max_length=400)]
FileText = Annotated[str, Field(max_length=MOST_CHARS)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Task(_Strict):
    """What both arms are asked to do."""

    title: str = Field(min_length=1, max_length=120)
    text: str = Field(default="", max_length=20_000)
    paths: tuple[RepositoryPath, ...] = Field(min_length=1, max_length=50)
    scope: tuple[str, ...] = Field(default=(), description="globs; nothing = the paths")
    goal: tuple[GoalItem, ...] = Field(default=(ChecksPass(),), min_length=1)


class RememberedLesson(_Strict):
    """A lesson that is told. `stale`: its file was another one when it was written."""

    title: str = Field(min_length=1, max_length=120)
    why: str = Field(min_length=1, max_length=4_000)
    body: str = Field(default="", max_length=4_000)
    file: str = Field(default="", max_length=400)
    stale: bool = False


class RememberedCaution(_Strict):
    """A caution that is told."""

    detail: str = Field(min_length=1, max_length=500)
    detector: str = "checks"
    file: str = Field(default="", max_length=400)
    stale: bool = False


class Remembered(_Strict):
    """The memory of the arm that has one. A later lesson is a newer one."""

    lessons: tuple[RememberedLesson, ...] = ()
    cautions: tuple[RememberedCaution, ...] = ()
    corrections: tuple[str, ...] = ()


class TrialLimits(_Strict):
    """What one trial may use."""

    turns: int | None = Field(default=None, ge=1)
    wall_seconds: float = Field(default=600, gt=0)
    tokens: int | None = Field(default=None, ge=1)


class Experiment(_Strict):
    """A whole file. `engine` is a scenario, or the name of an engine as `--maker` takes it."""

    schema_: int = Field(default=1, alias="schema", ge=1, le=1)
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,40}$")
    question: str = Field(min_length=1, max_length=300)
    about: str = ""
    files: dict[RepositoryPath, FileText] = Field(min_length=1, max_length=MOST_FILES)
    checks: str = Field(default="python3 -m unittest -q", description="the test command")
    task: Task
    engine: Scenario | str
    memory: Remembered
    limits: TrialLimits = TrialLimits()
    window: int | None = Field(default=None, ge=1024, description="tokens; nothing: the engine's")
    rule: Rule = Rule()
    expect: Answer | None = Field(default=None, description="what it is known to come to: CI holds it to that")

    @property
    def engine_name(self) -> str:
        """Return what its engine is called; one of a scenario in the file after the experiment."""
        return self.engine if isinstance(self.engine, str) else f"scripted:{self.name}"

    def model_post_init(self, _context: Any, /) -> None:
        """Refuse a task about files that aren't there."""
        if missing := [path for path in self.task.paths if path not in self.files]:
            raise ValueError(f"task.paths names files that `files` doesn't have: {', '.join(missing)}")
