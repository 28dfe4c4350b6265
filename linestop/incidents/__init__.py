"""Incidents: line stops with their evidence, and what must be there before one closes (SPEC.md section 7).

Who opens one is tasks/. Refusing while one is open is the caller's, with `IncidentStore.blocking`: a stopped ticket
stays stopped (tasks/planner.py) and isn't released (`linestop ticket`); wider scopes refuse nothing yet (decision 070).
"""

from linestop.incidents.classes import FailureClass, classify
from linestop.incidents.model import Closing, Incident, Prevention, Scope, Sweep, Why
from linestop.incidents.store import IncidentStore

__all__ = [
    "Closing", "FailureClass", "Incident", "IncidentStore", "Prevention", "Scope", "Sweep", "Why", "classify",
]  # fmt: skip
