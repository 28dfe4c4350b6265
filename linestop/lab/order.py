"""What a run of the lab is asked for, and what it answers. The order is the form in the Prefect UI."""

from pydantic import BaseModel, ConfigDict, Field

from linestop.execution.order import ENGINE_NAME
from linestop.lab.entry import Entry
from linestop.lab.power import MOST_PAIRS
from linestop.paths import label


class LabOrder(BaseModel):
    """Run pairs of one task with and without memory, and say whether memory helped."""

    model_config = ConfigDict(extra="forbid")

    repository: str = Field(description="Path of the repository's main checkout on the worker's machine.")
    task: str = Field(
        min_length=1,
        max_length=400,
        description="A ticket's id (its next chunk), a dispatch's run id, a shipped experiment's name, or its file.",
    )
    pairs: int | None = Field(
        default=None, ge=1, le=MOST_PAIRS, description="Pairs of trials. Nothing: as many as the power asks for."
    )
    alpha: float | None = Field(
        default=None, gt=0, lt=0.5, description="Chance of an effect where there is none. Nothing: 0.05."
    )
    power: float | None = Field(default=None, gt=0, lt=1, description="Chance to find the effect. Nothing: 0.8.")
    effect: float | None = Field(
        default=None, gt=0, le=1, description="Share of pairs that memory should make better. Nothing: 0.6."
    )
    margin: float | None = Field(
        default=None, gt=0, lt=1, description="No change: net share of better pairs within this. Nothing: 0.25."
    )
    max_usd: float | None = Field(default=None, gt=0, description="The pair that passes so many dollars is the last.")
    max_tokens: int | None = Field(default=None, ge=1, description="The pair that passes so many tokens is the last.")
    max_pairs: int | None = Field(default=None, ge=1, description="So many pairs at most, whatever the power asks for.")
    engine: str | None = Field(
        default=None, pattern=ENGINE_NAME, description="Engine of both arms. Nothing: the task's own."
    )
    dry_run: bool = Field(default=False, description="Say the rule and what differs in the briefs, and run nothing.")

    @property
    def label(self) -> str:
        """Return the repository's name, for names of runs."""
        return label(self.repository)


class LabReport(BaseModel):
    """What a run of the lab brought about. `change` is the difference of both briefs."""

    model_config = ConfigDict(frozen=True)

    entry: Entry
    change: str = ""
    dry_run: bool = False
