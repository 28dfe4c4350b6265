"""What a debrief run is asked for, and what it answers. The order is the form in the Prefect UI."""

from pydantic import BaseModel, ConfigDict, Field

from linestop.paths import label
from linestop.text import plain


class DebriefOrder(BaseModel):
    """Ask a person about the lessons that a repository's tickets and batches may have taught."""

    model_config = ConfigDict(extra="forbid")

    repository: str = Field(description="Path of the repository's main checkout on the worker's machine.")
    subject: str = Field(
        default="",
        description="A ticket or a batch: what it taught is gathered once more. Nothing: all that waits.",
        pattern=r"^([a-z0-9][a-z0-9-]{0,60})?$",
    )

    @property
    def label(self) -> str:
        """Return what the run is about, for its name."""
        return plain(self.subject) or label(self.repository)


class DebriefReport(BaseModel):
    """What became of the candidates that a debrief run asked about."""

    model_config = ConfigDict(frozen=True)

    subject: str
    lessons: tuple[str, ...] = Field(default=(), description="ids of the lessons that its candidates became")
    dropped: int = 0
    waiting: int = 0
    too_late: tuple[str, ...] = Field(default=(), description="answers that another decision was faster than")
