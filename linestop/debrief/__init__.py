"""The debrief: groups what went wrong, drafts candidates for lessons, and keeps them until a person decides."""

from linestop.debrief.model import Candidate, Decision, Ruling

__all__ = ["Candidate", "Decision", "Ruling"]
