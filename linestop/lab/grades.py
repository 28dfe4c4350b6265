"""How a trial went: failed < inert < struggled < productive, and what it cost. From facts of its record, no opinion.

Who finds the facts out (guards, findings, checks, finish line) is blocks/trials.py.
"""

from enum import IntEnum

from pydantic import BaseModel, ConfigDict, Field

from linestop.runs.recorded import RecordedRun
from linestop.watch import Severity


class Grade(IntEnum):
    """The verdict on one trial. The order is all that it means: no distance between two grades is ever used."""

    FAILED = 0  # an error, stopped by the watch or a clock, or what it left is rejected
    INERT = 1  # it ended by itself and changed nothing
    STRUGGLED = 2  # what it left is good; on the way the watch warned it, or its own checks failed
    PRODUCTIVE = 3  # what it left is good

    @property
    def word(self) -> str:
        """Return the grade as it is written."""
        return self.name.lower()


class Measured(BaseModel):
    """What one arm of a pair came to. `tokens` None: its engine didn't say; `usd` None: no price is known."""

    model_config = ConfigDict(frozen=True)

    run: str = Field(description="id of its record")
    grade: Grade
    why: str = Field(default="", description="what it failed for, one line")
    tokens: int | None = Field(default=None, ge=0, description="input and output together")
    usd: float | None = Field(default=None, ge=0)
    seconds: float = Field(default=0.0, ge=0, description="of the dispatch, without making its workspace")
    firings: int = Field(default=0, ge=0, description="warnings and stops of the watch")
    failed_checks: int = Field(default=0, ge=0, description="on the way, before the verdict")


def measured(run: RecordedRun, *, objections: tuple[str, ...] = (), failed_checks: int = 0) -> Measured:
    """Return what a closed record of a trial came to; `objections` are those to what it left."""
    firings = [one for one in run.firings if one.severity is not Severity.INFO]
    tokens = run.usage.input + run.usage.output
    spent = run.values.get("seconds")
    grade = grade_of(run, objections=objections, warned=bool(firings or run.told or failed_checks))
    return Measured(
        run=run.run_id,
        grade=grade,
        why="; ".join(objections) or run.summary if grade is Grade.FAILED else "",
        tokens=tokens if tokens or run.turns else None,
        usd=run.usage.usd,
        seconds=max(0.0, float(spent if isinstance(spent, (int, float)) else run.seconds or 0.0)),
        firings=len(firings),
        failed_checks=failed_checks,
    )


def grade_of(run: RecordedRun, *, objections: tuple[str, ...], warned: bool) -> Grade:
    """Return the grade of a maker's trial; a record that isn't closed, or of an unknown outcome, failed."""
    if objections or run.outcome not in {"candidate", "nothing"}:
        return Grade.FAILED
    if run.outcome == "nothing":
        return Grade.INERT
    return Grade.STRUGGLED if warned else Grade.PRODUCTIVE
