"""The ports: what the loops need of the world, as Protocols.

Adapters live in blocks/; tests/contracts/ holds each suite.
"""

from linestop.ports.engine import Discovered, Dispatch, Engine, Limits, Preflight, Work
from linestop.ports.local_models import LocalModel, LocalServer
from linestop.ports.money import ModelFacts, PriceBook
from linestop.ports.repository import Candidate, CheckRunner, FindingSource, Scan, Workspaces
from linestop.ports.sandbox import MODEL_PORT, Cell, Confinement, Mount, Network, Ran, Sandbox, SandboxCommand
from linestop.ports.tracker import Tracker

__all__ = [
    "MODEL_PORT",
    "Candidate",
    "Cell",
    "CheckRunner",
    "Confinement",
    "Discovered",
    "Dispatch",
    "Engine",
    "FindingSource",
    "Limits",
    "LocalModel",
    "LocalServer",
    "ModelFacts",
    "Mount",
    "Network",
    "Preflight",
    "PriceBook",
    "Ran",
    "Sandbox",
    "SandboxCommand",
    "Scan",
    "Tracker",
    "Work",
    "Workspaces",
]
