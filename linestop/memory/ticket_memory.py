"""A ticket's own memory as a run uses it: nothing of it ever fails the run. What it opens is tickets/book.py."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TypeVar

from linestop.memory.tickets.model import Correction, Failure, Reflection, Sign, Tally
from linestop.paths import Layout

if TYPE_CHECKING:
    from linestop.memory.tickets import TicketBook

T = TypeVar("T")
U = TypeVar("U")
_WRITE, _READ = "what the ticket learned can't be written", "what the ticket learned can't be read"


class Attempts(Protocol):
    """What says a problem instead of raising it: `Memory`."""

    def attempt(self, what: str, action: Callable[[], T], otherwise: U, *, about: str = "") -> T | U:
        """Return what the action returns, else `otherwise`."""


class TicketMemory:
    """The verbs of a `TicketBook`. Where memory is off or broken, nothing is kept and nothing was there."""

    def __init__(self, memory: Attempts, layout: Layout, ticket_id: str) -> None:
        self._memory, self._layout, self._ticket = memory, layout, ticket_id

    def fail(self, failure: Failure) -> Tally:
        """Note a failed attempt and return how often it came; 0 where that is unknown."""
        return self._memory.attempt(_WRITE, lambda: self._book().fail(failure), Tally(times=0), about=self._ticket)

    def reflect(self, reflection: Reflection) -> None:
        """Keep what a maker said of its failed attempt."""
        self._memory.attempt(_WRITE, lambda: self._book().reflect(reflection), None, about=self._ticket)

    def correct(self, correction: Correction) -> None:
        """Keep a note of a reviewer or a person."""
        self._memory.attempt(_WRITE, lambda: self._book().correct(correction), None, about=self._ticket)

    def solve(self, chunk_id: str) -> None:
        """Mark a chunk's signs as solved: it was approved."""
        self._memory.attempt(_WRITE, lambda: self._book().solve(chunk_id), None, about=self._ticket)

    def signs(self, *, all: bool = False) -> tuple[Sign, ...]:  # noqa: A002  # the book's word
        """Return the unsolved signs, or all of them."""
        return self._memory.attempt(_READ, lambda: self._book().signs(all=all), (), about=self._ticket)

    def corrections(self, chunk: str = "") -> tuple[Correction, ...]:
        """Return the corrections, those of a chunk and of all the ticket where one is named."""
        return self._memory.attempt(_READ, lambda: self._book().corrections(chunk), (), about=self._ticket)

    def reflections(self, chunk: str = "") -> tuple[Reflection, ...]:
        """Return the reflections, of a chunk where one is named."""
        return self._memory.attempt(_READ, lambda: self._book().reflections(chunk), (), about=self._ticket)

    def failures(self) -> tuple[Failure, ...]:
        """Return every failure."""
        return self._memory.attempt(_READ, lambda: self._book().failures(), (), about=self._ticket)

    def _book(self) -> "TicketBook":
        from linestop.memory.tickets import TicketBook  # noqa: PLC0415  # as needed

        return TicketBook(self._layout, self._ticket)
