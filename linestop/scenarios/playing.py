"""What comes next in a scenario: which act a dispatch gets, and which turn follows what was told.

Engine and server play through the same `Script`, one live, the other by replaying the conversation it is sent. What a
call does is theirs: blocks/scripted_engine/engine.py, deployments/lab_server/.
"""

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any

from linestop.events import Usage
from linestop.scenarios.model import Act, Call, Edit, For, Read, Scenario, Turn, Write

MOST_HEARD_CHARS = 400_000
PATHS = "{chunk.paths}"


@dataclass(frozen=True)
class Cast:
    """What a brief says of its dispatch, as far as it is known. Decides the act, and fills the placeholders."""

    role: str = ""
    ticket: str = ""
    chunk: str = ""
    source: str = ""
    attempt: int | None = None
    paths: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()

    def fits(self, wanted: For) -> bool:
        """Whether an act is for this dispatch; what isn't known fits no glob."""
        pairs = ((self.role, wanted.role), (self.ticket, wanted.ticket), (self.chunk, wanted.chunk))
        named = (*pairs, (self.source, wanted.source))
        return wanted.attempt in (None, self.attempt) and all(
            not glob or bool(value and fnmatchcase(value, glob)) for value, glob in named
        )

    @property
    def fillings(self) -> dict[str, str]:
        """The placeholders with what they stand for; paths are quoted for a shell."""
        return {
            PATHS: shlex.join(self.paths),
            "{chunk.rules}": ",".join(self.rules),
            "{chunk.source}": self.source,
            "{chunk.id}": self.chunk,
            "{dispatch.ticket}": self.ticket,
            "{dispatch.role}": self.role,
            "{dispatch.attempt}": str(self.attempt or ""),
        }


def act_for(scenario: Scenario, cast: Cast) -> Act | None:
    """Return the first act whose `for` names this dispatch, else the first that is for any; None where neither is."""
    named = [act for act in scenario.all_acts if act.dispatch != For()]
    anyones = [act for act in scenario.all_acts if act.dispatch == For()]
    return next((act for act in (*named, *anyones) if cast.fits(act.dispatch)), None)


@dataclass(frozen=True)
class Step:
    """One turn to play. `place` is its turn in the act, from 0, with its repetition, from 1; `raw` is as written.

    `answer` is the number of the answer, from 0.
    """

    raw: Turn
    place: tuple[int, int]
    answer: int
    cast: Cast

    @cached_property
    def turn(self) -> Turn:
        """The turn with its placeholders filled."""
        return _filled(self.raw, self.place[1], self.cast)

    @property
    def usage(self) -> Usage:
        """The tokens of this answer; where the scenario says none, those of a conversation that grows."""
        return self.raw.usage or Usage(input=1000 + 100 * self.answer, output=80)


class Script:
    """Plays an act. Told what the agent heard since its last answer, it says which turn is next."""

    def __init__(self, act: Act, cast: Cast | None = None) -> None:
        self._turns, self._cast = act.turns, cast or Cast()
        self._at = self._played = self._answers = 0
        self._heard, self._since = "", ""
        self._listens = any(turn.if_told or turn.until_told for turn in act.turns)

    def hear(self, told: str) -> None:
        """Take in what the agent was told; only the last MOST_HEARD_CHARS are remembered."""
        if self._listens and told:
            self._heard = (self._heard + "\n" + told)[-MOST_HEARD_CHARS:]
            self._since = (self._since + "\n" + told)[-MOST_HEARD_CHARS:]

    def next(self, told: str = "") -> Step | None:
        """Return the next turn, None after the last."""
        self.hear(told)
        while self._at < len(self._turns):
            turn = self._turns[self._at]
            if self._wants(turn):
                self._played += 1
                self._answers += 1
                return Step(turn, (self._at, self._played), self._answers - 1, self._cast)
            self._at, self._played = self._at + 1, 0
        return None

    def _wants(self, turn: Turn) -> bool:
        if self._played == 0:
            self._since = ""
            return not turn.if_told or bool(re.search(turn.if_told, self._heard, re.MULTILINE))
        over = turn.until_told and re.search(turn.until_told, self._since, re.MULTILINE)
        return self._played < turn.times and not over


def _filled(turn: Turn, number: int, cast: Cast) -> Turn:
    words = {**cast.fillings, **({"{n}": str(number)} if turn.times > 1 else {})}
    calls = [one for call in turn.calls for one in _each_path(call, cast.paths)]
    return turn.model_copy(
        update={
            "think": _fill(turn.think, words),
            "say": _fill(turn.say, words),
            "calls": tuple(_fill(call, words) for call in calls),
        }
    )


def _each_path(call: Call, paths: Sequence[str]) -> Iterator[Call]:
    if isinstance(call, Read | Edit | Write) and call.path == PATHS:
        yield from (call.model_copy(update={"path": path}) for path in paths)
    else:
        yield call


def _fill(value: Any, words: dict[str, str]) -> Any:
    """Return a text, a call, or what a call holds, with the placeholders filled."""
    if isinstance(value, str) and not isinstance(value, Enum):
        for placeholder, filling in words.items():
            value = value.replace(placeholder, filling)
        return value
    if isinstance(value, tuple | list):
        return type(value)(_fill(one, words) for one in value)
    if isinstance(value, dict):
        return {key: _fill(one, words) for key, one in value.items()}
    if hasattr(value, "model_copy"):
        return value.model_copy(update={key: _fill(one, words) for key, one in value if isinstance(one, _HOLDS_TEXT)})
    return value


_HOLDS_TEXT = (str, tuple, list, dict)
