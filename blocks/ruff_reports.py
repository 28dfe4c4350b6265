"""Runs ruff for the static engine: isolated, on named files, its report read and each run recorded as an event.

The audit's own runs, which print SARIF, are scanners.py.
"""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from time import monotonic

from linestop.blocks.processes import capture, clean_environment
from linestop.errors import ToolError
from linestop.events import EventKind, EventLog, Outcome
from linestop.fixes.leftovers import UNUSED_IMPORT
from linestop.fixes.probes import probe_lines
from linestop.fixes.ruff_json import Reported, read_report

MAX_FILES = 200  # in one call; names are at most 4,096 bytes, the kernel takes 2 MiB of words


class RuffReports:
    """Runs ruff on files of one workspace and records each run."""

    def __init__(self, root: Path, rules: Iterable[str], *, target: str, seconds: float, events: EventLog) -> None:
        self._root, self._seconds, self._events = root, seconds, events
        self._words = (
            sys.executable, "-I", "-m", "ruff", "check", "--isolated", "--no-cache", "--quiet", "--exit-zero",
            "--no-fix", "--output-format=json", f"--target-version={target}",
            f"--select={','.join(sorted({*rules}))}",
        )  # fmt: skip

    def report(self, paths: Sequence[str]) -> dict[str, list[Reported]]:
        """Return all findings by path; every path asked for is a key.

        Raises:
            ToolError: ruff is missing, ran out of time, or refused the rules.
        """
        found: dict[str, list[Reported]] = {path: [] for path in paths}
        names = {str(self._root / path): path for path in paths}
        for start in range(0, len(paths), MAX_FILES):
            for item in self._run(paths[start : start + MAX_FILES]):
                found[names[item.file]].append(item)
        return {path: self._without_probes(path, items) for path, items in found.items()}

    def _without_probes(self, path: str, items: list[Reported]) -> list[Reported]:
        if not any(item.rule == UNUSED_IMPORT for item in items):
            return items
        probes = probe_lines((self._root / path).read_bytes().decode("utf-8-sig", "replace"))
        return [item for item in items if item.rule != UNUSED_IMPORT or item.at.row not in probes]

    def _run(self, paths: Sequence[str]) -> tuple[Reported, ...]:
        self._events.append(EventKind.TOOL_CALL, step="maker", tool="ruff", args={"files": len(paths)})
        start = monotonic()
        argv = (*self._words, "--", *(f"./{path}" for path in paths))
        run, out = capture(argv, cwd=self._root, env=clean_environment(NO_COLOR="1"), timeout_seconds=self._seconds)
        outcome = Outcome.TIMEOUT if run.timed_out else Outcome.OK if run.ok else Outcome.ERROR
        items = read_report(out) if run.ok else ()
        text = f"{len(items)} findings" if run.ok else run.output[-2000:]
        self._events.append(
            EventKind.TOOL_RESULT, step="maker", tool="ruff", outcome=outcome, text=text,
            seconds=round(monotonic() - start, 4),
        )  # fmt: skip
        if not run.ok:
            how = "ran out of time" if run.timed_out else f"exit code {run.exit_code}"
            raise ToolError(
                "ruff, the static engine's tool, failed",
                found=f"{how}: {run.output[-500:].strip()}",
                todo="run `linestop doctor`; check the rules that the chunk names",
            )
        return items
