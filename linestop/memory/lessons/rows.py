"""A lesson as a row of its store, and back. A column that an older schema lacks has the model's default."""

import json
import sqlite3
from collections.abc import Collection
from typing import Any

from pydantic import ValidationError

from linestop.errors import RecordError
from linestop.memory.lessons.model import Former, Lesson, Tier
from linestop.text import plain

LISTS = ("roles", "runs", "contradicts")
COLUMNS = (
    "id", "title", "body", "why", "file", "file_hash", "roles", "source", "trust", "runs", "contradicts",
    "superseded_by", "created", "updated",
)  # fmt: skip
_CHANGED = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS if name != "id")
_UPSERT = (
    f"INSERT INTO lessons ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"  # noqa: S608  # our own names
    f" ON CONFLICT (id) DO UPDATE SET {_CHANGED}"
)
_MAY_BE_TOLD = "trust = 'person' AND superseded_by = '' AND (roles = '[]' OR instr(roles, ?))"
_NEWEST = f"SELECT * FROM lessons WHERE {_MAY_BE_TOLD} ORDER BY updated DESC, id LIMIT ?"  # noqa: S608
_OF_FILES = "SELECT * FROM lessons WHERE {told} AND file IN ({files}) ORDER BY updated DESC, id LIMIT ?"
_FILES_AT_ONCE = 500
_FORMER = "SELECT * FROM history WHERE id = ? ORDER BY number"


def values_of(lesson: Lesson) -> dict[str, Any]:
    """Return a lesson as JSON values, without its tier: that is the store's."""
    return lesson.model_dump(mode="json", exclude={"tier"})


def put(connection: sqlite3.Connection, lesson: Lesson) -> None:
    """Write a lesson, whether it is there already or not."""
    values = values_of(lesson)
    connection.execute(_UPSERT, [_cell(name, values[name]) for name in COLUMNS])


def get(connection: sqlite3.Connection, lesson_id: str, tier: Tier) -> Lesson | None:
    """Return a lesson, None where there is none of that id."""
    row = connection.execute("SELECT * FROM lessons WHERE id = ?", (lesson_id,)).fetchone()
    return lesson_of(row, tier) if row else None


def all_of(connection: sqlite3.Connection, tier: Tier) -> tuple[Lesson, ...]:
    """Return every lesson, oldest first."""
    rows = connection.execute("SELECT * FROM lessons ORDER BY created, id").fetchall()
    return tuple(lesson_of(row, tier) for row in rows)


def told(
    connection: sqlite3.Connection, tier: Tier, role: str, places: Collection[str], limit: int | None
) -> tuple[Lesson, ...]:
    """Return what a role may be told, the lessons about any of the places first, then newest first.

    With a limit it takes as long as the limit is large, however many lessons there are.
    """
    most, word, names = (-1 if limit is None else limit), json.dumps(role, ensure_ascii=False), sorted(places)
    found: dict[str, sqlite3.Row] = {}
    for start in range(0, len(names), _FILES_AT_ONCE):
        some = names[start : start + _FILES_AT_ONCE]
        query = _OF_FILES.format(told=_MAY_BE_TOLD, files=", ".join("?" * len(some)))
        found |= {row["id"]: row for row in connection.execute(query, (word, *some, most))}
    first = sorted(found.values(), key=lambda row: row["updated"], reverse=True)
    rest = (row for row in connection.execute(_NEWEST, (word, most)) if row["id"] not in found)
    return tuple(lesson_of(row, tier) for row in [*first, *rest][: None if limit is None else limit])


def former_of(connection: sqlite3.Connection, lesson_id: str, tier: Tier) -> tuple[Former, ...]:
    """Return what a lesson said before, oldest first; nothing where the schema kept no history yet."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'history'").fetchone():
        return ()
    rows = connection.execute(_FORMER, (lesson_id,)).fetchall()
    return tuple(Former(number=row["number"], until=row["until"], lesson=lesson_of(row, tier)) for row in rows)


def lesson_of(row: sqlite3.Row, tier: Tier) -> Lesson:
    """Return a row's lesson.

    Raises:
        RecordError: it is none that this linestop could have written.
    """
    columns = row.keys()
    try:
        values = {name: row[name] for name in COLUMNS if name in columns}
        values |= {name: json.loads(values[name]) for name in LISTS if name in values}
        return Lesson.model_validate({**values, "tier": tier})
    except (ValidationError, ValueError, TypeError) as error:
        raise RecordError(
            f"the lesson {plain(str(row['id']))} can't be read",
            found=plain(str(error), limit=500),
            todo="upgrade linestop, or put a backup in the store's place; nothing was changed",
        ) from error


def _cell(name: str, value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if name in LISTS else str(value)
