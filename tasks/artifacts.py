"""Artifacts: what a run leaves to read in the UI. Owns keys, sizes and fences; what is worth showing is the caller's.

An artifact is a by-product: outside a run (`.fn` in a test) nothing is published, and a server that refuses one costs
a warning, never the run.
"""

import logging
import re
import unicodedata
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any
from uuid import UUID

import httpx
from prefect.artifacts import acreate_link_artifact, acreate_markdown_artifact, acreate_table_artifact
from prefect.context import FlowRunContext, TaskRunContext
from prefect.exceptions import PrefectException
from prefect.settings import get_current_settings

MAX_MARKDOWN_CHARS = 60_000  # the UI renders it in one go
MAX_ROWS = 200
MAX_CELL_CHARS = 500
MAX_KEY_CHARS = 100

log = logging.getLogger(__name__)


async def publish_table(key: str, rows: Sequence[Mapping[str, Any]], *, title: str) -> None:
    """Publish rows (same keys in each) as a table; at most 200 rows, 500 characters a cell."""
    table = [{str(name): _cell(value) for name, value in row.items()} for row in rows[:MAX_ROWS]]
    note = f" (the first {MAX_ROWS} of {len(rows)})" if len(rows) > MAX_ROWS else ""
    await _publish(key, lambda: acreate_table_artifact(table, key=slug(key), description=f"### {title}{note}"))


async def publish_markdown(key: str, markdown: str, *, title: str) -> None:
    """Publish markdown; foreign text in it belongs into `fenced`. At most 60,000 characters."""
    text = markdown
    if len(text) > MAX_MARKDOWN_CHARS:
        text = f"_The first {MAX_MARKDOWN_CHARS:,} of {len(text):,} characters._\n\n{text[:MAX_MARKDOWN_CHARS]}"
    await _publish(key, lambda: acreate_markdown_artifact(text, key=slug(key), description=f"### {title}"))


async def publish_link(key: str, url: str, *, text: str) -> None:
    """Publish a link, for example to the run that this one started."""
    await _publish(key, lambda: acreate_link_artifact(url, link_text=_cell(text), key=slug(key)))


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


def flow_run_url(flow_run_id: UUID | str) -> str:
    """Return the address of a flow run's page in the UI, empty where no server is set."""
    settings = get_current_settings()
    base = settings.ui_url or (settings.api.url or "").removesuffix("/").removesuffix("/api")
    return f"{base.rstrip('/')}/v2/runs/flow-run/{flow_run_id}" if base else ""


async def _publish(key: str, create: Any) -> None:
    if FlowRunContext.get() is None and TaskRunContext.get() is None:
        log.debug("artifact.skipped key=%s reason=no-run", key)
        return
    made: Awaitable[Any] = create()
    try:
        await made
    except (httpx.HTTPError, PrefectException) as error:
        log.warning("artifact.failed key=%s error=%s", key, error)


def _cell(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    text = "".join(" " if _unprintable(char) else char for char in str(value))
    return text if len(text) <= MAX_CELL_CHARS else text[: MAX_CELL_CHARS - 1] + "…"


def _unprintable(char: str) -> bool:
    """Whether a character is a control, surrogate or direction mark: it could spoil the page or its JSON."""
    return unicodedata.category(char) in {"Cc", "Cf", "Cs"}
