"""The schema of a store of lessons: numbered migrations, each in one transaction with its own record."""

import hashlib
import re
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from pathlib import Path
from typing import NamedTuple

from linestop.errors import RecordError

APPLICATION_ID = 0x6C736E31  # "lsn1": what tells a store of lessons from any other SQLite file


class Migration(NamedTuple):
    """One step of the schema. `name` is its file's, such as `0001_lessons`."""

    number: int
    name: str
    sql: str


@cache
def shipped() -> tuple[Migration, ...]:
    """Return the migrations of this linestop, in their order."""
    folder = resources.files("linestop.memory.lessons").joinpath("migrations")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return tuple(
        Migration(int(name[:4]), name.removesuffix(".sql"), folder.joinpath(name).read_text(encoding="utf-8"))
        for name in names
    )


def version_of(connection: sqlite3.Connection, path: Path, newest: int) -> int:
    """Return a store's schema, 0 where nothing was ever written into it.

    Raises:
        RecordError: the file is another program's, or a newer linestop's.
    """
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    marked = int(connection.execute("PRAGMA application_id").fetchone()[0])
    empty = version == 0 and not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if marked != APPLICATION_ID and not (empty and marked == 0):
        raise RecordError(
            f"{path} is no store of lessons",
            found=f"a database of another program (application id {marked}, schema {version})",
            todo="move the file away; linestop makes a store of its own",
        )
    if version > newest:
        raise RecordError(
            f"the lessons {path} were written by a newer linestop",
            found=f"schema {version}; this linestop knows {newest}",
            todo="upgrade linestop; nothing was changed",
        )
    return version


def migrate(connection: sqlite3.Connection, path: Path, migrations: Sequence[Migration]) -> None:
    """Bring a store to the newest schema, a transaction for each step; two processes may try at once."""
    newest = migrations[-1].number
    while version_of(connection, path, newest) < newest:
        connection.execute("BEGIN IMMEDIATE")
        version = version_of(connection, path, newest)  # another process may have taken this step meanwhile
        if step := next((one for one in migrations if one.number > version), None):
            _take(connection, step)
        connection.execute("COMMIT")


def _take(connection: sqlite3.Connection, step: Migration) -> None:
    for statement in _statements(step.sql):
        connection.execute(statement)
    connection.execute(
        "INSERT INTO migrations (number, name, sha256, applied) VALUES (?, ?, ?, ?)",
        (step.number, step.name, hashlib.sha256(step.sql.encode()).hexdigest(), datetime.now(UTC).isoformat()),
    )
    connection.execute(f"PRAGMA user_version = {step.number}")


def _statements(sql: str) -> Iterator[str]:
    """Yield the statements of a script; `executescript` would commit the transaction they belong to."""
    statement = ""
    for piece in re.split(r"(?<=;)", sql):
        statement += piece
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        yield statement
