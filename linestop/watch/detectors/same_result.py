"""same-result: one tool is asked different things and gives the same answer each time.

A refusal is no answer: denial_wall.py speaks of it, and not of another way. Nor is the receipt of a tool that only
keeps the agent's own notes.
"""

from typing import ClassVar

from linestop.events import Event, EventKind, Outcome
from linestop.watch.detectors.pollers import Pollers
from linestop.watch.firing import Firing
from linestop.watch.settings import WatchSettings
from linestop.watch.trail import Call, Trail
from linestop.watch.watch import Detector

IN_A_ROW, SHORTEST_RESULT = 5, 24  # SPEC.md section 5; characters
_LONGEST_NOTE = 120  # characters; a note of the tool that there was no output is no result either
_NOTEBOOKS = (
    "todowrite", "todo_write", "write_todos", "update_todo_list", "update_plan", "taskcreate", "taskupdate",
    "task_tracker", "task_progress", "focus_chain", "save_memory", "think", "plan",
)  # fmt: skip
_NOTES = ("no output", "without output", "not produce any output")
MESSAGE = (
    "{tool} gave the same result to {times} different calls in a row: {result}. Whatever you ask it, this is what it"
    " says: find out why before you ask again, or take another way."
)


class SameResult(Detector):
    """Fires at every fifth different call of a tool in a row with one result. Short results and edits don't count."""

    name: ClassVar[str] = "same-result"
    kinds: ClassVar[frozenset[EventKind]] = frozenset({EventKind.TOOL_RESULT})
    __slots__ = ("_first", "_inputs", "_pollers", "_result", "_tool")

    def __init__(self, settings: WatchSettings) -> None:
        self._pollers = Pollers(settings.pollers)
        self._tool = self._result = ""
        self._inputs: set[str] = set()
        self._first: Call | None = None

    def see(self, event: Event, trail: Trail) -> Firing | None:
        """Take a result."""
        call = trail.call
        if call is None or len(event.text) < SHORTEST_RESULT or call.edited or self._is_note(event.text):
            return None
        if event.outcome == Outcome.DENIED or call.tool.lower() in _NOTEBOOKS:
            return None
        if self._first is None or call.result != self._result or call.tool != self._tool:
            self._tool, self._result, self._first = call.tool, call.result, call
            self._inputs = {call.input_hash}
            return None
        if call.input_hash in self._inputs or self._pollers.cover(call):
            return None
        self._inputs.add(call.input_hash)
        return self._firing(call, self._first, trail) if len(self._inputs) >= IN_A_ROW else None

    def _firing(self, call: Call, first: Call, trail: Trail) -> Firing:
        times = len(self._inputs)
        self._first, self._inputs = None, set()
        excerpt = call.excerpt
        return trail.firing(
            self.name, f"{call.tool}: {times} different calls in a row, one result: {excerpt}", first.mark,
            calls=times, message=MESSAGE.format(tool=call.tool, times=times, result=excerpt), file=call.path,
        )  # fmt: skip

    def _is_note(self, text: str) -> bool:
        return len(text) <= _LONGEST_NOTE and any(note in text for note in _NOTES)
