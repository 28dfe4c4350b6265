"""What a preset is: all that linestop knows of one agent's command line. Runs nothing itself.

A start is values only: an argv (never a shell), what goes to stdin, environment, and files of a home that is thrown
away afterwards. The key in them is FAKE_KEY: the real one is put in by the model proxy, outside of the sandbox.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar

from linestop.engines import Endpoint, Wire

FAKE_KEY = "linestop-keeps-the-key-outside"
QUIET = {"NO_COLOR": "1", "TERM": "dumb", "CI": "1", "DO_NOT_TRACK": "1", "PYTHONDONTWRITEBYTECODE": "1"}


class Telling(StrEnum):
    """How a running agent is told something."""

    HOOKS = "hooks"  # its own hooks tell it after its next tool call, and can refuse one before it is made
    RESUME = "resume"  # it is ended, and its session goes on with what it must be told
    NONE = "none"


@dataclass(frozen=True)
class Errand:
    """What a preset needs to know to start its agent. `base` is the endpoint's URL as seen inside the sandbox."""

    program: tuple[str, ...]
    home: Path
    prompt: str
    base: str
    wire: Wire
    model: str = ""
    resume: str = ""
    turns: int | None = None
    looks_only: bool = False
    isolated: bool = True
    online: bool = False
    hook: str = ""
    paths: tuple[str, ...] = ()  # files of the workspace that the chunk is about


@dataclass(frozen=True)
class Start:
    """How an agent is started. `files` are paths relative to its home; the prompt is on stdin or in one of them."""

    argv: tuple[str, ...]
    stdin: bytes = b""
    env: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)


class Preset(ABC):
    """One agent's command line. Instances hold no state."""

    name: ClassVar[str]
    command: ClassVar[str]
    install: ClassVar[str]
    endpoint: ClassVar[str]  # name of the endpoint it uses where none is set
    endpoints: ClassVar[Mapping[str, Endpoint]] = {}  # that it brings, beyond linestop.engines.endpoints.DEFAULTS
    wires: ClassVar[frozenset[Wire]]
    stream: ClassVar[str] = ""  # name of the reader of its stdout; empty: recognised, or it speaks text only
    trail: ClassVar[str] = ""  # a trajectory in its home, written anew after each step, which is read instead of stdout
    telling: ClassVar[Telling] = Telling.NONE
    sessions: ClassVar[tuple[str, ...]] = ()  # folders and files of its home that a later dispatch resumes from
    shows_refusals: ClassVar[bool] = True  # whether its stream says that a hook refused a call
    litter: ClassVar[tuple[str, ...]] = ()  # folders that it leaves in the workspace, removed afterwards
    has_end: ClassVar[bool] = True  # whether its stream has a last event when it ends by itself
    needs_model: ClassVar[bool] = True
    window: ClassVar[int | None] = None  # tokens of the model that it chooses itself, where that is known

    @property
    def label(self) -> str:
        """What people call it."""
        return self.name

    def before(self, errand: Errand) -> tuple[Start, ...]:  # noqa: ARG002  # most need nothing
        """Return what must have run before, in the same home: an agent that takes its settings only by a command."""
        return ()

    @abstractmethod
    def start(self, errand: Errand) -> Start:
        """Return how it is started on an errand."""


def as_json(value: Mapping[str, Any]) -> str:
    """Return the text of a JSON configuration file."""
    return json.dumps(value, indent=1, ensure_ascii=False)


def option(name: str, value: object) -> tuple[str, ...]:
    """Return an option with its value, nothing where the value is empty or None."""
    return (name, str(value)) if value else ()
