"""SWE-agent: `.traj` files, one JSON document of steps."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from linestop.events.formats.reader import Format, Said
from linestop.events.formats.shape import amount, arguments, content, count, rows, table, words
from linestop.events.model import EventKind, Usage
from linestop.events.outcomes import Ended

# SWE-agent's own commands, which look like a shell's: word, then what its first argument is.
_COMMANDS = {
    "open": ("open", "path"),
    "edit": ("edit", "lines"),
    "create": ("create", "path"),
    "find_file": ("find_file", "pattern"),
    "search_dir": ("search_dir", "pattern"),
    "search_file": ("search_file", "pattern"),
    "goto": ("view", "start_line"),
    "submit": ("submit", "input"),
}
_EDITOR = re.compile(r"\Astr_replace_editor\s+(?P<command>\w+)\s+(?P<path>\S+)")


class SweAgentFormat(Format):
    """Reads a trajectory of SWE-agent. It has no times beyond how long each command took."""

    name: ClassVar[str] = "swe-agent"
    documents: ClassVar[bool] = True

    @classmethod
    def knows(cls, record: Mapping[str, Any]) -> bool:
        """Return whether a document is a trajectory of SWE-agent."""
        steps = rows(record.get("trajectory"))
        if steps:
            return "action" in table(steps[0]) and "observation" in table(steps[0])
        return "trajectory" in record and bool({"history", "info"} & record.keys())

    def __init__(self) -> None:
        super().__init__()
        self._open = ""

    def feed(self, record: Mapping[str, Any]) -> Iterator[Said]:
        """Yield what a whole trajectory says."""
        self.session = words(record.get("environment"))
        yield self.started()
        for step in map(table, rows(record.get("trajectory"))):
            self.turn = (self.turn or 0) + 1
            yield from self._step(step)
        info = table(record.get("info"))
        yield from self.used(_usage(table(info.get("model_stats"))))
        if status := words(info.get("exit_status")):
            yield self.ended(words(info.get("submission")), ok=status == "submitted", reason=status)

    def _step(self, step: Mapping[str, Any]) -> Iterator[Said]:
        thought = words(step.get("thought"))
        yield from self.wrote(EventKind.MESSAGE, thought or words(step.get("response")))
        action = words(step.get("action")).strip()
        if not action:
            return
        called = [table(table(one).get("function")) for one in rows(step.get("tool_calls"))]
        if called:
            yield self.call(words(called[0].get("name")), arguments(called[0].get("arguments")))
        else:
            state = arguments(step.get("state"))
            self._open = words(state.get("open_file")).replace("n/a", "") or self._open
            yield self.call(*self._told(action))
        took = amount(step.get("execution_time"))
        yield self.result("", Ended(content(step.get("observation"))), **({} if took is None else {"seconds": took}))

    def _told(self, action: str) -> tuple[str, dict[str, Any]]:
        """Return tool and arguments of an action that is written like a command."""
        if match := _EDITOR.match(action):
            return "str_replace_editor", {**match.groupdict(), "input": action}
        word, first, more = (*action.split(maxsplit=2), "", "", "")[:3]
        if word not in _COMMANDS:
            return "bash", {"command": action}
        tool, name = _COMMANDS[word]
        args = {name: first.strip("\"'")} if first else {}
        if word in {"open", "create"}:
            self._open = args.get("path", self._open)
        if word in {"edit", "goto"}:
            args["path"] = self._open
        if more:
            args["input"] = more
        return tool, args


def _usage(told: Mapping[str, Any]) -> Usage:
    return Usage(
        input=count(told.get("tokens_sent")),
        output=count(told.get("tokens_received")),
        usd=amount(told.get("instance_cost")) or None,
        total=True,
    )
