"""The debrief: groups what went wrong, drafts candidates for lessons, and keeps them until a person decides."""

from linestop.debrief.debriefs import Debriefs
from linestop.debrief.model import Candidate, Decision, Gathering, Ruling

__all__ = ["Candidate", "Debriefs", "Decision", "Gathering", "Ruling"]
