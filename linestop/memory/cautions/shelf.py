"""The shelf: a small SQLite index of the cautions that a brief may be told, the newest of each file. Never the truth.

It is made from segments and Parquet and catches up with them before it is asked; where it is broken or gone it is made
anew. What is asked of it is recall.py.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from importlib import resources
from pathlib import Path
from typing import NamedTuple

from linestop.memory.cautions.lines import in_utc
from linestop.memory.cautions.model import Caution
from linestop.memory.cautions.parquet import EPOCH
from linestop.paths import Layout
from linestop.watch.firing import Severity

NAME = "recall-2.db"  # with the version of shelf.sql: another version has another file
FORMER = ("recall-1.db",)  # goes once when this one is made
KEEP = 50  # warnings of one file, and as many infos; most briefs have room for some 30 in all
KEEP_GENERAL = 1_000  # likewise of those of no file
REPEATS = 10  # of them that say the same
CROWDED = 3  # times as many notes as are kept of warnings or infos: then the oldest go
BUSY_SECONDS = 0.5
_PUT = """
INSERT INTO notes (id, file, calm, moment, said, source, body) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET source = excluded.source
"""
_COUNT = """
INSERT INTO files (name, newest, notes) VALUES (?, ?, 1)
ON CONFLICT (name) DO UPDATE SET newest = max(newest, excluded.newest), notes = notes + 1
"""
_CROWDED = "SELECT name FROM files WHERE notes > iif(name = '', ?, ?)"
_PRUNE = """
DELETE FROM notes WHERE file = :file AND id NOT IN (
    SELECT id FROM (
        SELECT id, row_number() OVER (PARTITION BY calm ORDER BY moment DESC) AS place FROM (
            SELECT id, calm, moment, row_number() OVER (PARTITION BY said, calm ORDER BY moment DESC) AS again
            FROM notes WHERE file = :file
        ) WHERE again <= :repeats
    ) WHERE place <= :keep
)
"""


class Note(NamedTuple):
    """A row of the index, without its source."""

    id: str
    file: str
    calm: int
    moment: int
    said: str
    body: str


def note_of(caution: Caution) -> Note:
    """Return a caution as a row."""
    calm = int(caution.severity is Severity.INFO)
    said = f"{caution.kind}\n{caution.detector}\n{caution.signature or caution.detail.lower()}"
    moment = (in_utc(caution.at) - EPOCH).total_seconds() * 1_000_000
    return Note(caution.id, caution.file, calm, round(moment), said, caution.model_dump_json(by_alias=True))


@contextmanager
def shelf(layout: Layout, *, in_memory: bool = False) -> Iterator[sqlite3.Connection]:
    """Yield the index of a repository: the file's, made where it isn't there; one in memory where that can't be used.

    Raises:
        sqlite3.Error: even one in memory can't be made.
    """
    with closing(_connected(":memory:") if in_memory else _usable(layout.cautions / NAME)) as db:
        yield db


def _usable(path: Path) -> sqlite3.Connection:
    for _ in range(2):
        try:
            return _connected(str(path))
        except sqlite3.OperationalError:  # read-only, no locks, another process makes it: not the file's fault
            break
        except sqlite3.DatabaseError:
            discard(path)
    return _connected(":memory:")


def discard(path: Path) -> None:
    """Remove a broken index: it is made anew from what is true."""
    for end in ("", "-wal", "-shm"):
        with suppress(OSError):
            path.with_name(path.name + end).unlink(missing_ok=True)


def _connected(name: str) -> sqlite3.Connection:
    db = sqlite3.connect(name, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        there = db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'files'").fetchone()
        if not there[0]:
            for former in FORMER if name != ":memory:" else ():
                discard(Path(name).with_name(former))
            db.executescript(resources.files(__package__).joinpath("shelf.sql").read_text(encoding="utf-8"))
    except sqlite3.Error:
        db.close()
        raise
    return db


def put(db: sqlite3.Connection, source: int, notes: Iterable[Note]) -> None:
    """Put cautions of a source on the shelf; one that is there already is that source's from now on."""
    rows = list(notes)
    db.executemany(_PUT, ((*one[:5], source, one.body) for one in rows))
    db.executemany(_COUNT, ((one.file, one.moment) for one in rows))


def prune(db: sqlite3.Connection) -> None:
    """Let go of what no brief would be told: of each file all but the newest, and what says the same too often."""
    for (file,) in db.execute(_CROWDED, (CROWDED * KEEP_GENERAL, CROWDED * KEEP)).fetchall():
        keep = KEEP if file else KEEP_GENERAL
        db.execute(_PRUNE, {"file": file, "repeats": REPEATS, "keep": keep})
        db.execute(
            "UPDATE files SET notes = (SELECT count(*) FROM notes WHERE file = :file) WHERE name = :file",
            {"file": file},
        )
