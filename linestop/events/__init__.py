"""Events: what a dispatch did, one JSON object a line. Owns their model, identities, writer and readers."""

from linestop.events.log import MAX_TEXT, EventLog, read_events
from linestop.events.model import SCHEMA, Action, Event, EventKind, Fault, Outcome, Usage
from linestop.events.tools import call_identity

__all__ = [
    "MAX_TEXT",
    "SCHEMA",
    "Action",
    "Event",
    "EventKind",
    "EventLog",
    "Fault",
    "Outcome",
    "Usage",
    "call_identity",
    "read_events",
]
