"""What the server answers, whatever the wire: a reply of the model, or a refusal in its place."""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from linestop.events import Usage
from linestop.scenarios import ScriptedFault

PIECE_CHARS = 24


@dataclass(frozen=True)
class ToolCall:
    """A call of a tool that the client offered; `text` in place of `args` where the tool takes a free text."""

    name: str
    args: Mapping[str, Any] = field(default_factory=dict)
    text: str | None = None
    kind: str = "function"


@dataclass(frozen=True)
class Reply:
    """One answer of the model."""

    model: str
    think: str = ""
    say: str = ""
    calls: tuple[ToolCall, ...] = ()
    usage: Usage = field(default_factory=Usage)
    seconds: float = 0
    fault: ScriptedFault | None = None
    window: int = 32_768


@dataclass(frozen=True)
class Refusal:
    """An HTTP answer that is an error."""

    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


def new_id(prefix: str) -> str:
    """Return an id as providers give them: unlike any other."""
    return prefix + secrets.token_hex(12)


def pieces(text: str) -> Iterator[str]:
    """Yield a text as a stream would bring it; nothing for an empty one."""
    for start in range(0, len(text), PIECE_CHARS):
        yield text[start : start + PIECE_CHARS]
