"""Short scripts of events for the tests of detectors: what an agent did, one list a step."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from linestop.events import Event, EventKind, Outcome, Usage
from linestop.events.identity import sha256_text
from linestop.events.tools import call_fields
from linestop.ports import Limits
from linestop.watch import Firing, Watch
from linestop.watch.detectors import detectors_for
from linestop.watch.ladder import DETECTORS
from linestop.watch.settings import WatchSettings

START = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
Step = list[dict[str, Any]]
_calls = count(1)


def call(
    tool: str, args: dict[str, Any], result: str = "", outcome: Outcome | str = "ok", *, seconds: float = 1
) -> Step:
    """A tool call and its result, `seconds` later."""
    shared, name = call_fields(tool, args), f"call-{next(_calls)}"
    ended = {one: value for one, value in shared.items() if one != "args"}
    hashed = sha256_text(result)
    return [
        {"kind": EventKind.TOOL_CALL, "call": name, **shared},
        {
            "kind": EventKind.TOOL_RESULT, "call": name, "text": result, "result_hash": hashed, "after": seconds,
            "outcome": Outcome(outcome), **ended,
        },
    ]  # fmt: skip


def run(command: str, result: str = "", outcome: str = "ok", *, seconds: float = 1) -> Step:
    return call("Bash", {"command": command}, result, outcome, seconds=seconds)


def read(path: str, result: str = "", outcome: str = "ok", **lines: int) -> Step:
    return call("Read", {"file_path": path, **lines}, result or f"text of {path} {lines}", outcome)


def search(pattern: str, result: str = "", outcome: str = "ok") -> Step:
    return call("Grep", {"pattern": pattern}, result or f"matches of {pattern}", outcome)


def edit(path: str, old: str = "", new: str = "", outcome: str = "ok", result: str = "") -> Step:
    number = next(_calls)
    args = {"file_path": path, "old_string": old or f"was {number}", "new_string": new or f"is {number}"}
    return call("Edit", args, result or f"The file {path} has been updated.", outcome)


def say(text: str) -> Step:
    return [{"kind": EventKind.MESSAGE, "text": text}]


def think(text: str) -> Step:
    return [{"kind": EventKind.REASONING, "text": text}]


def used(prompt: int = 1000, output: int = 50, *, model: str = "m", **more: Any) -> Step:
    return [{"kind": EventKind.USAGE, "usage": Usage(input=prompt, output=output, **more), "model": model}]


def wait(seconds: float) -> Step:
    return [{"after": seconds}]


def event(kind: EventKind, **fields: Any) -> Step:
    return [{"kind": kind, **fields}]


def events(*steps: Step) -> list[Event]:
    """The events of a script, a second after one another where a step says nothing else."""
    found, at = [], START
    for one in (one for step in steps for one in step):
        at += timedelta(seconds=one.get("after", 1))
        if "kind" in one:
            found.append(Event(at=at, **{name: value for name, value in one.items() if name != "after"}))
    return found


def settings(**changes: Any) -> WatchSettings:
    return WatchSettings(**{"limits": Limits(wall_seconds=10**6), **changes})


def watch_of(name: str, **changes: Any) -> Watch:
    """A watch with one detector."""
    return Watch(detectors_for(settings(off=frozenset(DETECTORS) - {name}, **changes)))


def fired(name: str, *steps: Step, **changes: Any) -> list[Firing]:
    """What one detector said of a script; it must not break."""
    watch = watch_of(name, **changes)
    found = [firing for one in events(*steps) for firing in watch.see(one)]
    assert not watch.broken
    return found


def severities(name: str, *steps: Step, **changes: Any) -> list[str]:
    return [firing.severity.value for firing in fired(name, *steps, **changes)]
