"""What an audit is asked and what it answers."""

from pydantic import BaseModel, ConfigDict, Field

from linestop.paths import label
from linestop.plans import MAX_PLANS, Plan


class AuditOrder(BaseModel):
    """Review a repository and write at most 5 plans, on the branch `linestop/plans`: the base stays as it is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    repository: str = Field(min_length=1, description="Path of the repository to review. Its files are only read.")
    again: bool = Field(default=False, description="Review even where nothing changed since the last audit.")
    max_plans: int | None = Field(
        default=None,
        ge=1,
        le=MAX_PLANS,
        description="How many plans may be open at a time, 1 to 5. Nothing: the policy's number.",
    )

    @property
    def label(self) -> str:
        """Return the repository's name, for names of runs."""
        return label(self.repository)


class AuditReport(BaseModel):
    """What an audit found and planned. `plans` are the new ones; `waiting` ids of earlier plans that are still open."""

    model_config = ConfigDict(frozen=True)

    run_id: str
    base: str = Field(description="the commit that was looked at")
    findings: dict[str, int] = Field(default_factory=dict, description="theme -> count, tests left out")
    fixable: int = Field(default=0, description="findings that an engine at hand can fix")
    in_tests: int = Field(default=0, description="findings in test files: reported, never planned")
    plans: tuple[Plan, ...] = ()
    waiting: tuple[str, ...] = ()
    findings_waiting: int = Field(default=0, description="findings that no plan covers yet")
    refused: tuple[str, ...] = Field(default=(), description="what could not be planned or read, and why")
    branch: str = Field(default="", description="the branch that holds the plans")
    seconds: float = 0.0
    nothing_new: str | None = Field(default=None, description="why nothing was planned, or nothing")
