"""Artifacts: what a run leaves to read in the UI. Owns keys, sizes and fences; what is worth showing is the caller's.

An artifact is a by-product: outside a run (`.fn` in a test) nothing is published, and a server that refuses one costs
a warning, never the run.
"""

import logging
import re
import unicodedata
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

import httpx
from prefect.artifacts import acreate_markdown_artifact, acreate_table_artifact
from prefect.context import FlowRunContext, TaskRunContext
from prefect.exceptions import PrefectException

from linestop.execution.report import cell

UI = "/v2"  # where the server has its pages
MAX_MARKDOWN_CHARS = 60_000  # the UI renders it in one go
MAX_ROWS = 200
MAX_CELL_CHARS = 500
MAX_KEY_CHARS = 100

log = logging.getLogger(__name__)


async def publish_table(key: str, rows: Sequence[Mapping[str, Any]], *, title: str) -> UUID | None:
    """Publish rows (same keys in each) as a table, at most 200 of 500 characters a cell; return its id if it's there.

    The UI shows its columns at full width: put what matters first. A table with links or long text is markdown.
    """
    table = [{str(name): _cell(value) for name, value in row.items()} for row in rows[:MAX_ROWS]]
    note = f" (the first {MAX_ROWS} of {len(rows)})" if len(rows) > MAX_ROWS else ""
    return await _publish(key, lambda: acreate_table_artifact(table, key=slug(key), description=f"### {title}{note}"))


async def publish_markdown(key: str, markdown: str, *, title: str) -> UUID | None:
    """Publish markdown, at most 60,000 characters; return its id if it's there. Foreign text belongs into `fenced`."""
    text = markdown
    if len(text) > MAX_MARKDOWN_CHARS:
        text = f"_The first {MAX_MARKDOWN_CHARS:,} of {len(text):,} characters._\n\n{text[:MAX_MARKDOWN_CHARS]}"
    return await _publish(key, lambda: acreate_markdown_artifact(text, key=slug(key), description=f"### {title}"))


def fenced(text: str, language: str = "") -> str:
    """Return a markdown code block that nothing in `text` can close; control characters are shown as `�`."""
    shown = "".join(char if char in "\n\t" or not _unprintable(char) else "�" for char in text)
    longest = max((len(run) for run in re.findall(r"`+", shown)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{re.sub(r'[^a-z0-9]', '', language.lower())}\n{shown}\n{fence}"


def slug(key: str) -> str:
    """Return a key of [a-z0-9-], at most 100 characters: the only kind the server takes."""
    words = re.sub(r"[^a-z0-9]+", "-", key.lower()).strip("-")
    return words[:MAX_KEY_CHARS].strip("-") or "artifact"


def run_link(text: str, flow_run_id: UUID | str) -> str:
    """Return a markdown link to a flow run's page, the text alone where the run is unknown.

    Relative to the server, so that it works by whatever name the reader's browser knows the server.
    """
    return f"[{cell(text)}]({UI}/runs/flow-run/{flow_run_id})" if flow_run_id else cell(text)


def artifact_link(text: str, artifact_id: UUID | str | None) -> str:
    """Return a markdown link to an artifact's page, the text alone where it wasn't published."""
    return f"[{cell(text)}]({UI}/artifacts/artifact/{artifact_id})" if artifact_id else cell(text)


def key_link(text: str, key: str) -> str:
    """Return a markdown link to all versions of an artifact that an earlier run has published."""
    return f"[{cell(text)}]({UI}/artifacts/key/{slug(key)})"


async def _publish(key: str, create: Callable[[], Awaitable[Any]]) -> UUID | None:
    if FlowRunContext.get() is None and TaskRunContext.get() is None:
        log.debug("artifact.skipped key=%s reason=no-run", key)
        return None
    try:
        made: UUID = await create()
    except (httpx.HTTPError, PrefectException) as error:
        log.warning("artifact.failed key=%s error=%s", key, error)
        return None
    return made


def _cell(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    text = "".join(" " if _unprintable(char) else char for char in str(value))
    return text if len(text) <= MAX_CELL_CHARS else text[: MAX_CELL_CHARS - 1] + "…"


def _unprintable(char: str) -> bool:
    """Whether a character is a control, surrogate or direction mark: it could spoil the page or its JSON."""
    return unicodedata.category(char) in {"Cc", "Cf", "Cs"}
