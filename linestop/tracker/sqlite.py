"""The local tracker: one SQLite file. Every write is one immediate transaction; reading never creates the file."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError

from linestop.errors import TrackerError
from linestop.tickets import Evidence, Ticket, TicketState
from linestop.tracker import transitions

BUSY_TIMEOUT_MS = 10_000
SCHEMA_VERSION = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS tickets (
    id TEXT PRIMARY KEY,
    batch TEXT NOT NULL,
    state TEXT NOT NULL,
    title TEXT NOT NULL,
    created TEXT NOT NULL,
    updated TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS tickets_by_batch ON tickets (batch, created);
"""
_UPSERT = """
INSERT INTO tickets (id, batch, state, title, created, updated, attempts, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET batch = excluded.batch, state = excluded.state, title = excluded.title,
    updated = excluded.updated, attempts = excluded.attempts, body = excluded.body
"""


class SqliteTracker:
    """Tickets in `path`. A connection lives for one call, so an instance may be shared between threads."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def file(self, ticket: Ticket) -> bool:
        """Add a ticket; False where its id is there already."""
        with self._write() as connection:
            if _row(connection, ticket.id):
                return False
            _put(connection, ticket)
            return True

    def get(self, ticket_id: str) -> Ticket:
        """Return one ticket. Raises TrackerError where there is none."""
        with self._read() as connection:
            return _get(connection, ticket_id)

    def list(self, batch: str | None = None) -> tuple[Ticket, ...]:
        """Return the tickets of a batch, or all, oldest first."""
        query = "SELECT body FROM tickets WHERE ? IS NULL OR batch = ? ORDER BY created, rowid"
        with self._read() as connection:
            rows = connection.execute(query, (batch, batch)).fetchall() if connection else []
        return tuple(_parse(row[0]) for row in rows)

    def claim(self, ticket_id: str, *, holder: str, seconds: int) -> Ticket | None:
        """Take an open ticket under a lease, or return None."""
        with self._write() as connection:
            ticket = transitions.claimed(_get(connection, ticket_id), holder=holder, seconds=seconds)
            return _put(connection, ticket) if ticket else None

    def renew(self, ticket: Ticket, *, seconds: int) -> bool:
        """Extend the lease; False where the ticket was taken over."""
        with self._write() as connection:
            stored = _get(connection, ticket.id)
            if stored.generation != ticket.generation or stored.state is not TicketState.CLAIMED:
                return False
            _put(connection, transitions.renewed(stored, seconds=seconds))
            return True

    def save(self, ticket: Ticket) -> Ticket:
        """Write a claimed ticket. Raises TrackerError for an older generation."""
        with self._write() as connection:
            stored = _get(connection, ticket.id)
            transitions.must_hold(stored, ticket)
            return _put(connection, transitions.saved(stored, ticket))

    def end(self, ticket: Ticket, state: TicketState, *, reason: str = "", evidence: Evidence | None = None) -> Ticket:
        """Give the ticket its end. Raises TrackerError for an older generation."""
        with self._write() as connection:
            transitions.must_hold(_get(connection, ticket.id), ticket)
            return _put(connection, transitions.ended(ticket, state, reason=reason, evidence=evidence))

    def reclaim(self, *, alive: Callable[[str], bool]) -> tuple[Ticket, ...]:
        """Open again every ticket whose holder is gone."""
        if not self.path.exists():
            return ()
        with self._write() as connection:
            rows = connection.execute("SELECT body FROM tickets WHERE state = ?", (TicketState.CLAIMED,)).fetchall()
            lost = [
                ticket for ticket in map(_parse, (row[0] for row in rows)) if transitions.forsaken(ticket, alive=alive)
            ]
            opened = [transitions.ended(ticket, TicketState.OPEN, reason="", evidence=None) for ticket in lost]
            return tuple(_put(connection, ticket) for ticket in opened)

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        with self._translated():
            connection = sqlite3.connect(self.path, isolation_level=None)
            try:
                connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("BEGIN IMMEDIATE")
                _migrate(connection, self.path)
                yield connection
                connection.execute("COMMIT")
            finally:
                connection.close()  # rolls back what was not committed

    @contextmanager
    def _read(self) -> Iterator[sqlite3.Connection | None]:
        """Yield a connection, or None where nothing was ever written."""
        if not self.path.exists():
            yield None
            return
        with self._translated():
            connection = self._reader()
            try:
                connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
                yield connection if _version(connection, self.path) else None  # 0: another is creating it just now
            finally:
                connection.close()

    def _reader(self) -> sqlite3.Connection:
        """Return a connection; to a file on a read-only disk one that needs none of SQLite's files beside it."""
        beside = self.path.with_name(f"{self.path.name}-wal")
        if os.access(self.path.parent, os.W_OK) or beside.exists():  # what stands in a WAL is not to be overlooked
            return sqlite3.connect(self.path)
        return sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:  # locked, full, read-only: the tickets themselves are well
            raise TrackerError(
                f"the tracker {self.path} can't be used",
                found=f"{type(error).__name__}: {error}",
                todo="free disk space, make the folder writable, or let the other process end; then run again",
            ) from error
        except sqlite3.Error as error:
            raise TrackerError(
                f"the tracker {self.path} can't be used",
                found=f"{type(error).__name__}: {error}",
                todo="check the disk and the file; move the file away to start with an empty tracker",
            ) from error


def _version(connection: sqlite3.Connection, path: Path) -> int:
    """Return the file's schema version. Raises TrackerError for one that this linestop doesn't know."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > SCHEMA_VERSION:
        raise TrackerError(
            f"{path} was written by a newer linestop", found=f"schema {version}", todo="upgrade linestop"
        )
    return version


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    if _version(connection, path) < SCHEMA_VERSION:
        for statement in _SCHEMA.split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _row(connection: sqlite3.Connection | None, ticket_id: str) -> tuple[str] | None:
    if connection is None:
        return None
    row: tuple[str] | None = connection.execute("SELECT body FROM tickets WHERE id = ?", (ticket_id,)).fetchone()
    return row


def _get(connection: sqlite3.Connection | None, ticket_id: str) -> Ticket:
    row = _row(connection, ticket_id)
    if row is None:
        raise TrackerError(
            f"there is no ticket {ticket_id}", todo="`linestop ticket list` names them; `linestop execute` files plans"
        )
    return _parse(row[0])


def _parse(body: str) -> Ticket:
    try:
        return Ticket.model_validate_json(body)
    except ValidationError as error:
        raise TrackerError(
            "a ticket in the tracker can't be read", found=str(error)[:500], todo="upgrade linestop"
        ) from error


def _put(connection: sqlite3.Connection, ticket: Ticket) -> Ticket:
    values = (
        ticket.id, ticket.batch, ticket.state.value, ticket.title, ticket.created.isoformat(),
        ticket.updated.isoformat(), ticket.attempts, ticket.model_dump_json(),
    )  # fmt: skip
    connection.execute(_UPSERT, values)
    return ticket
