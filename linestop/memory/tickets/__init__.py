"""What one ticket learned: failures with their signatures, signs, reflections, corrections. Gone with nobody's run."""

from linestop.memory.tickets.book import TicketBook, books, kept
from linestop.memory.tickets.learned import Learned, learned_by
from linestop.memory.tickets.model import Correction, Failure, Reflection, Sign, Tally
from linestop.memory.tickets.signature import signature

__all__ = [
    "Correction",
    "Failure",
    "Learned",
    "Reflection",
    "Sign",
    "Tally",
    "TicketBook",
    "books",
    "kept",
    "learned_by",
    "signature",
]
