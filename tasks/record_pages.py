"""The page of a run's record in the UI: where it lies, the command that reads it, and the dispatches it started.

A dispatch's own page is live_page.py. What the pages say is linestop/runs/dispatch_page.py.
"""

import asyncio

from linestop.execution.report import paragraphs
from linestop.paths import Layout
from linestop.records import RunRecord
from linestop.runs import relatives_of, started_by
from linestop.runs.dispatch_page import read_on, runs_table
from linestop.tasks.artifacts import key_link, publish_markdown


def record_key(run_id: str) -> str:
    """Return the key of a record's page."""
    return f"record-{run_id}"


async def publish_record(layout: Layout, record: RunRecord, *, about: str, going: bool = False) -> None:
    """Publish where a record is and how to read it; while it is `going`, how to watch it."""
    runs = "" if going else await asyncio.to_thread(_runs, layout, record.id)
    page = paragraphs(read_on(record.id, record.folder, going=going), runs)
    await publish_markdown(record_key(record.id), page, title=f"Record of {about}")


def dispatch_key(run_id: str) -> str:
    """Return the key of a dispatch's page."""
    return f"dispatch-{run_id}"


def _runs(layout: Layout, run_id: str) -> str:
    runs = relatives_of(started_by(layout, run_id))
    return runs_table(runs, links={run.run_id: key_link(run.name, dispatch_key(run.run_id)) for run in runs})
