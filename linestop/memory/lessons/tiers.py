"""The lessons of a repository and those of all repositories of this user, as one."""

from collections.abc import Sequence
from typing import Any

from linestop.errors import RecordError, UsageError
from linestop.memory.lessons.contradictions import refuse
from linestop.memory.lessons.drafting import current_hash, inside
from linestop.memory.lessons.model import Former, Lesson, Tier, Trust
from linestop.memory.lessons.search import ranked
from linestop.memory.lessons.store import LessonStore, Look, missing
from linestop.memory.lessons.transfer import Imported, bring
from linestop.paths import Layout, global_lessons
from linestop.text import plain

_COMPARED = frozenset({"title", "file", "roles"})  # what a contradiction is seen by
_BY_VERBS = {
    "trust": "`linestop lesson accept` gives it",
    "superseded_by": "`linestop lesson supersede` sets it, `accept` takes it back",
    "file_hash": "`linestop lesson confirm` sets it",
}
_MAX_NAMED = 5


class Lessons:
    """Both tiers with the verbs of one. Each method raises RecordError where a store can't be used.

    Each verb is a person's act. What an agent or a machine has to say is no lesson: it is a candidate of a debrief, or
    is imported as a proposal. An id may be given by a beginning or an end that no other has.
    """

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.stores = {
            Tier.REPOSITORY: LessonStore(layout.lessons, Tier.REPOSITORY),
            Tier.GLOBAL: LessonStore(global_lessons(), Tier.GLOBAL),
        }

    def list(self, *, all: bool = False) -> tuple[Lesson, ...]:  # noqa: A002  # reads as the command's option
        """Return the lessons of both tiers, oldest first; `all`: those superseded or only proposed too."""
        found = [one for store in self.stores.values() for one in store.list(all=all)]
        return tuple(sorted(found, key=lambda one: (one.created, one.id)))

    def readable(self) -> tuple[tuple[Lesson, ...], tuple[RecordError, ...]]:
        """Return all lessons of the tiers that can be read, oldest first, and what is wrong with the other tiers."""
        found: list[Lesson] = []
        broken: list[RecordError] = []
        for store in self.stores.values():
            try:
                found += store.list(all=True)
            except RecordError as error:
                broken.append(error)
        return tuple(sorted(found, key=lambda one: (one.created, one.id))), tuple(broken)

    def told(self, role: str, *, files: Sequence[str] = (), limit: int | None = None) -> tuple[Lesson, ...]:
        """Return what a role may be told, oldest first: a person stands behind it, and nothing superseded it.

        With a `limit`, of each tier those about the files in play or their folders, then the newest of the rest.
        """
        found = [one for store in self.stores.values() for one in store.told(role, files=files, limit=limit)]
        return tuple(sorted(found, key=lambda one: (one.created, one.id)))

    def recall(
        self, words: Sequence[str] = (), *, files: Sequence[str] = (), among: Sequence[Lesson] | None = None
    ) -> tuple[Lesson, ...]:
        """Return the lessons that speak of the words, or are about the files, best first. Proposals are among them."""
        there = self.list(all=True) if among is None else among
        return ranked([one for one in there if not one.superseded_by], words, files)

    def get(self, lesson_id: str) -> Lesson:
        """Return one lesson.

        Raises:
            UsageError: there is none, or there are several.
        """
        exact = (store.find(lesson_id) for store in self.stores.values())
        if found := next((one for one in exact if one), None):
            return found
        ends = [one for one in self.list(all=True) if one.id.startswith(lesson_id) or one.id.endswith(lesson_id)]
        if not lesson_id or not ends:
            raise missing(lesson_id)
        if len(ends) > 1:
            named = ", ".join(one.id for one in ends[:_MAX_NAMED])
            raise UsageError(f"{plain(lesson_id)} names several lessons", found=named, todo="name one of them in full")
        return ends[0]

    def former(self, lesson_id: str) -> tuple[Former, ...]:
        """Return what a lesson said before each change, oldest first; of a removed one too, by its full id."""
        return tuple(one for store in self.stores.values() for one in store.former(lesson_id))

    def staleness(self, lesson: Lesson) -> str:
        """Return `changed` or `gone` where a lesson's file is no more what it was, empty where it is fresh."""
        if not lesson.file or lesson.tier is Tier.GLOBAL:
            return ""
        now = current_hash(self.layout, lesson.file, lesson.tier)
        return "" if now and now == lesson.file_hash else "changed" if now else "gone"

    def add(self, lesson: Lesson, *, supersedes: str = "", anyway: bool = False) -> Lesson:
        """Keep a new lesson as a person's, and return it.

        Raises:
            UsageError: it contradicts another that it neither names nor supersedes, and not `anyway`; or it may not be
                kept.
        """
        self._require_new(lesson)
        old = self.get(supersedes) if supersedes else None
        if old:
            _require_wider(old, lesson)
        look = None if anyway else self._look(lesson.tier, old.id if old else "")
        same_tier = bool(old) and old.tier is lesson.tier if old else False
        new = lesson.model_copy(update={"trust": Trust.PERSON, "contradicts": self._ids(lesson.contradicts)})
        kept = self._store(lesson.tier).add(new, supersedes=old.id if old and same_tier else "", look=look)
        if old and not same_tier:
            self._store(old.tier).supersede_by(old.id, kept)
        return kept

    def accept(self, lesson_id: str, *, anyway: bool = False) -> Lesson:
        """Have a proposal told, or a lesson that was superseded told again, as a person's; return it.

        Raises:
            UsageError: there is none, it is told already, or it contradicts another lesson and not `anyway`.
        """
        found = self.get(lesson_id)
        if found.is_told:
            raise UsageError(
                f"lesson {found.id} is accepted already",
                found="a person stands behind it",
                todo=f"`linestop lesson edit {found.id}` changes it",
            )
        look = None if anyway else self._look(found.tier)
        return self._store(found.tier).edit(found.id, look=look, trust=Trust.PERSON, superseded_by="")

    def edit(self, lesson_id: str, *, anyway: bool = False, **changes: Any) -> Lesson:
        """Change fields of a lesson and return it; its former text is kept.

        Raises:
            UsageError: as `add`; or the field isn't one that is edited.
        """
        found = self.get(lesson_id)
        if given := changes.keys() & _BY_VERBS.keys():
            name = min(given)
            raise UsageError(f"a lesson's {name} isn't edited", found=str(changes[name]), todo=_BY_VERBS[name])
        if "file" in changes:
            file = inside(self.layout, str(changes["file"]))
            changes = {**changes, "file": file, "file_hash": current_hash(self.layout, file, found.tier)}
        compared = found.trust is Trust.PERSON and bool(changes.keys() & _COMPARED)
        look = self._look(found.tier) if compared and not anyway else None
        return self._store(found.tier).edit(found.id, look=look, **changes)

    def remove(self, lesson_id: str, *, forget: bool = False) -> Lesson:
        """Take a lesson out and return it; its text stays in the history unless it is to be forgotten.

        One that was removed before can be forgotten too, by its full id.
        """
        try:
            found = self.get(lesson_id)
        except UsageError:
            removed = [tier for tier, store in self.stores.items() if forget and store.former(lesson_id)]
            gone = [one for tier in removed if (one := self._store(tier).forget(lesson_id))]
            if not gone:
                raise
            return gone[-1]
        return self._store(found.tier).remove(found.id, forget=forget)

    def supersede(self, old: str, new: str) -> Lesson:
        """Mark a lesson as superseded by another, and return it.

        Raises:
            UsageError: one of them isn't there, or the new one may not stand in the old one's place.
        """
        before, after = self.get(old), self.get(new)
        _require_wider(before, after)
        store = self._store(before.tier)
        return (
            store.supersede(before.id, after.id) if after.tier is before.tier else store.supersede_by(before.id, after)
        )

    def confirm(self, lesson_id: str) -> Lesson:
        """Note that a lesson still holds for its file as it is now, and return it.

        Raises:
            UsageError: it is about no file, or the file isn't there.
        """
        found = self.get(lesson_id)
        now = current_hash(self.layout, found.file, found.tier)
        if not now:
            raise UsageError(
                f"lesson {found.id} can't be confirmed",
                found=f"{found.file} isn't there"
                if found.file
                else "it is about no file of this repository: never stale",
                todo=f"linestop lesson edit {found.id} --file PATH, or remove it"
                if found.file
                else "nothing; `linestop lesson edit` changes it",
            )
        return self._store(found.tier).confirm(found.id, now)

    def contradict(self, lesson_id: str, other: str) -> Lesson:
        """Note that a lesson disagrees with another, knowingly, and return it."""
        found, against = self.get(lesson_id), self.get(other)
        if found.id == against.id:
            raise UsageError("a lesson doesn't contradict itself", found=found.id, todo="name another")
        names = tuple(dict.fromkeys((*found.contradicts, against.id)))
        return self._store(found.tier).edit(found.id, contradicts=names)

    def import_(self, lessons: Sequence[Lesson], tier: Tier) -> Imported:
        """Write lessons of a file in one transaction: new ones come, others are replaced, none is deleted.

        What is only proposed never replaces what a person stands behind. Their trust is what each says: who may say so
        is asked before.

        Raises:
            UsageError: one may not be kept, is the other tier's already, or they supersede each other in a circle.
        """
        elsewhere = {one.id for store in self.stores.values() if store.tier is not tier for one in store.list(all=True)}
        return bring(self._store(tier), lessons, elsewhere)

    def _look(self, tier: Tier, supersedes: str = "") -> Look:
        """Return what keeps a contradiction out; the other tier is read beforehand."""
        elsewhere = [one for store in self.stores.values() if store.tier is not tier for one in store.list()]
        return lambda new, others: refuse(new, [*others, *elsewhere], supersedes=supersedes)

    def _require_new(self, lesson: Lesson) -> None:
        if any(store.find(lesson.id) for store in self.stores.values()):
            raise UsageError(f"there is a lesson {lesson.id} already", todo="`linestop lesson edit` changes it")

    def _ids(self, names: Sequence[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.get(name).id for name in names))

    def _store(self, tier: Tier) -> LessonStore:
        """Return the store that is written to, with the repository's state folder and its ignore file made."""
        if tier is Tier.REPOSITORY:
            self.layout.ensure()
        return self.stores[tier]


def _require_wider(old: Lesson, new: Lesson) -> None:
    """Refuse to take a lesson from all repositories for the sake of one."""
    if old.tier is Tier.GLOBAL and new.tier is Tier.REPOSITORY:
        raise UsageError(
            f"lesson {old.id} of all repositories can't be superseded by one repository's",
            found=new.id,
            todo=f"--contradicts {old.id} keeps both; add the new one with --global to replace it everywhere",
        )
