"""Plans: what an audit proposes and a ticket carries out. The file format and the validator are linestop/audit/."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

PERSON = "person"  # the source of a chunk that no scanner asked for
MAX_CHUNKS = 10  # SPEC.md section 1
MAX_PLANS = 5  # SPEC.md, the mission


class FindingsGone(BaseModel):
    """A finish line item: SOURCE reports at most `at_most` findings of `rules` in `paths`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["findings"] = "findings"
    source: str
    rules: tuple[str, ...] = Field(min_length=1)
    paths: tuple[str, ...] = Field(min_length=1)
    at_most: int = Field(default=0, ge=0)


class CommandPasses(BaseModel):
    """A finish line item: the command (a list, never a shell) exits 0 in a clean checkout."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["command"] = "command"
    argv: tuple[str, ...] = Field(min_length=1)


class ChecksPass(BaseModel):
    """A finish line item: the repository's own checks (tests) are green."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["checks"] = "checks"


GoalItem = FindingsGone | CommandPasses | ChecksPass


class Chunk(BaseModel):
    """One step of a plan: independent of its siblings, small enough for one dispatch."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,40}$")
    title: str = Field(min_length=1, max_length=120)
    source: str = Field(default=PERSON, description="the audit source whose findings it removes, or a person's word")
    rules: tuple[str, ...] = Field(default=(), description="of that source; a person's chunk needs none")
    paths: tuple[str, ...] = Field(min_length=1)
    findings: int = Field(default=0, ge=0, description="how many findings stood there when the plan was written")
    text: str = Field(default="", description="what to do and why, markdown")

    @model_validator(mode="after")
    def _findings_are_of_rules(self) -> Self:
        if self.source != PERSON and not self.rules:
            raise ValueError("rules: a source's findings are named by their rules")
        return self


class Plan(BaseModel):
    """A plan as read from its file. `scope` holds globs; the diff may touch nothing else."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,60}$")
    title: str = Field(min_length=1, max_length=120)
    purpose: str = Field(min_length=1)
    scope: tuple[str, ...] = Field(min_length=1)
    chunks: tuple[Chunk, ...] = Field(min_length=1, max_length=MAX_CHUNKS)
    risks: tuple[str, ...] = ()
    goal: tuple[GoalItem, ...] = Field(min_length=1)
    gated: str | None = Field(default=None, description="why a person must do it, or nothing")
    depends_on: tuple[str, ...] = Field(default=(), description="ids of plans that must be Done first")
    infra: bool = Field(default=False, description="serialise behind the infra lock")
    base: str = Field(default="", description="commit the audit looked at")
    fingerprints: tuple[str, ...] = Field(default=(), description="the findings it covers, see findings.py")
    notes: str = Field(default="", description="the markdown below the front matter, free text of people")


def whole_change(plan: Plan) -> Chunk:
    """Return the chunk that stands for all of a plan: what a reviewer looks at."""
    return Chunk(
        id="whole",
        title="the whole change",
        source=plan.chunks[0].source,
        rules=tuple(dict.fromkeys(rule for chunk in plan.chunks for rule in chunk.rules)),
        paths=tuple(dict.fromkeys(path for chunk in plan.chunks for path in chunk.paths)),
        text=plan.purpose,
    )
