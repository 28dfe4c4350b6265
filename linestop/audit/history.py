"""Earlier audits, from their run records: whether this one would find anything else."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from linestop import __version__
from linestop.audit.rules import RULES
from linestop.policy import AuditPolicy
from linestop.records import Result

_LOOKED_AT = 200  # records, newest first
_ENDED_WELL = frozenset(("done", "nothing"))


class AuditValues(BaseModel):
    """What an audit leaves in its record. `findings` and `rules` count by theme and by rule, tests left out."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    base: str
    definition: str = Field(description="hash of all but the code that decides what is found, see `definition`")
    complete: bool = Field(default=False, description="every source answered")
    findings: dict[str, int] = {}
    rules: dict[str, int] = {}
    fixable: int = 0
    in_tests: int = 0
    findings_waiting: int = 0
    plans: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    branch: str = ""


def definition(policy: AuditPolicy) -> str:
    """Return the SHA-256 of the policy's part, the rules and linestop's version: with the same base nothing changes."""
    rules = "\n".join(map(repr, RULES.values()))
    return hashlib.sha256(f"{__version__}\n{policy.model_dump_json()}\n{rules}".encode()).hexdigest()


def last_like(runs: Path, *, base: str, definition: str) -> tuple[str, AuditValues] | None:
    """Return run id and values of the newest complete audit of this base under this definition, or None."""
    for result in _results(runs):
        try:
            values = AuditValues.model_validate(result.values)
        except ValidationError:
            continue
        if values.complete and (values.base, values.definition) == (base, definition):
            return result.run_id, values
    return None


def _results(runs: Path) -> Iterator[Result]:
    folders = sorted(runs.glob("*-audit-*"), reverse=True) if runs.is_dir() else []
    for folder in folders[:_LOOKED_AT]:
        try:
            result = Result.model_validate(json.loads((folder / "result.json").read_text(encoding="utf-8")))
        except (OSError, ValueError):  # killed before its end, or torn: it says nothing
            continue
        if result.kind == "audit" and result.outcome in _ENDED_WELL:
            yield result
