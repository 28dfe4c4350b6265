"""The baseline task: the checks on the untouched base. A red base stops the repository's line, never a ticket."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from linestop.blocks.baseline import baseline as report_at
from linestop.blocks.cancellation import cancellable
from linestop.blocks.line import Line
from linestop.blocks.run_checkouts import run_checkout
from linestop.blocks.station import Station
from linestop.execution.ruling import base_failures, base_problem
from linestop.execution.setbacks import MAX_DETAIL
from linestop.memory.cautions.model import Caution, CautionKind
from linestop.records import RunRecord
from linestop.tasks.chronicler import remember_stop
from linestop.text import plain
from linestop.tickets import TicketState
from linestop.watch.firing import Severity

MAX_COMMAND_CHARS = 200  # a longer one is shown by `linestop incident show` only


@task(name="baseline", task_run_name="baseline", cache_policy=NO_CACHE, persist_result=False)
async def baseline(line: Line, record: RunRecord) -> str | None:
    """Return why the base stops the repository's line, nothing where it is green. A stop opens an incident."""
    base = await asyncio.to_thread(lambda: line.workspaces.head(line.base_branch))
    problem, words = await cancellable(_survey, line, record, base)
    log = get_run_logger()
    if problem is None:
        log.info("baseline.green base=%s %s", base[:10], plain(words), extra={"action": "baseline.green"})
        return None
    log.error("baseline.red base=%s %s", base[:10], plain(problem, limit=600), extra={"action": "baseline.red"})
    return problem


async def red_base(station: Station) -> str | None:
    """Return why the base that a ticket was cut from is red, nothing where it is green.

    The ticket is open again then: the base isn't the maker's fault.
    """
    with station.record.step("baseline", base=station.ticket.base):
        problem = base_problem(await cancellable(lambda: station.baseline))
    if problem:
        await asyncio.to_thread(remember_stop, station, problem, detector="baseline")
        await asyncio.to_thread(lambda: station.end(TicketState.OPEN, reason=problem))
    return problem


def _survey(line: Line, record: RunRecord, base: str) -> tuple[str | None, str]:
    with record.step("baseline", base=base), run_checkout(line.workspaces, record.id, "survey", base) as checkout:
        checks = line.checks(checkout)
        report = report_at(line.layout, checks, checkout, base)
        failed = base_failures(report)
        problem = base_problem(report, checks.names(checkout, failed))
        if problem is None:
            return None, f"tests={len(report.tests)} {checks.description}"
        _remember(line, record, problem, checks.names(checkout, failed), checkout)
        command, advice = checks.without(checkout, failed), checks.advice(checkout, failed)
    run = next((run for run in report.runs if not run.ok), None)
    incident = line.incidents.open(
        scope="repository", subject=base, what=problem, evidence=run, run=record.id, todo=advice
    )
    return f"{problem}; incident {incident.id}; {_todo(command, incident.id)}", checks.description


def _remember(line: Line, record: RunRecord, problem: str, failed: Sequence[str], checkout: Path) -> None:
    """Remember that a red base stopped the repository's line, with the file of the first test that fails."""
    file = next((name.partition("::")[0] for name in failed if "::" in name), "")
    detail = plain(problem, limit=MAX_DETAIL)
    line.memory.caution(
        Caution(
            kind=CautionKind.STOP, detector="baseline", severity=Severity.STOP, detail=detail, run=record.id, file=file
        ),
        workspace=checkout,
    )  # fmt: skip


def _todo(command: str | None, incident_id: str) -> str:
    if command and len(command) <= MAX_COMMAND_CHARS:
        return f"mend the base, or set in .linestop/config.toml under [checks] command = {command!r}"
    return f"mend the base, or set checks in .linestop/config.toml: `linestop incident show {incident_id}` says to what"
