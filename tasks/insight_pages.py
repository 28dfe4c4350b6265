"""What an audit attaches of the analysis: the answers of the queries marked `audit`, a table each, where there is any.

A by-product: a query that can't be answered costs a warning, never the audit. The queries are linestop/insight/.
"""

import asyncio
import logging
from collections.abc import Iterator
from typing import Any

from linestop.blocks.memory_gate import refusal
from linestop.insight import Analysis, Query, load_queries
from linestop.memory.faults import expected, in_words
from linestop.paths import Layout
from linestop.tasks.artifacts import artifact_link, publish_table

Answer = tuple[Query, list[dict[str, Any]]]
log = logging.getLogger(__name__)


async def publish_insight(layout: Layout) -> str:
    """Publish the main answers as tables; return links to them, empty where nothing was recorded yet."""
    answers = await asyncio.to_thread(main_answers, layout)
    made = await asyncio.gather(
        *(publish_table(f"{layout.key}-insight-{query.name}", rows, title=query.purpose) for query, rows in answers)
    )
    links = (artifact_link(query.name, one) for (query, _), one in zip(answers, made, strict=True))
    return " · ".join(links)


def main_answers(layout: Layout) -> list[Answer]:
    """Return the answers with rows of the queries that each audit publishes; one that fails is left out."""
    if why := refusal(layout):
        log.warning("insight.off %s", why)
        return []
    queries = [query for query in load_queries() if query.audit]
    with Analysis(layout) as analysis:
        try:
            analysis.prepare(*(query.sql for query in queries))
        except expected() as error:  # what one of them reads is broken: each reads its own then
            log.warning("insight.failed error=%s", in_words(error))
        answers = [answer for query in queries for answer in _answered(analysis, query)]
        for problem in analysis.problems:
            log.warning("insight.incomplete %s", problem)
    return answers


def _answered(analysis: Analysis, query: Query) -> Iterator[Answer]:
    try:
        answer = analysis.ask(query.sql)
    except expected() as error:
        log.warning("insight.failed query=%s error=%s", query.name, in_words(error))
        return
    if answer.rows:
        yield query, [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
