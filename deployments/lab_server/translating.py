"""Turns the abstract calls of a scenario into what a client can carry out: its tools, its shell, or a text.

Which client it is, nobody asks: only which tools it offers and how it wants to be answered decides.
"""

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from linestop.deployments.lab_server.asking import Ask
from linestop.deployments.lab_server.replies import ToolCall
from linestop.deployments.lab_server.shell_words import as_command
from linestop.deployments.lab_server.toolbox import tool_call
from linestop.engines.answers import answer_text
from linestop.ports import Discovered, Work
from linestop.scenarios import (
    Call,
    Check,
    Edit,
    FileTicket,
    Finish,
    Petition,
    Read,
    Rule,
    Run,
    Search,
    Step,
    Tool,
    Write,
)

SUBMIT = "COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"  # how mini-swe-agent is told that the work is over
_FENCED = "mswea_bash_command"  # and how its text form wants a command
_READS_FIRST = ({"Read", "Edit"}, {"read_file", "edit"})  # Claude Code, Qwen Code
_ANSWERS = (Finish, Petition, Rule)


@dataclass(frozen=True)
class Said:
    """What one answer says and calls."""

    say: str = ""
    calls: tuple[ToolCall, ...] = ()


class Translator:
    """Speaks to one client. `parts` splits a turn that the client can't take as one answer."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._counts: dict[int, int] = {}  # of each turn, over its repetitions
        self._fenced = not ask.tools and _FENCED in ask.brief
        self._submits = SUBMIT in ask.brief

    def count(self, step: Step) -> int:
        """Return how many answers a turn becomes. Fills no placeholder where that can't matter."""
        turn = step.place[0]
        if turn not in self._counts:
            self._counts[turn] = len(self.parts(step.turn.calls if self._fenced else step.raw.calls))
        return self._counts[turn]

    def parts(self, calls: Sequence[Call]) -> list[tuple[Call, ...]]:
        """Return the calls of a turn, split into answers: a last message stands alone, a fenced command too."""
        if self._fenced and calls:
            return [(call,) for call in calls if not isinstance(call, FileTicket)] or [()]
        last = [call for call in calls if isinstance(call, _ANSWERS) and not self._has_tool(call)]
        others = tuple(call for call in calls if call not in last)
        acts = any(not isinstance(call, FileTicket) or self._has_tool(call) for call in others)
        return [(*others, *last)] if not last or not acts else [others, tuple(last)]

    def said(self, say: str, calls: Iterable[Call], before: Sequence[Step]) -> Said:
        """Return an answer. `before` is what was played already, for tickets that it still has to tell of."""
        made: list[ToolCall] = []
        texts = [say] if say else []
        for call in calls:
            answer = self._answer(call, before)
            if isinstance(answer, str):
                texts.append(answer)
            else:
                made += answer
        return Said("\n\n".join(texts), tuple(made))

    def ended(self) -> Said:
        """Return what is said after the last turn of a scenario."""
        text = "There is no further turn in this scenario."
        return Said("", (self._submission(text),)) if self._submits and self._ask.tools else Said(text)

    def _has_tool(self, call: Call) -> bool:
        name = "tool" if isinstance(call, Tool) else call.do
        return name == "tool" or tool_call(self._ask, name, _fields(call)) is not None

    def _answer(self, call: Call, before: Sequence[Step]) -> str | list[ToolCall]:
        if isinstance(call, Tool):
            return [ToolCall(call.tool, call.args)]
        if isinstance(call, Finish | Petition | Rule | FileTicket):
            own = tool_call(self._ask, call.do, _fields(call))
            return [own] if own else self._last_word(call, before)
        return self._worked(call, before)

    def _worked(self, call: Call, before: Sequence[Step]) -> str | list[ToolCall]:
        own = self._own_tool(call)
        if own:
            return [*self._read_first(call, before), own]
        command = as_command(call)
        shell = self._shell(command, call.seconds if isinstance(call, Run) else 60)
        if shell:
            return [shell]
        return f"```{_FENCED}\n{command}\n```" if self._fenced else f"I would run: `{command}`"

    def _own_tool(self, call: Call) -> ToolCall | None:
        if isinstance(call, Run):
            return self._shell(call.command, call.seconds)
        if isinstance(call, Read):
            return self._read(call)
        if isinstance(call, Search):
            pattern = {"pattern": call.pattern}
            placed = tool_call(self._ask, "search", {**pattern, "path": call.path})
            return placed or (tool_call(self._ask, "search", pattern) if call.path == "." else None)
        return tool_call(self._ask, call.do, {} if isinstance(call, Check) else _fields(call))

    def _shell(self, command: str, seconds: float) -> ToolCall | None:
        extra = {"seconds": seconds, "yield_time_ms": 30_000, "description": "Scripted command"}
        return tool_call(self._ask, "run", {"command": command}, extra)

    def _read(self, call: Read) -> ToolCall | None:
        extra: dict[str, Any] = {}
        if call.first:
            extra |= {"first": call.first, "start_line": call.first, "offset": call.first}
        if call.last:
            lines = call.last - (call.first or 1) + 1
            extra |= {"last": call.last, "end_line": call.last, "limit": max(1, lines)}
        return tool_call(self._ask, "read", {"path": call.path}, extra)

    def _read_first(self, call: Call, before: Sequence[Step]) -> list[ToolCall]:
        """Return a read of the file about to be edited, for clients that refuse to edit what they haven't read."""
        if not isinstance(call, Edit) or not any(both <= self._ask.tools.keys() for both in _READS_FIRST):
            return []
        known = (one for step in before for one in step.turn.calls if isinstance(one, Read | Edit | Write))
        if any(one.path == call.path for one in known):
            return []
        read = self._read(Read(path=call.path))
        return [read] if read else []

    def _last_word(self, call: Finish | Petition | Rule | FileTicket, before: Sequence[Step]) -> str | list[ToolCall]:
        if isinstance(call, FileTicket):
            return f"Another piece of work: {call.title}"
        text = answer_text(_work(call, before))
        return [self._submission(text)] if self._submits and self._ask.tools else self._submitted(text)

    def _submission(self, text: str) -> ToolCall:
        command = _submit_command(text)
        return self._shell(command, 60) or ToolCall("bash", {"command": command})

    def _submitted(self, text: str) -> str:
        return f"```{_FENCED}\n{_submit_command(text)}\n```" if self._fenced else text


def _submit_command(text: str) -> str:
    return shlex.join(["printf", "%s\\n", SUBMIT, text])


def _fields(call: Call) -> dict[str, Any]:
    return call.model_dump(mode="json", exclude={"do"}, exclude_defaults=True)


def _work(call: Finish | Petition | Rule, before: Sequence[Step]) -> Work:
    filed = [one for step in before for one in step.turn.calls if isinstance(one, FileTicket)]
    discovered = tuple(Discovered(title=one.title, text=one.text, paths=one.paths, blocks=one.blocks) for one in filed)
    if isinstance(call, Finish):
        lines = tuple(line for entry in call.could_not for line in entry.splitlines() if line.strip())
        return Work(summary=call.summary, could_not=lines, discovered=discovered)
    if isinstance(call, Petition):
        return Work(summary="A person must decide.", petition=call.reason, discovered=discovered)
    return Work(summary="Looked at the change.", ruling=call.ruling, reasons=call.reasons, discovered=discovered)
