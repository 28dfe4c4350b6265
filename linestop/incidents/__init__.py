"""Incidents: line stops with their evidence, and what must be there before one closes (SPEC.md section 7).

Who opens one is tasks/; refusing forward steps while one is open is the caller's, with `IncidentStore.blocking`.
"""

from linestop.incidents.classes import FailureClass, classify
from linestop.incidents.model import Closing, Incident, Prevention, Scope, Sweep, Why
from linestop.incidents.store import IncidentStore

__all__ = [
    "Closing", "FailureClass", "Incident", "IncidentStore", "Prevention", "Scope", "Sweep", "Why", "classify",
]  # fmt: skip
