"""What is objected to a trial's candidate: guards, findings, checks, finish line, as of any maker's. Nothing is kept.

A ticket's own candidates are judged by tasks/checker.py; the rules are the same, the station is missing here.
"""

from linestop.blocks.baseline import baseline
from linestop.blocks.inspection import checked, clean_checkout, goal_verdict
from linestop.blocks.line import Line
from linestop.blocks.reruns import Place
from linestop.checks import is_test_path
from linestop.execution.ruling import judge_checks, judge_findings
from linestop.guards import judge
from linestop.lab.entry import Subject
from linestop.paths import workspace_name
from linestop.plans import ChecksPass, Plan
from linestop.records import RunRecord
from linestop.tickets import Ticket

USE = "trial"


class Judge:
    """Judges the candidates of one subject. What stands as the same tree was judged before is not judged again.

    Only where nothing was flaky or timed out: those are looked at anew each time.
    """

    def __init__(self, line: Line, subject: Subject) -> None:
        self._line, self._subject = line, subject
        self._known: dict[str, tuple[str, ...]] = {}

    def __call__(self, record: RunRecord, place: Place, commit: str) -> tuple[str, ...]:
        """Return the objections to a commit, none where it is good. The first kind that objects ends it."""
        tree = self._line.workspaces.git.run("rev-parse", "--verify", f"{commit}^{{tree}}").strip()
        if tree not in self._known:
            objections, sure = self._objections(record, place, commit)
            if not sure:
                return objections
            self._known[tree] = objections
        return self._known[tree]

    def _objections(self, record: RunRecord, place: Place, commit: str) -> tuple[tuple[str, ...], bool]:
        if objections := self._guards(commit) or self._findings(record, commit):
            return objections, True
        line, base = self._line, self._subject.ticket_base
        before = baseline(line.layout, place.checks, place.base_checkout, base)
        report = checked(line, place.checks, workspace_name(record.id, f"{USE}-check"), base=base, commit=commit)
        if broken := judge_checks(before, report):
            return broken, not report.flaky and not any(run.timed_out for run in report.runs)
        goal = self._goal(record)
        if not goal.plan.goal:
            return (), not report.flaky
        verdict = goal_verdict(line, goal, place.checks, before, commit=commit)
        missed = tuple(f"not met: {one.item}" for one in verdict.lines if not one.met)
        timed_out = any(one.run and one.run.timed_out for one in verdict.lines)
        return missed, not report.flaky and not timed_out

    def _guards(self, commit: str) -> tuple[str, ...]:
        line, order = self._line, self._subject.without
        found = judge(
            line.workspaces.changes(self._subject.base, commit),
            plan=order.plan,
            chunk=order.chunk,
            policy=line.policy.guards,
            is_test=lambda path: is_test_path(path, line.policy.checks.tests),
        )
        return tuple(f"{one.rule}: {one.message}" for one in found)

    def _findings(self, record: RunRecord, commit: str) -> tuple[str, ...]:
        line, chunk, base = self._line, self._subject.without.chunk, self._subject.base
        scanned = chunk.source in line.sources
        source, name = chunk.source if scanned else "ruff", workspace_name(record.id, f"{USE}-scan")
        paths = line.workspaces.changed(base, commit)
        with clean_checkout(line, name, base) as checkout:
            before = line.problems(source, checkout, paths)
        with clean_checkout(line, name, commit) as checkout:
            after = line.problems(source, checkout, paths)
        return judge_findings(chunk, before, after, must_remove=scanned)

    def _goal(self, record: RunRecord) -> Ticket:
        """Return the finish line as of a ticket: only a plan of one chunk can be expected to be met by one dispatch.

        The checks have been run by then.
        """
        plan: Plan = self._subject.without.plan
        items = plan.goal if len(plan.chunks) == 1 else ()
        left = tuple(item for item in items if not isinstance(item, ChecksPass))
        return Ticket(
            id=f"lab-{record.id[-6:]}", batch="lab", title=plan.title, base=self._subject.ticket_base,
            plan=plan.model_copy(update={"goal": left}),
        )  # fmt: skip
