"""What people are shown of a ticket's book: its signs and corrections, or why they can't be read."""

from pydantic import BaseModel, ConfigDict

from linestop.errors import LinestopError
from linestop.memory.tickets.book import TicketBook
from linestop.memory.tickets.model import Correction, Sign
from linestop.paths import Layout
from linestop.text import plain


class Learned(BaseModel):
    """Signs, solved ones too, and corrections of a ticket, oldest first. `problem` says why there may be more."""

    model_config = ConfigDict(frozen=True)

    signs: tuple[Sign, ...] = ()
    corrections: tuple[Correction, ...] = ()
    problem: str = ""


def learned_by(layout: Layout, ticket_id: str) -> Learned:
    """Return what a ticket learned; a book that can't be read hides nothing else of the ticket."""
    try:
        book = TicketBook(layout, ticket_id)
        return Learned(signs=book.signs(all=True), corrections=book.corrections())
    except LinestopError as error:
        return Learned(problem=plain(error.gist, limit=400))
