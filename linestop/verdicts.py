"""Verdicts: values that say how something was judged, with the evidence. Never exceptions."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

NO_RULING = "it gave no ruling"  # of a judge's own failure: it says nothing of what was to be judged


class CommandRun(BaseModel):
    """A command that was run as evidence. `output` is the tail, at most 8,000 characters; `exit_code` None = killed."""

    model_config = ConfigDict(frozen=True)

    argv: tuple[str, ...]
    exit_code: int | None
    seconds: float = Field(ge=0)
    output: str = ""
    timed_out: bool = False

    @property
    def ok(self) -> bool:
        """Whether it ended by itself with exit code 0."""
        return self.exit_code == 0 and not self.timed_out


class TestCase(BaseModel):
    """One test's result; `id` as the runner names it (classname::name of JUnit XML)."""

    __test__ = False  # pytest would collect it by its name
    model_config = ConfigDict(frozen=True)

    id: str
    outcome: str = Field(pattern="^(passed|failed|skipped)$")
    message: str = ""


class CheckReport(BaseModel):
    """The repository's checks at one commit. `tests` is empty where the runner gives no per-test results."""

    model_config = ConfigDict(frozen=True)

    runs: tuple[CommandRun, ...]
    tests: tuple[TestCase, ...] = ()
    flaky: tuple[str, ...] = Field(default=(), description="failed once and passed on a rerun: named, never a pass")

    @property
    def green(self) -> bool:
        """Whether every command exited 0 and no test was flaky."""
        return bool(self.runs) and all(run.ok for run in self.runs) and not self.flaky

    @property
    def failed(self) -> tuple[str, ...]:
        """Ids of the tests that failed."""
        return tuple(case.id for case in self.tests if case.outcome == "failed")


class Ruling(StrEnum):
    """A checker's answer."""

    APPROVE = "approve"
    REJECT = "reject"


class Violation(BaseModel):
    """A guard that was hit: its rule's name, where, and the message with what to do."""

    model_config = ConfigDict(frozen=True)

    rule: str
    path: str
    message: str


class Verdict(BaseModel):
    """The checker's verdict on one candidate commit."""

    model_config = ConfigDict(frozen=True)

    ruling: Ruling
    reasons: tuple[str, ...] = ()
    violations: tuple[Violation, ...] = ()
    checks: CheckReport | None = None
    by: str = Field(default="", description="who objects: guards, findings, checks, maker, checker, reviewer")

    @property
    def approved(self) -> bool:
        """Whether the candidate may be committed."""
        return self.ruling is Ruling.APPROVE


class GoalLine(BaseModel):
    """One finish line item with the command that judged it."""

    model_config = ConfigDict(frozen=True)

    item: str
    met: bool
    run: CommandRun | None = None
    detail: str = ""


class GoalVerdict(BaseModel):
    """Met or not met, judged at `commit` against the finish line whose hash is `finish_line`."""

    model_config = ConfigDict(frozen=True)

    commit: str
    finish_line: str
    lines: tuple[GoalLine, ...]

    @property
    def met(self) -> bool:
        """Whether every line is met; an empty finish line never is."""
        return bool(self.lines) and all(line.met for line in self.lines)
