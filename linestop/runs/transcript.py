"""Events as a transcript that a person reads: who said or did what, when, and how it came out. No widths, no colours.

All that an agent or a tool wrote is made harmless in words.py: nothing of it reaches a terminal as control.
"""

from collections import deque
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from linestop.events import Action, Event, EventKind
from linestop.runs.words import call_detail, call_words, text_lines, usage_words
from linestop.text import plain

SHORTEST = 0.05  # seconds that are worth a word
REMEMBERED = 50  # results of which a repetition is told
_VERBS: dict[str, str] = {
    EventKind.START: "start",
    EventKind.MESSAGE: "says",
    EventKind.REASONING: "thinks",
    EventKind.NUDGE: "is told",
    EventKind.LIMIT: "limit",
    EventKind.ERROR: "error",
    EventKind.END: "end",
    EventKind.USAGE: "used",
}
_ACTIONS = {Action.RUN: "runs", Action.READ: "reads", Action.EDIT: "edits", Action.SEARCH: "searches"}


class Said(BaseModel):
    """One entry: `verb` says what was done, `head` is a line of it, `body` further lines, `note` what became of it."""

    model_config = ConfigDict(frozen=True)

    at: datetime
    seconds: float | None = None
    verb: str
    head: str = ""
    body: tuple[str, ...] = ()
    note: str = ""
    bad: bool = False
    quiet: bool = False
    detail: tuple[str, ...] = Field(default=(), description="of a call: its arguments, where the head tells only some")
    same: bool = Field(default=False, description="a result whose text was read already, not long before")


class Transcript:
    """Turns events into entries, one by one; `start` is what their seconds are counted from (else the first event)."""

    def __init__(self, start: datetime | None = None) -> None:
        self._start = start
        self._results: deque[str] = deque(maxlen=REMEMBERED)

    def entry(self, event: Event) -> Said:
        """Return an event as an entry. `quiet` ones are left out unless everything is asked for."""
        return self.worded(event, same=self.seen(event))

    def seen(self, event: Event) -> bool:
        """Take an event that follows, and return whether it is a result that was read not long before."""
        self._start = self._start or event.at
        return self._same(event)

    def worded(self, event: Event, *, same: bool) -> Said:
        """Return an event as an entry that was `seen` before: words cost more than looking."""
        verb, head, body, note = self._words(event)
        return Said(
            at=event.at,
            seconds=_since(self._start or event.at, event.at),
            verb=verb,
            head=head,
            body=body,
            note=note,
            detail=call_detail(event) if event.kind == EventKind.TOOL_CALL else (),
            same=same,
            bad=(event.kind == EventKind.ERROR and not _warns(event))
            or event.outcome not in (None, "ok")
            or bool(event.fault),
            quiet=is_quiet(event),
        )

    def _same(self, event: Event) -> bool:
        if event.kind != EventKind.TOOL_RESULT or not event.text.strip():
            return False
        what = event.result_hash or event.text
        known = what in self._results
        self._results.append(what)
        return known

    def _words(self, event: Event) -> tuple[str, str, tuple[str, ...], str]:
        if event.kind == EventKind.TOOL_CALL:
            return _ACTIONS.get(event.action or Action.OTHER, "calls"), call_words(event), (), ""
        if event.kind == EventKind.TOOL_RESULT:
            word = str(event.outcome or "result")
            took = f" after {event.seconds:.1f} s" if (event.seconds or 0) >= SHORTEST else ""
            return "", "", text_lines(event.text), f"{word}{took}"
        if event.kind == EventKind.USAGE and event.usage:
            return "used", usage_words(event.usage), (), plain(event.model)
        if event.kind == EventKind.START:
            return "start", plain(" ".join(word for word in (event.step, event.model, event.session) if word)), (), ""
        lines = text_lines(event.text)
        if _warns(event):
            return "warns", lines[0] if lines else "", lines[1:], _note(event)
        verb = _VERBS.get(event.kind) or plain(str(event.kind), 20)  # a kind that was read is a string
        return verb, lines[0] if lines else "", lines[1:], _note(event)


def is_quiet(event: Event) -> bool:
    """Return whether an event says nothing to a reader who did not ask for everything."""
    return event.kind == EventKind.USAGE or (event.kind == EventKind.REASONING and not event.text.strip())


def _warns(event: Event) -> bool:
    """Return whether an error is none: the agent only warns, and goes on."""
    return event.kind == EventKind.ERROR and (event.model_extra or {}).get("warning") is True


def _note(event: Event) -> str:
    words = []
    if event.fault:
        words.append(str(event.fault).replace("_", " "))
    if event.retry_at:
        words.append(f"may be asked again at {event.retry_at:%Y-%m-%d %H:%M:%S} UTC")
    if event.kind == EventKind.END and isinstance(result := (event.model_extra or {}).get("result"), str):
        words.append(plain(result, 80))
    return "; ".join(words)


def _since(start: datetime, at: datetime) -> float | None:
    try:
        return max(0.0, (at - start).total_seconds())
    except TypeError:  # one of them has no zone
        return None
