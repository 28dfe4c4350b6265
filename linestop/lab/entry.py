"""The notebook's entry: question, rule, what both arms were told, each pair, the answer. All that a rerun needs.

Where entries are kept is notebook.py, how they read is page.py.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from linestop.briefs.model import Told
from linestop.engines import EngineSettings
from linestop.lab.deciding import Reckoning
from linestop.lab.experiment import Experiment
from linestop.lab.pairs import Pair
from linestop.lab.rule import Answer, Rule
from linestop.ports import Dispatch
from linestop.runs.find import RUN_ID

ENTRY_ID = r"^[0-9]{8}-[a-z0-9][a-z0-9-]{0,60}-[0-9a-f]{6}$"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class EntryState(StrEnum):
    """How far an entry is."""

    RUNNING = "running"  # its process holds it, or was killed: then `holder` is gone
    DONE = "done"  # all pairs, and the answer
    BROKEN_OFF = "broken off"  # a person, a cap, or an error that was no trial's fault


class Caps(_Frozen):
    """What an experiment may cost in all; the pair that passes a cap is the last. None: no cap."""

    usd: float | None = Field(default=None, gt=0)
    tokens: int | None = Field(default=None, ge=1)
    pairs: int | None = Field(default=None, ge=1)


class Subject(_Frozen):
    """What is tried: one dispatch in two arms. `told` is the memory as it was at the start, the same for all pairs."""

    name: str = Field(description="ticket, run or experiment that it comes from, as a person named it")
    engine: str
    settings: EngineSettings | None = Field(default=None, description="None: only the engine's name is known")
    window: int | None = Field(default=None, description="tokens that the brief was measured for")
    without: Dispatch
    with_memory: Dispatch
    told: Told = Told()
    kept: dict[str, tuple[str, ...]] = Field(default_factory=dict, description="block → ids that the brief has of it")
    left_out: dict[str, tuple[str, ...]] = Field(default_factory=dict, description="block → what isn't told, and why")
    told_records: dict[str, dict[str, Any]] = Field(default_factory=dict, description="arm → what its record says")
    base: str = Field(description="commit that both arms start from")
    ticket_base: str = Field(description="commit that checks and guards are judged against")
    policy: str = Field(default="", description="SHA-256 of the policy that held when the briefs were composed")

    @property
    def slug(self) -> str:
        """Return what the subject is called in an entry's id: a run by the end of its own."""
        return f"run-{self.name[-6:]}" if RUN_ID.fullmatch(self.name) else self.name


class Entry(_Frozen):
    """One experiment. Times are UTC."""

    schema_: int = Field(default=1, alias="schema", serialization_alias="schema")
    id: str = Field(pattern=ENTRY_ID)
    question: str
    rule: Rule
    caps: Caps = Caps()
    subject: Subject
    experiment: Experiment | None = Field(default=None, description="the file, where the task came from one")
    again_of: str = Field(default="", description="the entry whose inputs these are")
    linestop: str = ""
    repository: str = ""
    holder: str = ""
    state: EntryState = EntryState.RUNNING
    reason: str = Field(default="", description="why it broke off")
    started: datetime = Field(default_factory=lambda: datetime.now(UTC))
    ended: datetime | None = None
    pairs: tuple[Pair, ...] = ()
    void: tuple[str, ...] = Field(
        default=(), description="pairs that a fault of machine or provider ended, a line each"
    )
    reckoning: Reckoning | None = None

    @property
    def answer(self) -> str:
        """Return the answer in a word or two, else how far it is."""
        return str(self.reckoning.answer if self.reckoning else self.state)

    @property
    def concluded(self) -> bool:
        """Whether its pairs say something: improved, regressed or no change."""
        return self.reckoning is not None and self.reckoning.answer is not Answer.NOT_ENOUGH

    @property
    def tokens(self) -> int:
        """Return what all trials used, as far as it is known."""
        return sum(arm.tokens or 0 for pair in self.pairs for arm in (pair.with_memory, pair.without))

    @property
    def usd(self) -> float:
        """Return what all trials cost, as far as it is known."""
        return sum(arm.usd or 0.0 for pair in self.pairs for arm in (pair.with_memory, pair.without))

    def passed_cap(self) -> str:
        """Return which cap is reached, empty where none is. One in dollars can't be held where no price is known."""
        arms = [arm for pair in self.pairs for arm in (pair.with_memory, pair.without)]
        if self.caps.usd is not None and any(arm.tokens and arm.usd is None for arm in arms):
            return f"no price is known, and there is a cap of {self.caps.usd:g} dollars"
        for spent, most, what in (
            (len(self.pairs), self.caps.pairs, "pairs"),
            (self.tokens, self.caps.tokens, "tokens"),
            (self.usd, self.caps.usd, "dollars"),
        ):
            if most is not None and spent >= most:
                return f"its cap of {most:g} {what} is reached"
        return ""

    def changed(self, **changes: Any) -> "Entry":
        """Return the entry with other values."""
        return self.model_copy(update=changes)
