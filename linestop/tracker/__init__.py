"""The tracker: where tickets are kept. `SqliteTracker` is the local one, `MemoryTracker` its fake for tests."""

from linestop.tracker.memory import MemoryTracker
from linestop.tracker.sqlite import SqliteTracker

__all__ = ["MemoryTracker", "SqliteTracker"]
