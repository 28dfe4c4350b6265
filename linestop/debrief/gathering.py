"""One gathering: groups become candidates, next to what waits, what was decided and what lessons say already.

Holds what is in the folder while it goes on, so that a candidate's file is read once. Needs the folder's lock.
"""

from collections.abc import Iterable

from linestop.debrief.drafting import candidate_id, covering, drafted
from linestop.debrief.folder import DebriefFolder
from linestop.debrief.group import Group
from linestop.debrief.material import Material
from linestop.debrief.merging import absorbs, redrafted, with_history
from linestop.debrief.model import Candidate, Gathering
from linestop.errors import RecordError
from linestop.memory.lessons.model import Lesson

MAX_WAITING = 200  # of a repository: beyond, nobody reads them
MAX_OF_SUBJECT = 12  # of one ticket or batch


class Round:
    """Drafts the groups of a ticket or a batch. What can't be read is left as it is and hides no other."""

    def __init__(self, folder: DebriefFolder, lessons: tuple[Lesson, ...]) -> None:
        self._folder = folder
        self._lessons = lessons
        self._open = {name: one for name in folder.open_ids() if (one := folder.readable(name)) and not one.decided}
        self._new: list[str] = []
        self._left_out: list[str] = []
        self._covered = 0

    def gather(self, found: Material) -> Gathering:
        """Draft all groups, those of tickets before those of their batch, and return what came of it."""
        for ticket, groups in found.tickets.items():
            for group in groups:
                self._draft(ticket, group, found)
        for group in found.batch:
            if not self._is_over_in_each_ticket(group):
                self._draft(found.subject, group, found)
        return Gathering(
            subject=found.subject,
            waiting=waiting_of(found.subject, self._open.values()),
            drafted=tuple(name for name in self._new if self._open[name].waits),
            covered=self._covered,
            left_out=tuple(self._left_out),
        )

    def _draft(self, subject: str, group: Group, found: Material) -> None:
        try:
            known = self._folder.get(candidate_id(group, subject))
        except RecordError:
            return
        draft = with_history(drafted(group, subject, said=found.said(group)), self._earlier(group))
        if known:
            self._keep(draft, known)
        elif covering(draft, self._lessons):
            self._covered += 1
        elif not self._has_room(subject):
            self._left_out.append(draft.title)
        else:
            self._new.append(draft.id)
            self._keep(draft, None)

    def _keep(self, draft: Candidate, known: Candidate | None) -> None:
        if known and known.decided:
            return
        kept = redrafted(known, draft) if known else draft
        if kept != known:
            kept = self._folder.put(kept)
        self._open[kept.id] = kept
        for other in list(self._open.values()) if kept.waits else ():
            if other.id != kept.id and other.waits and absorbs(kept, other):
                self._open[other.id] = self._folder.put(other.model_copy(update={"merged": kept.id}))

    def _is_over_in_each_ticket(self, group: Group) -> bool:
        """Return whether a batch's group was decided in each of its tickets: there is nothing more to ask."""
        found = (self._folder.readable(candidate_id(group, ticket)) for ticket in group.tickets)
        return all(one is not None and one.decided for one in found)

    def _earlier(self, group: Group) -> tuple[Candidate, ...]:
        found = (self._folder.readable(name) for name in self._folder.over_ids(group.hash))
        return tuple(one for one in found if one and one.decided)

    def _has_room(self, subject: str) -> bool:
        waiting = [one for one in self._open.values() if one.waits]
        return len(waiting) < MAX_WAITING and sum(one.subject == subject for one in waiting) < MAX_OF_SUBJECT


def in_order(candidates: list[Candidate]) -> tuple[Candidate, ...]:
    """Return candidates as people are shown them: oldest first, the dearer of two first."""
    return tuple(sorted(candidates, key=lambda one: (one.drafted, -one.weight, one.id)))


def waiting_of(subject: str, candidates: Iterable[Candidate]) -> tuple[str, ...]:
    """Return the ids of a subject's candidates that wait, in order."""
    return tuple(one.id for one in in_order([one for one in candidates if one.waits and one.subject == subject]))
