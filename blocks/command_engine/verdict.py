"""How an agent's command ended, judged by all its witnesses together: never by the exit code alone, which lies.

The witnesses: the clocks, the stream's last event and last error, the model proxy, the exit code. A verdict is the
work, or an error where the provider or the machine is to blame.
"""

import json
import re
from dataclasses import dataclass
from datetime import datetime

from linestop.blocks.command_engine.stream import Heard
from linestop.engines.answers import has_block, parse
from linestop.errors import BusyError, InfraError, ToolError
from linestop.events import Fault
from linestop.ports import Ran, Work
from linestop.text import plain

_EXCERPT = 300
_MESSAGE = re.compile(r'"message"\s*:\s*("(?:[^"\\]|\\.)*")')  # what an error in JSON says to a reader
_NO_REASON = frozenset({"", "error", "turn.failed"})
_PROVIDERS = frozenset({Fault.AUTH, Fault.RATE_LIMIT, Fault.OVERLOAD, Fault.NETWORK})
_REFUSALS = frozenset({Fault.AUTH, Fault.RATE_LIMIT, Fault.OVERLOAD})
_NOT_STARTED = {126: "it can't be executed there", 127: "it isn't there"}
_LIMITS = {
    "wall": "timed out",
    "idle": "timed out without output",
    "memory": "used more memory than the sandbox gives",
    "disk": "wrote more than the sandbox gives",
    "output": "printed more than the sandbox takes",
    "processes": "ran more processes than the sandbox allows",
    "stopped": "was stopped",
}


@dataclass(frozen=True)
class Witnesses:
    """All that is known of how a command ended. `stopped` says why linestop itself ended it."""

    agent: str
    ran: Ran
    heard: Heard
    role: str
    stopped: str = ""
    waits: bool = False  # it was ended while all it did was to wait for its provider
    answered: bool = False  # the provider answered at least one call
    stderr: str = ""
    refused: str = ""  # by the proxy: a cap
    proxy_fault: Fault | None = None  # of the last call of the model
    busy_until: datetime | None = None
    met: frozenset[Fault] = frozenset()  # by calls of the model so far
    only_way: bool = False  # no provider is reached but through the proxy
    unknown: bool = False  # the last call of the model was answered by 404
    has_end: bool = True  # whether its stream has a last event when it ends by itself

    @property
    def fault(self) -> Fault | None:
        """What the last call of the model or the stream's last error says, where nothing came after it."""
        told = self.heard.fault
        if self.proxy_fault is None and told in _PROVIDERS and self.only_way and not self._confirmed:
            return Fault.OTHER
        return self.proxy_fault or told

    @property
    def _confirmed(self) -> bool:
        """Whether the proxy saw what a stream blames a provider for: whatever runs inside may write into the stream."""
        if self.heard.fault is Fault.NETWORK:
            return not self.answered or bool(self.met & _PROVIDERS)
        return bool(self.met & _REFUSALS)


def verdict(saw: Witnesses) -> Work:
    """Return the work, with `broke_off` where there is none to judge.

    Raises:
        BusyError: a rate limit or an overload ended it.
        ToolError: its key was refused, its model is unknown, or it can't be started in the sandbox.
        InfraError: the connection to the provider failed.
    """
    if not saw.stopped and saw.ran.exit_code in _NOT_STARTED and not (saw.heard.calls or saw.heard.messages):
        raise ToolError(
            f"the agent {saw.agent!r} does not start in the sandbox",
            found=_talk(saw) or _NOT_STARTED[saw.ran.exit_code],
            todo="mount what it needs: engines.NAME.mounts = [...]",
        )
    why = _broke_off(saw)
    if saw.waits or (why and not saw.stopped and not saw.refused and saw.ran.ended == "exited"):
        _blame(saw)
    work = parse(saw.heard.messages, saw.role)
    return work.model_copy(update={"broke_off": why, "session": saw.heard.session})


def _broke_off(saw: Witnesses) -> str:
    """Return why there is nothing to judge, empty where there is."""
    if saw.stopped:
        return saw.stopped
    if saw.ran.ended != "exited":
        return f"{saw.agent} {_LIMITS[saw.ran.ended]} after {saw.ran.seconds:.0f} s"
    if saw.heard.ended and saw.heard.ok and not saw.heard.error and not _faked(saw):
        return ""  # whatever its exit code: what it did is judged by its diff
    if saw.refused:
        return f"{saw.agent} reached its cap: {saw.refused}"
    return _failed(saw)


def _faked(saw: Witnesses) -> bool:
    """Return whether a success is none: the last call of the model failed, so that no last word can come of it.

    A side call that failed (a title, a summary) says nothing where the answer stands there.
    """
    if saw.proxy_fault is None:
        return False
    return not saw.answered or (saw.proxy_fault in _PROVIDERS and not has_block(saw.heard.messages))


def _failed(saw: Witnesses) -> str:
    heard, code = saw.heard, saw.ran.exit_code
    if fault := saw.fault:
        kind = "" if fault is Fault.OTHER else f" ({fault.value.replace('_', ' ')})"
        return _with(f"{saw.agent} ended with an error{kind}", _own_words(saw))
    if heard.error and heard.ok:
        return _with(f"{saw.agent} says that all went well after an error that ended it", heard.error)
    if heard.ended and not heard.ok:
        reason = f"exit code {code}" if heard.reason in _NO_REASON else heard.reason
        return _with(f"{saw.agent} ended with an error ({reason})", _own_words(saw))
    if code != 0:
        return _with(f"{saw.agent} ended with exit code {code}", _talk(saw))
    return _silent(saw)


def _silent(saw: Witnesses) -> str:
    """Return why an exit code of 0 is none, empty where it may be one."""
    if saw.has_end and not saw.heard.ended:
        return f"{saw.agent} ended with exit code 0 in the middle of its work: its stream has no last event"
    if not saw.heard.messages and not saw.heard.calls:
        return _with(f"{saw.agent} ended with exit code 0 and did nothing", _talk(saw))
    return ""


def _own_words(saw: Witnesses) -> str:
    """Return what the agent itself says of its end, out of the JSON of its provider; else the end of its stderr."""
    heard = saw.heard
    last = heard.messages[-1] if heard.messages and heard.ended and not heard.ok else ""
    said = next(filter(str.strip, (heard.fault_text, heard.error, last)), "")
    for _ in range(3):  # gateways put one error into another
        try:
            said = json.loads(match[1], strict=False) if (match := _MESSAGE.search(said)) else said
        except ValueError:
            break
    return said if said.strip() else _talk(saw)


def _with(what: str, said: str) -> str:
    return f"{what}: {said}" if (said := plain(said, _EXCERPT)) else what


def _blame(saw: Witnesses) -> None:
    """Raise what the provider or the machine is to blame for; return where it is the agent."""
    found = plain(_own_words(saw), _EXCERPT) or f"its last call of the model: {saw.fault or 'none'}"
    until = saw.busy_until or saw.heard.retry_at
    match saw.fault:
        case Fault.RATE_LIMIT:
            todo = "linestop waits for the time that it names"
            raise BusyError(f"the provider's rate limit ended {saw.agent}", found=found, todo=todo, until=until)
        case Fault.OVERLOAD:
            what = f"the provider is overloaded, which ended {saw.agent}"
            raise BusyError(what, found=found, todo="try again later", until=until)
        case Fault.AUTH:
            todo = "check the key in linestop's environment that `key` of its endpoint names"
            raise ToolError(f"the provider refuses the key of {saw.agent}", found=found or "401", todo=todo)
        case Fault.NETWORK:
            raise InfraError(f"the connection of {saw.agent} to its provider failed", found=found, todo="try again")
        case Fault.OTHER if saw.unknown and not saw.answered:
            todo = "correct `model` of the engine, or `url` of its endpoint"
            raise ToolError(
                f"the provider knows no such model or address as {saw.agent} asks for", found=found, todo=todo
            )


def _talk(saw: Witnesses) -> str:
    return plain(saw.stderr[-2_000:], _EXCERPT)
