"""Problems of a wiki, as lint reports them. Finding them is lint.py, mending them is mend.py."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

MAX_FIXES = 10  # issue 2, part 4: above that a person looks first


class ProblemKind(StrEnum):
    """What can be wrong with a page."""

    DEAD_LINK = "dead-link"  # a relative link leads nowhere
    ORPHAN = "orphan"  # no page links to it
    GAP = "gap"  # a public module has no page
    STALE = "stale"  # a claim's source has another hash now, or is gone
    CONTRADICTION = "contradiction"  # two pages say different things about one symbol
    EDITED = "edited"  # a person wrote inside a generated block
    BROKEN = "broken"  # a claim's marker has no end


class Problem(BaseModel):
    """One problem on one page. `todo` says what a person can do about it."""

    model_config = ConfigDict(frozen=True)

    kind: ProblemKind
    page: str
    detail: str
    todo: str = ""
    target: str = Field(default="", description="what the fix works on: a link, a claim id, a symbol")
    fixable: bool = False

    def __str__(self) -> str:
        return f"{self.kind}: {self.page}: {self.detail}"
