"""Scenarios: what a scripted agent does, turn by turn. Owns the file format; engine and server play it."""

from linestop.scenarios.model import Act, Call, FaultKind, For, Scenario, ScriptedFault, Turn
from linestop.scenarios.reading import read_scenario

__all__ = ["Act", "Call", "FaultKind", "For", "Scenario", "ScriptedFault", "Turn", "read_scenario"]
