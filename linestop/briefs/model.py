"""The models of a brief: what is asked, what is remembered, and the brief itself with what was left out and why."""

from pydantic import BaseModel, ConfigDict, Field

from linestop.memory.cautions.model import Caution
from linestop.memory.lessons.model import Lesson
from linestop.memory.tickets.model import Correction, Reflection, Sign
from linestop.plans import Chunk, Plan


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Ask(_Frozen):
    """Which dispatch the brief is for."""

    role: str
    ticket: str
    plan: Plan
    chunk: Chunk
    attempt: int = Field(ge=1)
    window: int | None = Field(default=None, ge=1, description="tokens of the engine; None: nobody knows")
    diff: str | None = Field(default=None, description="what a role that judges looks at")


class Told(_Frozen):
    """What is remembered and may be told, unranked and without any budget. Superseded or proposed lessons aren't in."""

    signs: tuple[Sign, ...] = ()
    corrections: tuple[Correction, ...] = ()
    reflections: tuple[Reflection, ...] = ()
    lessons: tuple[Lesson, ...] = ()
    cautions: tuple[Caution, ...] = ()
    problems: tuple[str, ...] = Field(default=(), description="what of the memory can't be read, a line each")


class LeftOut(_Frozen):
    """An item that isn't in the brief."""

    what: str
    why: str


class Block(_Frozen):
    """One block of a brief: from its head and signs to its rules; docs/briefs.md names them all."""

    name: str
    chars: int = Field(ge=0, description="of its text, heading and fences included")
    items: int = Field(default=0, ge=0, description="characters of its items, a newline each: what counts")
    allowed: int | None = Field(default=None, ge=0, description="for its items; None: they are always whole")
    kept: tuple[str, ...] = Field(default=(), description="ids or names of the items in it")
    left_out: tuple[LeftOut, ...] = ()


class Brief(_Frozen):
    """A brief. `text` is exactly what the dispatch is told."""

    text: str
    budget_chars: int = Field(ge=0, description="of corrections, lessons and cautions together")
    blocks: tuple[Block, ...] = ()
    problems: tuple[str, ...] = ()

    def kept(self, name: str) -> tuple[str, ...]:
        """Return the ids of the items in a block, empty where there is no such block."""
        return next((block.kept for block in self.blocks if block.name == name), ())
