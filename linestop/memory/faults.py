"""Which errors memory may meet on a machine, and what they read like. Where they are caught is memory.py.

What isn't listed is a mistake of ours and is raised as anywhere else.
"""

import sqlite3
import sys

from linestop.errors import LinestopError
from linestop.text import plain

MAX_CHARS = 400


def expected() -> tuple[type[Exception], ...]:
    """Return the errors that files, SQLite, DuckDB and unreadable records raise.

    DuckDB takes 50 ms to import: its errors can only come up where somebody imported it.
    """
    duckdb = sys.modules.get("duckdb")
    more = (duckdb.Error,) if duckdb else ()
    return (LinestopError, OSError, sqlite3.Error, ValueError, *more)


def in_words(error: BaseException) -> str:
    """Return an error as one plain line: what failed, what was found, what to do."""
    if isinstance(error, LinestopError):
        return plain(error.line, limit=MAX_CHARS)
    return plain(f"{type(error).__name__}: {error}", limit=MAX_CHARS)


def kind_of(error: BaseException) -> str:
    """Return what two errors have in common that are one problem, whichever file they name: a full disk is one."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError):
            return f"errno {cause.errno}"
        if isinstance(cause, sqlite3.Error):
            return f"{type(cause).__name__} {getattr(cause, 'sqlite_errorname', '')}"
        cause = cause.__cause__
    return in_words(error)
