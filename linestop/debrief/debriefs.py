"""The debriefs of a repository: gathers candidates, keeps them until a person decides, and then lets them be a lesson.

Only a person decides, and nothing is asked twice. What waits and what is drafted is gathering.py, where it lies
folder.py, what a decision does decisions.py.
"""

from linestop.debrief.decisions import Words, became, lesson_of, require_no_lesson
from linestop.debrief.folder import DebriefFolder, no_such
from linestop.debrief.gathering import Round, in_order
from linestop.debrief.material import material
from linestop.debrief.model import Candidate, Decision, Gathering, Ruling
from linestop.debrief.room import LeftOut
from linestop.errors import LinestopError, UsageError
from linestop.memory.lessons.model import Lesson
from linestop.paths import Layout
from linestop.text import plain

MAX_WHY = 1_000
MAX_AGAIN = 3  # subjects that are gathered again after a decision: 0.1 s each at most


class Debriefs:
    """The candidates of one repository."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._folder = DebriefFolder(layout)
        self._left_out = LeftOut(layout)

    def gather(self, subject: str) -> Gathering:
        """Draft what a ticket or a batch taught, and return what waits of it. Again is harmless: evidence is merged.

        Raises:
            UsageError: there is no such ticket or batch.
            RecordError: something of it can't be read or written.
        """
        found = material(self._layout, subject)
        if not any(found.tickets.values()) and not found.batch:
            return self._gathered(subject)
        with self._folder.lock():
            gathered = Round(self._folder, self._lessons()).gather(found)
            if gathered.left_out:
                self._left_out.put(subject)
            else:
                self._left_out.remove(subject)
        return gathered

    def waiting(self, subject: str = "") -> tuple[Candidate, ...]:
        """Return what a person is still to decide, of a subject or all, oldest first.

        What can't be read is passed over; `unreadable` tells of it.
        """
        found = (self._folder.readable(name) for name in self._folder.open_ids())
        chosen = [one for one in found if one and one.waits and subject in ("", one.subject)]
        return in_order(chosen)

    def decided(self) -> tuple[Candidate, ...]:
        """Return what was decided, oldest first."""
        found = [one for name in self._folder.over_ids() if (one := self._folder.readable(name)) and one.decided]
        return tuple(sorted(found, key=lambda one: (one.decided.at if one.decided else one.drafted, one.id)))

    def unreadable(self) -> tuple[str, ...]:
        """Return why candidates can't be read, a line each."""
        return tuple(filter(None, map(self._folder.trouble, self._folder.open_ids())))

    def get(self, candidate_id: str) -> Candidate:
        """Return one candidate, waiting or decided.

        Raises:
            UsageError: there is none of that id.
            RecordError: its file can't be read.
        """
        found = self._folder.get(candidate_id)
        if found is None:
            raise no_such(candidate_id)
        return found

    def decide(
        self,
        candidate_id: str,
        ruling: Ruling,
        *,
        by: str,
        why: str = "",
        words: Words | None = None,
        answer: str = "",
    ) -> Lesson | None:
        """Decide a candidate as a person; return the lesson that it became, None where it was dropped.

        `words` replace the draft's; `answer` names the form's answer, where it came by one. What can't be taken (a
        secret in it, a contradiction nobody owned up to) changes nothing: the candidate waits on. The same decision of
        the same person again changes nothing either. What found no room before is drafted where there is some now.

        Raises:
            UsageError: there is none of that id, somebody else was first, nobody says who, or a drop has no why.
            LinestopError: the lesson was refused or can't be written.
        """
        if not by.strip():
            raise UsageError("only a person decides", found="no name", todo="say who decides")
        if ruling is Ruling.DROP and not why.strip():
            raise UsageError("a candidate is dropped for a reason", todo='give it: --why "…"')
        with self._folder.lock():
            candidate = self.get(candidate_id)
            if candidate.decided:
                return self._again(candidate, ruling, by)
            if ruling is Ruling.DROP:
                require_no_lesson(self._layout, candidate)
            lesson = None if ruling is Ruling.DROP else lesson_of(self._layout, candidate, words or Words())
            ruling = ruling if lesson is None or became(candidate, lesson) else Ruling.EDIT
            decision = Decision(
                ruling=ruling,
                by=plain(by, limit=100),
                why=plain(why, limit=MAX_WHY),
                lesson=lesson.id if lesson else "",
                answer=answer,
            )
            self._folder.put(candidate.model_copy(update={"decided": decision}))
        self._use_room()
        return lesson

    def refuse(self, candidate_id: str, answer: str, reason: str) -> None:
        """Note why an answer could not be taken, by the answer's key: it isn't tried again, another is asked for."""
        with self._folder.lock():
            candidate = self.get(candidate_id)
            if candidate.decided is None and answer not in candidate.refused:
                refused = {**candidate.refused, answer: plain(reason, limit=MAX_WHY)}
                self._folder.put(candidate.model_copy(update={"refused": refused}))

    def _use_room(self) -> None:
        """Gather again what found no room before a decision made some. The decision stands, whatever comes of this."""
        for subject in self._left_out.subjects()[:MAX_AGAIN]:
            try:
                self.gather(subject)
            except UsageError:  # no such ticket any more
                self._left_out.remove(subject)
            except LinestopError:  # its mark stays for another time
                return

    def _again(self, candidate: Candidate, ruling: Ruling, by: str) -> Lesson | None:
        decision = candidate.decided
        assert decision is not None  # noqa: S101  # the caller looked
        same = (decision.ruling is Ruling.DROP) == (ruling is Ruling.DROP) and decision.by == plain(by, limit=100)
        if not same:
            became_ = f", lesson {decision.lesson}" if decision.lesson else ""
            raise UsageError(
                f"candidate {candidate.id} is decided already",
                found=f"{decision.ruling} by {decision.by} at {decision.at:%Y-%m-%d %H:%M} UTC{became_}",
                todo="change the lesson itself: linestop lesson edit" if decision.lesson else "",
            )
        return next((one for one in self._lessons() if one.id == decision.lesson), None)

    def _gathered(self, subject: str) -> Gathering:
        return Gathering(subject=subject, waiting=tuple(one.id for one in self.waiting(subject)))

    def _lessons(self) -> tuple[Lesson, ...]:
        from linestop.memory.lessons import Lessons  # noqa: PLC0415  # as needed

        return Lessons(self._layout).list(all=True)
