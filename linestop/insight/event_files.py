"""The events of all runs, read by DuckDB from their logs."""

from collections.abc import Callable, Collection
from pathlib import Path

import duckdb

from linestop.insight.columns import escaped, json_source, put
from linestop.insight.long_lines import readable

_COLUMNS = {
    "run_id": ("", "split_part(filename, '/', -2)"),
    "moment": ("at", "TRY_CAST(\"at\" AS TIMESTAMPTZ) AT TIME ZONE 'UTC'"),
    "kind": ("kind", "kind"),
    "step": ("step", "coalesce(step, '')"),
    "tool": ("tool", "coalesce(tool, '')"),
    "outcome": ("outcome", "outcome"),
    "seconds": ("seconds", "TRY_CAST(seconds AS DOUBLE)"),
    "text": ("text", "coalesce(text, '')"),
    "args": ("args", "args"),
    "action": ("action", "action"),
    "path": ("path", "path"),
    "identity": ("identity", '"identity"'),
    "result_hash": ("result_hash", "result_hash"),
    "session": ("session", "session"),
    "model": ("model", "model"),
    "fault": ("fault", "fault"),
    "tokens_in": ("usage", "TRY_CAST(usage ->> 'input' AS BIGINT)"),
    "tokens_out": ("usage", "TRY_CAST(usage ->> 'output' AS BIGINT)"),
    "tokens_cached": ("usage", "TRY_CAST(usage ->> 'cache_read' AS BIGINT)"),
    "usd": ("usage", "TRY_CAST(usage ->> 'usd' AS DOUBLE)"),
    "total": ("usage", "coalesce(TRY_CAST(usage ->> 'total' AS BOOLEAN), false)"),
}


def put_events(
    database: duckdb.DuckDBPyConnection, folders: list[Path], columns: Collection[str], say: Callable[[str], None]
) -> None:
    """Put the events of runs, by their folders, in place; links are left out, they lead out of the records."""
    found = (folder / "events.jsonl" for folder in folders)
    files = readable((path for path in found if path.is_file() and not path.is_symlink()), say)
    if files:
        put(database, "events", json_source(_COLUMNS, columns, where="kind"), columns, files=escaped(files))
