"""The audit's book: opens the record of a run, closes it with the report, and publishes what people read in the UI."""

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from time import monotonic
from typing import Self

from prefect import get_run_logger
from prefect.runtime import flow_run

from linestop.audit.history import AuditValues
from linestop.audit.order import AuditOrder, AuditReport
from linestop.audit.plan_files import render_plan
from linestop.audit.planning import Drafts
from linestop.audit.priority import theme_of
from linestop.audit.rules import Theme
from linestop.audit.sorting import Sorted
from linestop.audit.standing import Standing
from linestop.blocks.audit_desk import AuditDesk
from linestop.errors import ToolError
from linestop.execution.report import cell, paragraphs, table
from linestop.execution.runs import ticket_flow_runs
from linestop.findings import Finding
from linestop.plans import Plan
from linestop.ports import Scan
from linestop.records import RunRecord
from linestop.tasks.artifacts import artifact_link, fenced, publish_markdown, run_link
from linestop.tasks.insight_pages import publish_insight
from linestop.tasks.related import last_runs, plan_key

_REPORTED = {"base", "findings", "fixable", "in_tests", "findings_waiting", "refused", "branch"}


class AuditBook:
    """One audit's record and clock. Leaving it by an error ends the record as failed."""

    def __init__(self, desk: AuditDesk, order: AuditOrder) -> None:
        self.desk = desk
        parameters = order.model_dump(exclude={"repository"})
        self.record = RunRecord(
            desk.layout, "audit", flow_run=flow_run.id or "", base=desk.base,
            policy=desk.policy.audit.model_dump(mode="json"), **parameters,
        )  # fmt: skip
        self.broken: list[ToolError] = []
        self.unusable: list[str] = []
        self._started = monotonic()

    async def __aenter__(self) -> Self:
        get_run_logger().info(
            "audit.started base=%s branch=%s", self.desk.base[:12], self.desk.base_branch,
            extra={"action": "audit.started"},
        )  # fmt: skip
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if error is not None:
            self.record.break_off("failed", error)

    def heard(self, answers: Sequence[Scan | ToolError]) -> tuple[Finding, ...]:
        """Return all findings the sources reported, and note the sources that broke.

        Raises:
            ToolError: every source broke.
        """
        self.broken = [answer for answer in answers if isinstance(answer, ToolError)]
        if answers and len(self.broken) == len(answers):
            raise self.broken[0]
        scans = [answer for answer in answers if isinstance(answer, Scan)]
        self.unusable = [_unusable(scan) for scan in scans if scan.problems]
        return tuple(one for scan in scans for one in scan.findings)

    async def unchanged(self, last: tuple[str, AuditValues], stands: Standing) -> AuditReport:
        """End an audit that an earlier one already was."""
        run_id, values = last
        why = f"unchanged since audit {run_id}; {_count(values.findings_waiting, 'finding')} wait; --again audits anew"
        report = self._report(values, stands).model_copy(update={"nothing_new": why})
        kept = values.model_copy(update={"refused": ()})
        await publish_insight(self.desk.layout)
        self.record.finish("nothing", summary=why, **kept.model_dump(mode="json"))
        get_run_logger().info("audit.unchanged since=%s", run_id, extra={"action": "audit.unchanged"})
        return report

    async def planned(self, found: Sorted, drafts: Drafts, plans: tuple[Plan, ...], stands: Standing) -> AuditReport:
        """End an audit with what was found and planned."""
        values = AuditValues(
            base=self.desk.base, definition=self.desk.definition, complete=not self.broken,
            findings=dict(Counter(theme_of(one).value for one in found.code)),
            rules=dict(Counter(one.rule for one in found.code)),
            fixable=sum(one.fixable for one in found.code), in_tests=len(found.tests),
            findings_waiting=drafts.waiting, plans=tuple(plan.id for plan in plans),
            refused=(*(str(error).replace("\n ", ";") for error in self.broken), *self.unusable, *drafts.refused),
            branch=self.desk.plans_branch if plans or stands.ids else "",
        )  # fmt: skip
        report = self._report(values, stands).model_copy(
            update={"plans": plans, "nothing_new": None if plans else _why_nothing(values, stands, self.desk.max_plans)}
        )
        self.record.write("findings.json", _findings_json(found, plans))
        await self._publish(found, plans, stands)
        self.record.finish("done" if plans else "nothing", summary=_summary(report), **values.model_dump(mode="json"))
        return report

    def _report(self, values: AuditValues, stands: Standing) -> AuditReport:
        return AuditReport(
            run_id=self.record.id, waiting=tuple(plan.id for plan in stands.open),
            seconds=round(monotonic() - self._started, 2),
            **values.model_dump(include=_REPORTED),
        )  # fmt: skip

    async def _publish(self, found: Sorted, plans: Sequence[Plan], stands: Standing) -> None:
        themes = Counter((theme_of(one), one.fixable) for one in found.code)
        rows = [
            (theme.value, str(themes[theme, True] + themes[theme, False]), str(themes[theme, True])) for theme in Theme
        ]
        links = await asyncio.gather(*(self._publish_plan(plan) for plan in plans))
        planned = [
            (link, cell(plan.title), str(len(plan.chunks)), cell(plan.gated or ""))
            for link, plan in zip(links, plans, strict=True)
        ]
        insight = await publish_insight(self.desk.layout)
        page = paragraphs(
            f"Looked at `{self.desk.base[:12]}` of branch {cell(self.desk.base_branch)}.",
            " · ".join(await asyncio.to_thread(last_runs, self.desk.layout, "execution", "documentation")),
            table(("theme", "findings", "with a machine fix"), rows),
            table(("new plan", "title", "chunks", "waits for a person, because"), planned) if planned else "",
            "\n".join(f"- earlier plan, still open: {link}" for link in await asyncio.to_thread(self._open, stands)),
            f"From the records and the memory: {insight}" if insight else "",
        )
        await publish_markdown(f"{self.desk.layout.key}-audit", page, title=f"Audit of {self.desk.layout.root.name}")

    async def _publish_plan(self, plan: Plan) -> str:
        back = run_link("audit that found it", flow_run.id or "")
        text = paragraphs(back, cell(plan.purpose), fenced(render_plan(plan), "markdown"))
        made = await publish_markdown(plan_key(self.desk.layout, plan.id), text, title=plan.title)
        return artifact_link(plan.id, made)

    def _open(self, stands: Standing) -> tuple[str, ...]:
        runs = ticket_flow_runs(self.desk.layout)
        return tuple(run_link(plan.id, runs.get(plan.id, "")) for plan in stands.open)


def _unusable(scan: Scan) -> str:
    more = f" (and {len(scan.problems) - 1} more)" if len(scan.problems) > 1 else ""
    return f"{scan.problems[0]}{more}"


def _findings_json(found: Sorted, plans: Sequence[Plan]) -> str:
    plan_of = {fingerprint: plan.id for plan in plans for fingerprint in plan.fingerprints}
    rows = [
        {**one.model_dump(mode="json"), "theme": theme_of(one).value, "fingerprint": one.fingerprint,
         "plan": plan_of.get(one.fingerprint), "in_tests": in_tests}
        for group, in_tests in ((found.code, False), (found.tests, True))
        for one in group
    ]  # fmt: skip
    return json.dumps(rows, indent=1)


def _why_nothing(values: AuditValues, stands: Standing, max_plans: int) -> str:
    if not values.findings:
        return "nothing was found"
    if values.findings_waiting and len(stands.open) >= max_plans:
        return f"{len(stands.open)} plans are open already, {_count(values.findings_waiting, 'finding')} wait for them"
    if values.findings_waiting:
        return f"{_count(values.findings_waiting, 'finding')} wait: see what was refused, and for branches to be merged"
    return "every finding is covered by a plan"


def _summary(report: AuditReport) -> str:
    return report.nothing_new or f"{_count(len(report.plans), 'plan')}, {report.findings_waiting} findings wait"


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
