"""Keeps the lessons of one tier. What may be kept is drafting.py's, both tiers together are tiers.py's."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from sqlite3 import Connection
from typing import Any

from linestop.errors import UsageError
from linestop.memory.lessons import rows
from linestop.memory.lessons.drafting import checked
from linestop.memory.lessons.file import PATIENCE_SECONDS, LessonFile
from linestop.memory.lessons.model import Former, Lesson, Tier, Trust
from linestop.text import plain

EDITABLE = frozenset(
    {"title", "body", "why", "file", "file_hash", "roles", "trust", "runs", "contradicts", "source", "superseded_by"}
)
Look = Callable[[Lesson, Sequence[Lesson]], None]


class LessonStore:
    """The lessons in `path`. May be used from several threads and processes at once.

    Every method raises RecordError where the store can't be used; reading one that isn't there finds nothing and
    creates nothing. What a lesson said before a change is kept.
    """

    def __init__(self, path: Path, tier: Tier, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self.path, self.tier = path, tier
        self._file = LessonFile(path, patience_seconds=patience_seconds)

    def list(self, *, all: bool = False) -> tuple[Lesson, ...]:  # noqa: A002  # reads as the command's option
        """Return the lessons, oldest first; `all`: those superseded or only proposed too."""
        found = self._file.read(lambda connection: rows.all_of(connection, self.tier), ())
        return tuple(one for one in found if all or one.is_told)

    def get(self, lesson_id: str) -> Lesson:
        """Return one lesson.

        Raises:
            UsageError: there is none of that id.
        """
        found = self.find(lesson_id)
        if found is None:
            raise missing(lesson_id)
        return found

    def find(self, lesson_id: str) -> Lesson | None:
        """Return one lesson by its full id, None where there is none."""
        return self._file.read(lambda connection: rows.get(connection, lesson_id, self.tier), None)

    def told(self, role: str, *, files: Sequence[str] = (), limit: int | None = None) -> tuple[Lesson, ...]:
        """Return what a role may be told, those about the files and their folders first, then newest first."""
        places = {str(place) for file in files for place in (PurePosixPath(file), *PurePosixPath(file).parents)} - {"."}
        return self._file.read(lambda connection: rows.told(connection, self.tier, role, places, limit), ())

    def former(self, lesson_id: str) -> tuple[Former, ...]:
        """Return what a lesson said before each change, oldest first; of a removed one too."""
        return self._file.read(lambda connection: rows.former_of(connection, lesson_id, self.tier), ())

    def add(self, lesson: Lesson, *, supersedes: str = "", look: Look | None = None) -> Lesson:
        """Keep a new lesson and return it as it is kept. It takes the store's tier.

        `look` is asked in the same transaction, with all lessons that are there: what it raises keeps the lesson out.

        Raises:
            UsageError: its id is taken, or it may not be kept (see `checked`), or `supersedes` names no lesson.
        """
        new = checked({**lesson.model_dump(), "tier": self.tier})

        def work(connection: Connection) -> None:
            if rows.get(connection, new.id, self.tier):
                raise UsageError(
                    f"there is a lesson {new.id} already", todo="`linestop lesson edit` changes it; or give another id"
                )
            if look:
                look(new, rows.all_of(connection, self.tier))
            rows.put(connection, new)
            if supersedes:
                self._supersede(connection, supersedes, new)

        self._file.write(work)
        return new

    def edit(self, lesson_id: str, *, look: Look | None = None, **changes: Any) -> Lesson:
        """Change fields of a lesson and return it; its former text is kept.

        Raises:
            UsageError: there is no such lesson or field, or it may not be kept so.
        """
        if strange := set(changes) - EDITABLE:
            raise UsageError(
                f"a lesson's {', '.join(sorted(strange))} can't be edited",
                todo=f"change {', '.join(sorted(EDITABLE))}",
            )

        def work(connection: Connection) -> Lesson:
            old = self._there(connection, lesson_id)
            new = checked({**old.model_dump(), **changes, "updated": _later(old)})
            if look:
                look(new, [one for one in rows.all_of(connection, self.tier) if one.id != new.id])
            rows.put(connection, new)
            return new

        return self._file.write(work)

    def remove(self, lesson_id: str, *, forget: bool = False) -> Lesson:
        """Take a lesson out and return it. Its text stays in the history; `forget` takes that out as well.

        Raises:
            UsageError: there is none of that id.
        """

        def work(connection: Connection) -> Lesson:
            old = self._there(connection, lesson_id)
            connection.execute("DELETE FROM lessons WHERE id = ?", (lesson_id,))
            if forget:
                connection.execute("DELETE FROM history WHERE id = ?", (lesson_id,))
            return old

        return self._file.write(work)

    def forget(self, lesson_id: str) -> Lesson | None:
        """Take the history of a removed lesson out and return what it last said; None where there was none."""

        def work(connection: Connection) -> Lesson | None:
            former = rows.former_of(connection, lesson_id, self.tier)
            if not former or rows.get(connection, lesson_id, self.tier):
                return None
            connection.execute("DELETE FROM history WHERE id = ?", (lesson_id,))
            return former[-1].lesson

        return self._file.write(work)

    def supersede(self, old: str, new: str) -> Lesson:
        """Mark a lesson as superseded by another of this store, and return it.

        Raises:
            UsageError: one of them isn't there, or the new one is superseded or only proposed.
        """
        return self._file.write(lambda connection: self._supersede(connection, old, self._there(connection, new)))

    def supersede_by(self, old: str, new: Lesson) -> Lesson:
        """Mark a lesson as superseded by one that may be another store's, and return it. Raises as `supersede`."""
        return self._file.write(lambda connection: self._supersede(connection, old, new))

    def confirm(self, lesson_id: str, file_hash: str) -> Lesson:
        """Note that a lesson still holds for its file as it is now, and return it."""
        return self.edit(lesson_id, file_hash=file_hash)

    def put_all(self, lessons: Sequence[Lesson], may: Callable[[Lesson, Lesson], bool]) -> dict[str, Lesson | None]:
        """Write lessons in one transaction and return what each that changed was before, None where it is new.

        Nothing is deleted. `may(old, new)` says whether a lesson that is there is replaced.
        """
        fresh = [checked({**one.model_dump(), "tier": self.tier}) for one in lessons]

        def work(connection: Connection) -> dict[str, Lesson | None]:
            changed: dict[str, Lesson | None] = {}
            for new in fresh:
                old = rows.get(connection, new.id, self.tier)
                if old is None or (old != new and may(old, new)):
                    rows.put(connection, new)
                    changed[new.id] = old
            return changed

        return self._file.write(work)

    def _supersede(self, connection: Connection, old_id: str, new: Lesson) -> Lesson:
        old = self._there(connection, old_id)
        if new.id == old.id or new.superseded_by or new.trust is not Trust.PERSON:
            why = (
                "it is the same"
                if new.id == old.id
                else f"superseded by {new.superseded_by}"
                if new.superseded_by
                else "only proposed"
            )
            raise UsageError(
                f"lesson {new.id} can't supersede {old.id}", found=why, todo="name a lesson that people stand behind"
            )
        if old.superseded_by == new.id:
            return old
        marked = old.model_copy(update={"superseded_by": new.id, "updated": _later(old)})
        rows.put(connection, marked)
        return marked

    def _there(self, connection: Connection, lesson_id: str) -> Lesson:
        found = rows.get(connection, lesson_id, self.tier)
        if found is None:
            raise missing(lesson_id)
        return found


def missing(lesson_id: str) -> UsageError:
    """Return what to say where there is no such lesson."""
    return UsageError(f"there is no lesson {plain(lesson_id)}", todo="`linestop lesson list --all` names them")


def _later(old: Lesson) -> datetime:
    """Return the time of a change, never before the one that it follows: clocks are set back."""
    return max(datetime.now(UTC), old.updated)
