"""The trail: what a dispatch did up to now, worked out once for all detectors. Pairs calls with their results.

Bounded: calls that wait for a result are forgotten after 512 others.
"""

from datetime import UTC, datetime

from linestop.events import Action, Event, EventKind, Outcome
from linestop.text import plain
from linestop.watch.excerpts import excerpt
from linestop.watch.firing import Firing, Severity
from linestop.watch.git_moves import moves_git
from linestop.watch.inert import is_inert

INERT = "inert"  # the one identity of all calls that do nothing
WATCH = "watch"  # the step of a nudge of ours; any other nudge is a person's
MAX_OPEN = 512
MAX_NAME = 80  # characters of a call in a firing's detail

_CALL, _RESULT, _USAGE = EventKind.TOOL_CALL.value, EventKind.TOOL_RESULT.value, EventKind.USAGE.value
_RUN, _EDIT, _OTHER = Action.RUN, Action.EDIT, Action.OTHER
_OK = Outcome.OK

Mark = tuple[int, datetime, int]  # ordinal of an event, its time, tokens used until then


class Call:
    """A tool call with its result. `key` is what makes it the same call: an edit's holds all of its arguments."""

    __slots__ = (
        "action", "args", "command", "epoch", "identity", "inert", "input_hash", "key", "mark", "outcome", "path",
        "result", "text", "tool",
    )  # fmt: skip

    def __init__(self, event: Event, mark: Mark) -> None:
        self.tool, self.path, self.args, self.mark = event.tool, event.path, event.args, mark
        self.action = action = event.action or _OTHER
        self.identity = identity = event.identity or ""
        self.input_hash = hashed = event.input_hash or identity
        command = self.args.get("command") if self.args and action != _EDIT else None
        self.command: str = command if type(command) is str else ""
        self.inert = action == _RUN and is_inert(self.command)
        self.key = INERT if self.inert else identity + hashed if action == _EDIT else identity
        self.outcome: Outcome | None = None
        self.result = self.text = ""
        self.epoch = 0

    @property
    def edits(self) -> bool:
        """Whether it is to change a file."""
        return self.action == _EDIT

    @property
    def moves(self) -> bool:
        """Whether it changes what other calls are about: it edits, or takes git to another state."""
        return self.action == _EDIT or ("git " in self.command and moves_git(self.command))

    @property
    def edited(self) -> bool:
        """Whether it is an edit that succeeded."""
        return self.action == _EDIT and self.outcome == _OK

    @property
    def blockable(self) -> str:
        """The identity under which it may be blocked; an edit's holds its file only, so that all of them would be."""
        return "" if self.action == _EDIT else self.identity

    @property
    def excerpt(self) -> str:
        """One line of its result, the telling one, of at most 160 characters."""
        return excerpt(self.text)

    @property
    def name(self) -> str:
        """The call in a few words, harmless on a terminal."""
        what = self.command or self.path
        return plain(f"{self.tool} {what}".strip(), limit=MAX_NAME)


class Trail:
    """What went before the event at hand. `call` is the call that the event makes or answers."""

    __slots__ = ("_open", "at", "call", "epoch", "kind", "ordinal", "tokens", "was")

    def __init__(self) -> None:
        self._open: dict[str, Call] = {}
        self.ordinal, self.tokens, self.epoch = -1, 0, 0
        self.at = datetime.now(UTC)
        self.call: Call | None = None
        self.kind = self.was = ""  # of the event at hand, and of the one before it

    @property
    def mark(self) -> Mark:
        """Return where the trail is now."""
        return (self.ordinal, self.at, self.tokens)

    def take(self, event: Event) -> None:
        """Take the next event, before the detectors see it."""
        self.ordinal += 1
        at = event.at
        self.at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
        self.was, self.kind = self.kind, event.kind
        kind = self.kind
        if kind == _CALL:
            self._call(event)
        elif kind == _RESULT:
            self._answer(event)
        elif kind == _USAGE:
            self._use(event)

    def _call(self, event: Event) -> None:
        call = self.call = Call(event, (self.ordinal, self.at, self.tokens))
        waiting = self._open
        waiting[event.call] = call
        if len(waiting) > MAX_OPEN:
            del waiting[next(iter(waiting))]

    def _answer(self, event: Event) -> None:
        call = self._open.pop(event.call, None) or Call(event, (self.ordinal, self.at, self.tokens))
        call.outcome, call.text = event.outcome, event.text
        call.result = event.result_hash or event.text
        call.epoch = self.epoch
        if event.outcome == _OK and call.moves:
            self.epoch += 1
        self.call = call

    def _use(self, event: Event) -> None:
        usage = event.usage
        if usage is not None:
            tokens = usage.input + usage.output
            self.tokens = max(self.tokens, tokens) if usage.total else self.tokens + tokens

    def firing(
        self,
        detector: str,
        detail: str,
        since: Mark,
        *,
        calls: int = 0,
        message: str = "",
        severity: Severity = Severity.WARNING,
        identity: str = "",
        file: str = "",
    ) -> Firing:
        """Return a firing about what happened from `since` up to now, with what that cost."""
        first, began, tokens = since
        return Firing(
            detector=detector, severity=severity, detail=detail, message=message, at=self.at, identity=identity,
            file=file, calls=calls, seconds=max((self.at - began).total_seconds(), 0.0),
            tokens=max(self.tokens - tokens, 0), first=max(first, 0), last=max(self.ordinal, first, 0),
        )  # fmt: skip
