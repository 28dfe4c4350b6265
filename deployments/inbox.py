"""Accepted deliveries, kept in SQLite before they are answered: none is lost with the receiver, none counts twice.

Starting the runs is draining.py.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import time

from linestop.errors import InfraError

KEPT_SECONDS = 90 * 86_400  # a replay after that meets the run's idempotency key
SCHEMA = """
create table if not exists delivery (
    id integer primary key,
    repository text not null,
    provider text not null,
    delivery text not null,
    sha text not null,
    received real not null,
    tries integer not null default 0,
    next_try real not null default 0,
    flow_run text not null default '',
    trouble text not null default '',
    unique (repository, provider, delivery)
);
create index if not exists delivery_open on delivery (next_try) where flow_run = '';
"""


@dataclass(frozen=True)
class Delivery:
    """One accepted delivery: a commit that reached the base branch of a repository, by key."""

    id: int
    repository: str
    commit: str
    tries: int

    @property
    def idempotency_key(self) -> str:
        """Return the key that makes a push and a merge of one commit start one run."""
        return f"merge:{self.repository}:{self.commit}"


class Inbox:
    """The deliveries of all repositories, in one file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _broken(path, error) from error
        with self._transaction() as sql:
            sql.executescript(SCHEMA)

    def accept(self, repository: str, *, provider: str, delivery: str, commit: str) -> bool:
        """Keep a delivery; return False where it was kept before.

        Raises:
            InfraError: the disk refused: nothing was accepted, the sender should try again.
        """
        with self._transaction() as sql:
            sql.execute("delete from delivery where flow_run != '' and received < ?", (time() - KEPT_SECONDS,))
            done = sql.execute(
                "insert or ignore into delivery (repository, provider, delivery, sha, received) values (?, ?, ?, ?, ?)",
                (repository, provider, delivery, commit, time()),
            )
            return done.rowcount == 1

    def due(self, *, limit: int = 20) -> tuple[Delivery, ...]:
        """Return deliveries whose run is to be started now, oldest first."""
        with self._transaction() as sql:
            rows = sql.execute(
                "select id, repository, sha, tries from delivery where flow_run = '' and next_try <= ?"
                " order by id limit ?",
                (time(), limit),
            ).fetchall()
        return tuple(Delivery(*row) for row in rows)

    def started(self, delivery: Delivery, flow_run: str) -> None:
        """Note the run that a delivery has started."""
        with self._transaction() as sql:
            sql.execute("update delivery set flow_run = ?, trouble = '' where id = ?", (flow_run, delivery.id))

    def postpone(self, delivery: Delivery, *, seconds: float, trouble: str) -> None:
        """Note why a run could not be started, and when to try again."""
        with self._transaction() as sql:
            sql.execute(
                "update delivery set tries = tries + 1, next_try = ?, trouble = ? where id = ?",
                (time() + seconds, trouble[:500], delivery.id),
            )

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            sql = sqlite3.connect(self._path, timeout=2)
            try:
                sql.execute("pragma busy_timeout = 2000")
                sql.execute("pragma journal_mode = wal")
                with sql:
                    yield sql
            finally:
                sql.close()
        except sqlite3.Error as error:
            raise _broken(self._path, error) from error


def _broken(path: Path, error: Exception) -> InfraError:
    return InfraError(f"the webhook inbox {path} can't be used", found=str(error), todo="free disk space or mend it")
