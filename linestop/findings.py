"""Findings: what an audit source reports, and how one is recognised again. Reading SARIF is linestop/audit/sarif.py."""

import hashlib
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class Severity(StrEnum):
    """How bad a finding is; the SARIF levels note, warning and error."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"

    @property
    def weight(self) -> int:
        """Return 1, 3 or 9: an error outweighs two warnings, as impact does in the priority of a plan."""
        return {"note": 1, "warning": 3, "error": 9}[self.value]


class Finding(BaseModel):
    """One problem at one place. `path` is POSIX and relative to the repository; `line` counts from 1."""

    model_config = ConfigDict(frozen=True)

    source: str = Field(description="name of the audit source, for example ruff")
    rule: str = Field(description="the source's identifier of the rule, for example F401")
    path: str
    line: int = Field(ge=1)
    severity: Severity = Severity.WARNING
    message: str = ""
    fixable: bool = Field(default=False, description="an engine at hand can fix it")
    theme: str = Field(default="", description="what its source says it is about, as `security`; or nothing")
    snippet: str = Field(default="", description="the text of the line, white space folded, at most 200 characters")

    @property
    def fingerprint(self) -> str:
        """SHA-256 (16 hex digits) of source, rule, path and the line's text: it survives a change of line numbers."""
        text = "\n".join((self.source, self.rule, self.path, self.snippet or f"line {self.line}"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]
