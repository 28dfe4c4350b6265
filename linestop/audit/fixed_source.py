"""The in-memory adapter of the FindingSource port: reports what it was given, for tests and demonstrations."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from linestop.findings import Finding
from linestop.ports import Scan
from linestop.verdicts import CommandRun


class FixedSource:
    """Reports `findings` of files that are there."""

    def __init__(self, name: str, findings: Iterable[Finding]) -> None:
        self.name = name
        self._findings = tuple(findings)

    def scan(self, root: Path, *, rules: Sequence[str] | None = None, paths: Sequence[str] | None = None) -> Scan:
        """Return the findings, narrowed to `rules` and `paths` where given."""
        found = tuple(
            finding
            for finding in self._findings
            if (root / finding.path).is_file()
            and (rules is None or finding.rule in rules)
            and (paths is None or finding.path in paths)
        )
        return Scan(source=self.name, findings=found, run=CommandRun(argv=(self.name,), exit_code=0, seconds=0.0))
