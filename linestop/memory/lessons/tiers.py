"""The lessons of a repository and those of all repositories of this user, as one."""

from collections.abc import Sequence
from typing import Any

from linestop.errors import UsageError
from linestop.memory.lessons.drafting import current_hash
from linestop.memory.lessons.model import Former, Lesson, Tier, Trust
from linestop.memory.lessons.search import ranked
from linestop.memory.lessons.store import LessonStore, missing
from linestop.paths import Layout, global_lessons
from linestop.text import plain


class Lessons:
    """Both tiers with the verbs of one. Each method raises RecordError where a store can't be used."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.stores = {
            Tier.REPOSITORY: LessonStore(layout.lessons, Tier.REPOSITORY),
            Tier.GLOBAL: LessonStore(global_lessons(), Tier.GLOBAL),
        }

    def list(self, *, all: bool = False) -> tuple[Lesson, ...]:  # noqa: A002
        """Return the lessons of both tiers, oldest first; `all`: those superseded or only proposed too."""
        found = [one for store in self.stores.values() for one in store.list(all=all)]
        return tuple(sorted(found, key=lambda one: (one.created, one.id)))

    def told(self, role: str) -> tuple[Lesson, ...]:
        """Return what a role may be told, oldest first: a person stands behind it, and nothing superseded it."""
        return tuple(one for one in self.list() if not one.roles or role in one.roles)

    def recall(self, words: Sequence[str] = (), *, files: Sequence[str] = ()) -> tuple[Lesson, ...]:
        """Return the lessons that speak of the words, or are about the files, best first. Proposals are among them."""
        live = [one for one in self.list(all=True) if not one.superseded_by]
        return ranked(live, words, files)

    def get(self, lesson_id: str) -> Lesson:
        """Return one lesson, by its id or by a beginning or an end of it that no other has.

        Raises:
            UsageError: there is none, or there are several.
        """
        everything = self.list(all=True)
        exact = [one for one in everything if one.id == lesson_id]
        near = [one for one in everything if lesson_id and (one.id.startswith(lesson_id) or one.id.endswith(lesson_id))]
        found = exact or near
        if not found:
            raise missing(lesson_id)
        if len(found) > 1:
            raise UsageError(
                f"{plain(lesson_id)} names several lessons",
                found=", ".join(one.id for one in found[:5]),
                todo="name one of them in full",
            )
        return found[0]

    def former(self, lesson_id: str) -> tuple[Former, ...]:
        """Return what a lesson said before each change, oldest first; of a removed one too, by its full id."""
        return tuple(one for store in self.stores.values() for one in store.former(lesson_id))

    def add(self, lesson: Lesson, *, supersedes: str = "", anyway: bool = False) -> Lesson:
        """Keep a new lesson as a person's, and return it.

        Raises:
            UsageError: it contradicts another that it doesn't name, and not `anyway`; or it may not be kept.
        """
        return self._store(lesson).add(lesson.model_copy(update={"trust": Trust.PERSON}))

    def propose(self, lesson: Lesson) -> Lesson:
        """Keep what an agent or a machine proposes: people see it, nobody is told."""
        return self._store(lesson).add(lesson.model_copy(update={"trust": Trust.PROPOSED}))

    def edit(self, lesson_id: str, *, anyway: bool = False, **changes: Any) -> Lesson:
        """Change fields of a lesson and return it."""
        return self._store(self.get(lesson_id)).edit(self.get(lesson_id).id, **changes)

    def _store(self, lesson: Lesson) -> LessonStore:
        if lesson.tier is Tier.REPOSITORY:
            self.layout.ensure()
        return self.stores[lesson.tier]
