"""The scripted model server: answers agents from a scenario file, on the wires of the great providers, faults included.

No model, no key, no network. `ScriptedServer` is for tests, `linestop lab serve` for the terminal.
"""

from linestop.deployments.lab_server.application import Asked
from linestop.deployments.lab_server.server import ScriptedServer

__all__ = ["Asked", "ScriptedServer"]
