"""Finds the cautions that a brief may tell, as quickly among a million as among a thousand.

Ranking them is linestop/briefs/rank.py; the index that is asked is shelf.py.
"""

import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence

from linestop.errors import RecordError
from linestop.memory.cautions.catching_up import catch_up
from linestop.memory.cautions.model import Caution
from linestop.memory.cautions.parquet import parquet_files
from linestop.memory.cautions.segments import look
from linestop.memory.cautions.shelf import NAME, Note, discard, shelf
from linestop.paths import Layout

MAX_FILES = 200  # in play
MAX_INSIDE = 50  # files of one folder or glob
_GLOB = re.compile(r"[*?\[]")
_LAST = "\U0010ffff"
_INSIDE = "SELECT name FROM files WHERE name >= ? AND name < ? ORDER BY newest DESC LIMIT ?"
_OF_FILE = "SELECT id, file, calm, moment, said, body FROM notes WHERE file = ? ORDER BY calm, moment DESC LIMIT ?"
_NEWEST = "SELECT id, file, calm, moment, said, body FROM notes ORDER BY moment DESC LIMIT ?"


def recall(layout: Layout, files: Sequence[str], *, limit: int) -> tuple[Caution, ...]:
    """Return at most `limit` cautions: of the files in play first, then the newest of the rest.

    `files` are paths in the repository; a folder, or a glob, stands for the files in it. Of one file about 50
    warnings and 50 infos are kept for this, of those that say the same 10.

    Raises:
        RecordError: cautions can't be read.
    """
    try:
        if not _any(layout):
            return ()
        try:
            return _recalled(layout, files, limit)
        except sqlite3.OperationalError:  # locked, no room, no locks at all: not the index's fault
            return _recalled(layout, files, limit, in_memory=True)
        except sqlite3.DatabaseError:
            discard(layout.cautions / NAME)
            return _recalled(layout, files, limit)
    except (OSError, sqlite3.Error) as error:
        raise RecordError("cautions can't be read", found=str(error), todo="check the rights of .linestop") from error


def _any(layout: Layout) -> bool:
    return next(look(layout), None) is not None or bool(parquet_files(layout))


def _recalled(layout: Layout, files: Sequence[str], limit: int, *, in_memory: bool = False) -> tuple[Caution, ...]:
    with shelf(layout, in_memory=in_memory) as db:
        unwritten = catch_up(db, layout)
        play = list(_in_play(db, files, unwritten))
        each = max(limit // (2 * len(play) or 1), 1)
        found = dict[str, Note]()
        for file in play[:limit]:
            found |= {note.id: note for note in _merged(db.execute(_OF_FILE, (file, each)), unwritten, file)[:each]}
        newest = _merged(db.execute(_NEWEST, (limit + len(found),)), unwritten)
    for note in newest:
        if len(found) >= limit:
            break
        found.setdefault(note.id, note)
    told = (Caution.model_validate_json(note.body) for note in found.values())
    return tuple(told)


def _in_play(db: sqlite3.Connection, files: Sequence[str], unwritten: list[Note]) -> Iterator[str]:
    """Yield the files that there are cautions of, each once, in the order in which they were named."""
    names = dict[str, None]()
    waiting = {note.file for note in unwritten}
    for word in files:
        for name in (*_inside(db, word), *([word] if word in waiting else [])):
            if name and len(names) < MAX_FILES:
                names[name] = None
    yield from names


def _inside(db: sqlite3.Connection, word: str) -> Iterator[str]:
    """Yield the file that is meant, or those in a folder, or those that begin as a glob does.

    `app/[id]/page.tsx` may be a file's name: what is called so comes before what a glob would fit.
    """
    if glob := _GLOB.search(word):
        yield from _names(db, word, word + "\0")
        if prefix := word[: glob.start()]:
            yield from _names(db, prefix, prefix + _LAST)
        return
    path = word.rstrip("/")
    yield from _names(db, path, path + "\0")
    yield from _names(db, f"{path}/", f"{path}0")


def _names(db: sqlite3.Connection, first: str, beyond: str) -> Iterator[str]:
    return (str(name) for (name,) in db.execute(_INSIDE, (first, beyond, MAX_INSIDE)).fetchall())


def _merged(
    rows: Iterable[tuple[str, str, int, int, str, str]], more: list[Note], file: str | None = None
) -> list[Note]:
    """Return what the shelf holds with what couldn't be put there, in the shelf's order."""
    notes = [Note(*row) for row in rows]
    extra = [note for note in more if file in (None, note.file)]
    if not extra:
        return notes
    if file is None:
        return sorted([*notes, *extra], key=lambda note: -note.moment)
    return sorted([*notes, *extra], key=lambda note: (note.calm, -note.moment))
