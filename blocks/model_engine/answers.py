"""What an agent of the model engine may say: the forms of its tools, and what it said so far. Pure."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from linestop.ports import Discovered, Work
from linestop.verdicts import Ruling

MAX_DISCOVERED = 20
MAX_COMMAND_SECONDS = 1800
_MAX_LINES = 50
_MAX_TEXT = 4_000

Path = Annotated[str, Field(min_length=1, description="relative to the workspace")]


class _Form(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Read(_Form):
    """Read a text file with line numbers, or list a folder."""

    path: Path
    first: int | None = Field(default=None, ge=1, description="first line, from 1")
    last: int | None = Field(default=None, ge=1, description="last line, included")


class Search(_Form):
    """Find lines that match a Perl regular expression, in a file or in all files below a folder."""

    pattern: str = Field(min_length=1)
    path: str = Field(default=".", description="file or folder, relative to the workspace")


class Edit(_Form):
    """Replace a text that stands exactly once in a file. Give enough of the surroundings, with exact white space."""

    path: Path
    old: str = Field(description="the exact text as it stands, without line numbers")
    new: str


class Write(_Form):
    """Write a whole file; an existing one is replaced. For small changes use edit."""

    path: Path
    text: str


class Shell(_Form):
    """Run a command in a shell, in the workspace. Each call is a new shell: nothing but files is kept."""

    command: str = Field(min_length=1)
    seconds: float = Field(default=120, gt=0, le=MAX_COMMAND_SECONDS, description="it is ended then")


class Check(_Form):
    """Run the repository's own checks on the workspace as it is now."""


class Finish(_Form):
    """Say that the work is done, once it is. This ends your work."""

    summary: str = Field(description="what you changed and why")
    could_not: tuple[str, ...] = Field(default=(), description="what you could not do, with the reason")


class Petition(_Form):
    """Say that a test or the task itself is wrong, instead of bending anything. A person decides. Ends your work."""

    reason: str = Field(min_length=1, description="what is wrong, where, and how you know")


class Ticket(_Form):
    """File work that you came across and that is not part of your task: a prerequisite, or something else broken."""

    title: str = Field(min_length=1, max_length=120)
    text: str = Field(default="", max_length=_MAX_TEXT)
    paths: tuple[str, ...] = Field(default=(), max_length=50)
    blocks: bool = Field(default=False, description="your task can't be finished before it")


class Rule(_Form):
    """Give your ruling. This ends your work."""

    ruling: Ruling
    reasons: tuple[str, ...] = Field(default=(), description="one line each, with file and line; needed to reject")


class Answers:
    """What the agent said so far. `work` is its answer, None while there is none."""

    def __init__(self) -> None:
        self._discovered: list[Discovered] = []
        self._work: Work | None = None

    @property
    def given(self) -> bool:
        """Whether the agent has finished, petitioned or ruled."""
        return self._work is not None

    def finish(self, form: Finish) -> str:
        """Take that the work is done."""
        self._work = Work(summary=_text(form.summary) or "It gave no summary.", could_not=_lines(form.could_not))
        return "Taken."

    def petition(self, form: Petition) -> str:
        """Take that a test or the task is wrong."""
        self._work = Work(summary=f"It petitions: {_text(form.reason)}", petition=_text(form.reason))
        return "Taken: a person decides."

    def rule(self, form: Rule) -> str:
        """Take a ruling; a rejection without a reason is none."""
        reasons = _lines(form.reasons)
        if form.ruling is Ruling.REJECT and not reasons:
            raise ValueError("a rejection needs at least one reason, with file and line")
        self._work = Work(summary=f"It rules: {form.ruling}.", ruling=form.ruling, reasons=reasons)
        return "Taken."

    def ticket(self, form: Ticket) -> str:
        """Take discovered work."""
        if len(self._discovered) >= MAX_DISCOVERED:
            raise ValueError(f"{MAX_DISCOVERED} tickets were filed already: go on with your own task")
        self._discovered.append(Discovered(**form.model_dump()))
        return "Filed. Go on with your own task."

    def said(self, text: str) -> None:
        """Take an agent's last words for its summary."""
        self._work = Work(summary=_text(text) or "It ended without a word.")

    def work(self, broke_off: str = "") -> Work:
        """Return what is to be judged; with `broke_off`, that there is nothing."""
        work = self._work or Work(summary=f"Broke off: {broke_off}." if broke_off else "It gave no answer.")
        return work.model_copy(update={"discovered": tuple(self._discovered), "broke_off": broke_off})


def _text(text: str) -> str:
    return text.strip()[:_MAX_TEXT]


def _lines(lines: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(text for line in lines[:_MAX_LINES] if (text := _text(line)))
