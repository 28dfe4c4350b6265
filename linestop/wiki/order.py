"""What a documentation run is asked and what it answers: bounded models, so that the UI's form explains itself."""

import re

from pydantic import BaseModel, ConfigDict, Field

from linestop.paths import label
from linestop.text import plain
from linestop.wiki.problems import Problem

BRANCH = "linestop/wiki"


class DocumentOrder(BaseModel):
    """Bring the wiki of a repository up to date, on the branch `linestop/wiki`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    repository: str = Field(default=".", min_length=1, description="Path of the repository, any folder inside it.")
    ref: str | None = Field(
        default=None, max_length=250, description="Branch, tag or commit to document. Nothing: the base branch."
    )
    fix: bool = Field(
        default=False, description="Mend what lint finds, where it finds at most 10 problems; more wait for a person."
    )

    @property
    def label(self) -> str:
        """Return the repository's name and what of it, for names of runs."""
        name, ref = label(self.repository), plain(self.ref or "", limit=60)
        return f"{name} {ref[:10] if re.fullmatch('[0-9a-f]{40,64}', ref) else ref}".strip()


class DocumentReport(BaseModel):
    """What a documentation run did. Paths are POSIX and relative to the repository."""

    model_config = ConfigDict(frozen=True)

    run_id: str
    branch: str = BRANCH
    base: str = Field(default="", description="the commit that was documented")
    commit: str | None = Field(default=None, description="the commit made; nothing = the wiki was up to date")
    pages: int = Field(default=0, description="pages in the wiki, those that people wrote included")
    written: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    kept: tuple[str, ...] = Field(default=(), description="pages in which a person's text was kept")
    problems: tuple[Problem, ...] = Field(default=(), description="what lint finds in the pages as they are now")
    fixed: tuple[Problem, ...] = ()
    waits: bool = Field(default=False, description="more than 10 problems, or some that only a person can mend")
    seconds: float = 0.0
