"""What a client asked, whatever its wire: the conversation so far, the tools it offers, where it works.

Reads leniently: a client's request is data from outside, and a field that isn't what it should be is as good as absent.
The wires (wire_*.py) pick the fields apart; `answering` decides what is answered.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

MOST_DEPTH = 12
_CWD = re.compile(
    r"(?:Primary working directory: |(?:Current )?[Ww]orking [Dd]irectory: ?|<cwd>|in the directory: |"
    r"Workspace Directories:\*\*\s+- |Current Working Directory \()`?(/[^\n<>`)\"\\]*)"
)
_SIDE_JOB = re.compile(
    r"title generator|generate (?:a |an |the )?(?:\w+ ){0,3}title|isNewTopic|new conversation topic|next_speaker|"
    r"summari[sz]e (?:the|this|our) (?:\w+ ){0,3}(?:conversation|session|history|dialogue|chat)|write a \d+-\d+ word",
    re.IGNORECASE,
)
_SMALL_TALK = re.compile(  # clients put these into the model's mouth
    r"\s*(?:Got it\. Thanks for the context!|No response requested\.|\(no content\))\s*\Z"
)


@dataclass(frozen=True)
class Offer:
    """A tool that the client offers. `kind` is how it is called: by arguments, by a free text, or as a shell."""

    name: str
    properties: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    kind: str = "function"


@dataclass(frozen=True)
class Ask:
    """One request. `told` is what the model heard before each of its answers: one more text than it has answered."""

    model: str
    told: tuple[str, ...]
    system: str = ""
    tools: Mapping[str, Offer] = field(default_factory=dict)
    stream: bool = False
    thinks: bool = True
    usage_in_stream: bool = True
    wants_json: bool = False

    @property
    def brief(self) -> str:
        """All that it knew before its first answer; a client that edits by text begins with examples of its own."""
        return "\n".join((self.system, *(self.told if self.text_edits else self.told[:1])))

    @property
    def text_edits(self) -> str:
        """How a client without tools wants files changed: `blocks` of what to replace, a whole `listing`; or not."""
        if self.tools:
            return ""
        return "blocks" if "SEARCH/REPLACE" in self.system else "listing" if "*file listing*" in self.system else ""

    @property
    def cwd(self) -> str:
        """The folder that the client works in, as it tells the model; empty where it doesn't."""
        found = _CWD.search(self.brief)
        return found[1].rstrip("/ .") if found else ""

    @property
    def side_job(self) -> bool:
        """Whether it is no part of the work: a title, a summary, a question about the conversation."""
        if self.tools:
            return False
        return self.wants_json or bool(_SIDE_JOB.search(self.system[:4000]) or _SIDE_JOB.search(self.told[-1][-4000:]))


def told_of(said: Iterable[tuple[bool, str]]) -> tuple[str, ...]:
    """Return what was told before each answer, from (whether the model said it, text) in order.

    Neighbouring parts that the model said are one answer.
    """
    told, answering = [""], False
    for by_model, text in said:
        if by_model:
            answering = answering or not _SMALL_TALK.match(text)
            continue
        if answering:
            told.append("")
            answering = False
        told[-1] += text + "\n"
    return tuple([*told, ""] if answering else told)


def text_in(value: Any, depth: int = 0) -> str:
    """Return all text that a content field holds, whether it is a string, a part, or parts in parts."""
    if isinstance(value, str):
        return value
    if depth > MOST_DEPTH:
        return ""
    if isinstance(value, list):
        return "\n".join(filter(None, (text_in(one, depth + 1) for one in value)))
    if isinstance(value, dict):
        keys = ("text", "content", "output", "response", "result", "error", "functionResponse")
        return "\n".join(filter(None, (text_in(value.get(key), depth + 1) for key in keys)))
    return ""


def dicts_in(value: Any) -> list[dict[str, Any]]:
    """Return the objects of a list; nothing for anything else."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def is_system(message: dict[str, Any]) -> bool:
    """Whether a message is the client's own instruction, in place of something that was said."""
    return message.get("role") in ("system", "developer")  # a role may be anything, also what can't be hashed


def dict_of(value: Any) -> dict[str, Any]:
    """Return an object, an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def offer_of(name: Any, schema: Any, kind: str = "function") -> dict[str, Offer]:
    """Return an offer by its name, or nothing where there is no name."""
    if not isinstance(name, str) or not name:
        return {}
    known = dict_of(schema)
    required = known.get("required")
    return {
        name: Offer(
            name,
            {key: dict_of(one) for key, one in dict_of(known.get("properties")).items()},
            tuple(one for one in required if isinstance(one, str)) if isinstance(required, list) else (),
            kind,
        )
    }
