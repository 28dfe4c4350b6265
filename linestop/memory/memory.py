"""A run's memory: what it learns goes in, what a dispatch may be told comes out, and nothing of it fails the run.

Owns the one place where errors of memory are caught: a ticket is never worse off for a memory that is full, locked or
broken, so each problem is said once, loudly, and the work goes on without. Files and formats are the rooms beside it.
"""

import threading
import weakref
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, TypeVar

from linestop.briefs.model import Told
from linestop.home import stand_in
from linestop.memory.cautions.model import Caution
from linestop.memory.faults import expected, in_words, kind_of
from linestop.memory.lessons.model import Lesson, Tier
from linestop.memory.placing import placed
from linestop.memory.ticket_memory import TicketMemory
from linestop.paths import Layout, global_lessons
from linestop.policy import MemoryPolicy
from linestop.ports.engine import judges

if TYPE_CHECKING:
    from linestop.memory.cautions import CautionLog

T = TypeVar("T")
U = TypeVar("U")
Say = Callable[[str], None]
MAX_OPEN = 8  # caution files at a time: one a dispatch that runs now
MAX_PROBLEMS = 20  # said one by one; a memory that breaks in more ways is broken enough
CANDIDATES = 400  # cautions, and lessons of a tier, that a brief chooses from at least
SHORTEST = 100  # characters of an item in a brief: a larger brief chooses from as many as it has room for
PATIENCE_SECONDS = 2.0  # with a lock that another holds: a dispatch waits no longer for what it may be told
SLOW_SECONDS = 1.0  # what fails later than that waited for somebody
REST_SECONDS = 60.0
_UNTOLD = "further problems of memory are not said one by one"


class Memory:
    """What is remembered of a repository, as a run uses it. Nothing here raises. May be used from several threads.

    `say` hears of every problem once. `refused` returns why memory must not be used here, empty where it may: it is
    asked at the first use.
    """

    def __init__(
        self,
        layout: Layout,
        policy: MemoryPolicy,
        *,
        say: Say | None = None,
        refused: Callable[[], str] | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._layout, self._policy, self._refused, self._clock = layout, policy, refused, clock
        self._hearers: list[Say] = [say] if say else []
        self._problems: dict[str, str] = {}
        self._off: str | None = None
        self._lock = threading.RLock()
        self._resting: dict[tuple[str, str], float] = {}
        self._logs: dict[str, CautionLog] = {}
        weakref.finalize(self, _close, self._logs)

    @property
    def off(self) -> str:
        """Return why nothing is remembered and nothing told, empty where memory is on."""
        with self._lock:
            if self._off is None:
                self._off = "" if self._policy.enabled else "the policy turns it off (memory.enabled)"
                if self._policy.enabled and self._refused and (why := _worded(self._refused)):
                    self._off = why
                    self._tell("off", f"memory.off {why}")
                elif not self._off and (instead := _worded(stand_in)):
                    self._tell("home", f"memory.broken {instead}; the run goes on without")
            return self._off

    @property
    def problems(self) -> tuple[str, ...]:
        """Return what is wrong with memory, a line each, as it was said."""
        _ = self.off
        with self._lock:
            return tuple(self._problems.values())

    def hear(self, say: Say) -> None:
        """Let somebody else hear of problems too: of those up to now at once, of later ones as they come."""
        for problem in self.problems:
            say(problem)
        with self._lock:
            self._hearers.append(say)

    def caution(self, caution: Caution, *, workspace: Path | None = None) -> None:
        """Remember a caution; its file is made relative to the workspace and hashed there where it has no hash."""
        if not self.off:
            write = partial(self._append, placed(caution, workspace))
            self.attempt("cautions can't be written", write, None, about=caution.run)

    def book(self, ticket_id: str) -> TicketMemory:
        """Return what a ticket itself learned: failures, signs, reflections, corrections."""
        return TicketMemory(self, self._layout, ticket_id)

    def told(
        self, ticket_id: str, *, role: str, chunk: str, files: Sequence[str], budget_chars: int | None = None
    ) -> Told:
        """Return what a dispatch may be told, unranked. `files` are those in play, `budget_chars` all that fits.

        A role that judges is told nothing of the ticket's maker: no signs, corrections, reflections, and no cautions
        of the ticket.
        """
        if self.off:
            return Told(problems=self.problems)
        files = [file for file in files if _is_text(file)]
        judging = judges(role)
        book = self.book(ticket_id)
        most = max(CANDIDATES, (budget_chars or 0) // SHORTEST)
        cautions = self.attempt("cautions can't be read", lambda: self._recall(files, most), ())
        told = Told(
            signs=() if judging else book.signs(all=True),
            corrections=() if judging else book.corrections(chunk),
            reflections=() if judging else book.reflections(chunk),
            lessons=self._lessons(role, files, most),
            cautions=tuple(one for one in cautions if not (judging and one.ticket == ticket_id)),
        )
        return told.model_copy(update={"problems": self.problems})

    def report(self, problem: str) -> None:
        """Say a problem that is found beside memory and concerns what is told, once."""
        self._tell(problem, problem)

    def attempt(self, what: str, action: Callable[[], T], otherwise: U, *, about: str = "") -> T | U:
        """Return what an action returns, or `otherwise` where memory is off or the action fails, which is said.

        What took long to fail, as a lock that nobody gives back, isn't tried again for a while with the same `about`.
        """
        started = self._clock()
        if self.off or started < self._resting.get((what, about), 0.0):
            return otherwise
        try:
            return action()
        except expected() as error:  # memory may never fail a run: see the module
            self._broken(what, error)
            if self._clock() - started > SLOW_SECONDS:
                self._resting[what, about] = self._clock() + REST_SECONDS
            return otherwise

    def close(self) -> None:
        """Close the files that are being written; what comes later opens them again."""
        with self._lock:
            self.attempt("cautions can't be closed", lambda: _close(self._logs), None)

    def _append(self, caution: Caution) -> None:
        from linestop.memory.cautions import CautionLog  # noqa: PLC0415  # as needed

        with self._lock:
            log = self._logs.pop(caution.run, None) or CautionLog(self._layout, caution.run)
            self._logs[caution.run] = log  # the one used last stands last
            while len(self._logs) > MAX_OPEN:
                del self._logs[next(iter(self._logs))]  # closes with the last who writes to it
        log.append(caution)

    def _recall(self, files: Sequence[str], most: int) -> tuple[Caution, ...]:
        from linestop.memory.cautions import recall  # noqa: PLC0415

        return recall(self._layout, files, limit=most)

    def _lessons(self, role: str, files: Sequence[str], most: int) -> tuple[Lesson, ...]:
        """Return both tiers' lessons for a role, oldest first; where one can't be read, the other's."""
        from linestop.memory.lessons import LessonStore  # noqa: PLC0415

        found: list[Lesson] = []
        for tier, place in ((Tier.REPOSITORY, lambda: self._layout.lessons), (Tier.GLOBAL, global_lessons)):

            def read(tier: Tier = tier, place: Callable[[], Path] = place) -> Sequence[Lesson]:
                store = LessonStore(place(), tier, patience_seconds=PATIENCE_SECONDS)
                return store.told(role, files=files, limit=most)

            found += self.attempt(f"{tier} lessons can't be read", read, ())
        return tuple(sorted(found, key=_age))

    def _broken(self, what: str, error: BaseException) -> None:
        self._tell(f"{what} {kind_of(error)}", f"memory.broken {what}: {in_words(error)}; the run goes on without")

    def _tell(self, key: str, text: str) -> None:
        with self._lock:
            if key in self._problems or len(self._problems) > MAX_PROBLEMS:
                return
            self._problems[key] = text = text if len(self._problems) < MAX_PROBLEMS else f"memory.broken {_UNTOLD}"
            hearers = tuple(self._hearers)
        for say in hearers:
            say(text)


def _worded(question: Callable[[], str]) -> str:
    """Return what is wrong as a question tells it; what can't be looked at is wrong as well."""
    try:
        return question()
    except expected() as error:
        return in_words(error)


def _is_text(file: str) -> bool:
    """Return whether a file's name is text: git knows others too, of which nothing can be remembered by name."""
    try:
        return bool(file.encode())
    except UnicodeEncodeError:
        return False


def _age(lesson: Lesson) -> tuple[datetime, str]:
    return lesson.created, lesson.id


def _close(logs: dict[str, "CautionLog"]) -> None:
    while logs:
        logs.popitem()[1].close()
