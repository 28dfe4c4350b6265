"""The maker without a model: applies ruff's fixes to a chunk, and bisects where they break the checks.

The first attempt runs no checks, since the harness does that next. An attempt with corrections runs them: it leaves out
what they reject, first by rule, then by file, then fix by fix. What it says is evidence; the checker judges.
"""

from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path
from time import monotonic

from linestop.audit.rules import RULES
from linestop.audit.target_version import target_version
from linestop.blocks.chunk_files import SourceFile, open_file
from linestop.blocks.ruff_fixes import FixKey, RuffFixes
from linestop.blocks.ruff_reports import RuffReports
from linestop.events import EventKind, EventLog, Outcome
from linestop.fixes.search import Kept, Trial, largest_green
from linestop.fixes.words import Report, blamed, broken, could_not, is_rule, summary
from linestop.ports import Dispatch, Work
from linestop.verdicts import CheckReport

PROVEN = frozenset(code for code, rule in RULES.items() if rule.fix == "proven")
MAX_CHECK_RUNS = 40  # per dispatch: 5 culprits among 100 fixes


class StaticEngine:
    """Implements ports.Engine for chunks of the source ruff; needs no key, no account, no network."""

    name = "static"
    model = ""
    window = None  # it reads no brief

    def __init__(
        self,
        *,
        proven: Collection[str] = PROVEN,
        max_check_runs: int = MAX_CHECK_RUNS,
        ruff_timeout_seconds: float = 120.0,
    ) -> None:
        self._proven = frozenset(proven)
        self._max_check_runs = max_check_runs
        self._ruff_timeout_seconds = ruff_timeout_seconds

    def dispatch(
        self, order: Dispatch, workspace: Path, *, checks: Callable[[Path], CheckReport], events: EventLog
    ) -> Work:
        """Leave the largest set of fixes that stands in the workspace, uncommitted, and say what was left out and why.

        Raises:
            ToolError: ruff is missing or broke; InfraError: the disk refused. The files are as before then.
        """
        chunk = order.chunk
        if chunk.source != "ruff":
            why = f"the static engine fixes ruff's findings only, these are of {chunk.source}"
            return Work(summary=f"Nothing was changed: {why}.", could_not=(why,))
        root = workspace.resolve()
        rules = tuple(rule for rule in chunk.rules if is_rule(rule))
        opened = {path: open_file(root, path) for path in dict.fromkeys(chunk.paths)}
        files = tuple(file for file in opened.values() if isinstance(file, SourceFile))
        skipped = {path: why for path, why in opened.items() if isinstance(why, str)}
        skipped |= {rule: "it is no rule of ruff that has fixes" for rule in chunk.rules if not is_rule(rule)}
        selected = {*rules, *filter(is_rule, RULES)}  # not only the chunk's: no fix may bring up a finding of another
        ruff = RuffReports(
            root, selected, target=target_version(root), seconds=self._ruff_timeout_seconds, events=events
        )
        fixes = RuffFixes(root, files, rules=rules, proven=self._proven, report=ruff.report)
        trials = _Trials(root, fixes, checks if order.corrections else None, self._max_check_runs, events=events)
        try:
            report = replace(_make(fixes, trials, order.corrections), skipped=skipped)
        except BaseException:
            fixes.restore()
            raise
        return Work(summary=summary(report), could_not=could_not(report))


def _make(fixes: RuffFixes, trials: "_Trials", corrections: tuple[str, ...]) -> Report:
    """Choose the fixes, leave the files with them, and return what became of each."""
    everything = fixes.mend(None)
    offered = tuple(sorted(key for one in everything for key in one.applied))
    named = blamed(corrections, {key.path for key in offered})
    items = tuple(key for key in offered if key.path not in named)
    found: Kept[FixKey] = largest_green(
        items, trial=trials.run, levels=(lambda key: key.rule, lambda key: (key.rule, key.path))
    )
    mended = fixes.mend(frozenset(found.kept))
    return Report(
        kept=tuple((key.rule, key.path) for key in found.kept),
        followed=tuple(rule for one in mended for rule in one.followed),
        left_out={str(key): why for key, why in found.left_out.items()},
        blamed={str(key): named[key.path] for key in offered if key.path in named},
        refused=tuple(str(key) for one in everything for key in one.refused),
        unproven=tuple(map(str, found.unproven)),
        unfixed=tuple((key.rule, f"{key.path}:{key.line}") for one in mended for key in one.unfixed),
        check_runs=trials.check_runs,
    )


class _Trials:
    """Judges sets of fixes: first what costs little (no new finding), then the checks, while the budget lasts."""

    def __init__(
        self,
        root: Path,
        fixes: RuffFixes,
        checks: Callable[[Path], CheckReport] | None,
        budget: int,
        *,
        events: EventLog,
    ) -> None:
        self._root, self._fixes, self._checks, self._budget, self._events = root, fixes, checks, budget, events
        self.check_runs = 0

    def run(self, keys: frozenset[FixKey]) -> Trial | None:
        mended = self._fixes.mend(keys)
        problems = [problem for one in mended for problem in one.problems]
        if problems:
            return Trial(green=False, why="; ".join(problems))
        if self._checks is None or not any(one.applied for one in mended):
            return Trial(green=True)
        if self.check_runs >= self._budget:
            return None
        self.check_runs += 1
        return self._checked(len(keys), self._checks)

    def _checked(self, count: int, checks: Callable[[Path], CheckReport]) -> Trial:
        args = {"trial": self.check_runs, "fixes": count}
        self._events.append(EventKind.TOOL_CALL, step="maker", tool="checks", args=args)
        start = monotonic()
        report = checks(self._root)
        timed_out = any(run.timed_out for run in report.runs)
        outcome = Outcome.OK if report.green else Outcome.TIMEOUT if timed_out else Outcome.ERROR
        why = "" if report.green else broken(report)
        self._events.append(
            EventKind.TOOL_RESULT, step="maker", tool="checks", args=args, outcome=outcome, text=why,
            seconds=round(monotonic() - start, 4),
        )  # fmt: skip
        return Trial(green=report.green, why=why)
