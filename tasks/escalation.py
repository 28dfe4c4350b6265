"""The escalation: tells people that the same failure came too often, in the ticket's record and on a page."""

import asyncio

from linestop.blocks.station import Station
from linestop.execution.escalation import escalation_page
from linestop.execution.runs import ESCALATION
from linestop.incidents import Incident
from linestop.memory.tickets import Sign
from linestop.tasks.artifacts import key_link, publish_markdown
from linestop.tasks.record_pages import record_key
from linestop.tasks.related import ticket_key


async def report_escalation(station: Station, sign: Sign, incident: Incident) -> None:
    """Write the report of a failure that came too often: `escalation.md` in the ticket's record, and its page."""
    page = await asyncio.to_thread(_written, station, sign, incident)
    key = f"{ticket_key(station.line.layout, station.ticket.id)}-escalation"
    await publish_markdown(key, page, title=f"{station.ticket.id}: the same failure {sign.times} times")


def _written(station: Station, sign: Sign, incident: Incident) -> str:
    book = station.book
    page = escalation_page(
        sign, title=station.ticket.title, incident=incident.id, failures=book.failures(),
        reflections=book.reflections(), corrections=book.corrections(),
        links=(key_link("record", record_key(station.record.id)),),
    )  # fmt: skip
    station.record.write(ESCALATION, page)
    return page
