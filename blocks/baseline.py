"""The baseline: what the checks say about the untouched base. Run once per base commit and command, then kept."""

import hashlib
from pathlib import Path

from pydantic import ValidationError

from linestop.blocks.repository_checks import RepositoryChecks
from linestop.files import write_whole
from linestop.locks import locked
from linestop.paths import Layout
from linestop.verdicts import CheckReport


def baseline(layout: Layout, checks: RepositoryChecks, checkout: Path, base: str) -> CheckReport:
    """Return the checks' report at `base`: the kept one, else a fresh one from `checkout`. A red one is never kept.

    Two tickets that ask at once wait for one run.
    """
    key = hashlib.sha256(f"{base}\n{checks.key}".encode()).hexdigest()[:24]
    path = layout.baselines / f"{key}.json"
    with locked(path.with_suffix(".lock")):
        kept = _read(path)
        if kept is not None:
            return kept
        report = checks.run(checkout)
        if report.green:
            write_whole(path, report.model_dump_json().encode())
        return report


def _read(path: Path) -> CheckReport | None:
    try:
        return CheckReport.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValidationError):
        return None
