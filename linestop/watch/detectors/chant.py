"""chant: a text that repeats itself at its end, or the same message three times in a row.

Where each of these messages goes with a call that told something new, only the words are the same: that is info.
"""

from collections import deque
from typing import ClassVar

from linestop.events import Event, EventKind
from linestop.text import plain
from linestop.watch.firing import Firing, Severity
from linestop.watch.settings import WatchSettings
from linestop.watch.trail import Mark, Trail
from linestop.watch.watch import Detector

LONGEST_RUN, RUNS, MESSAGES = 16, 4, 3  # SPEC.md section 5; tokens, which are words here
_TAIL = LONGEST_RUN * RUNS + 1  # a text that was cut ends in half a word
_REMEMBERED = 12  # calls with their results
_RESULT = EventKind.TOOL_RESULT.value
_MESSAGE = EventKind.MESSAGE.value
_GLUED = 64  # characters; a longer word is looked at character by character
MESSAGE = (
    "You are repeating yourself: “{text}”. Stop. Say in one sentence what is still to be done, and make the next call;"
    " if nothing is left, end."
)


class Chant(Detector):
    """Fires at a text that ends in four runs of the same words, and at every third identical message in a row."""

    name: ClassVar[str] = "chant"
    kinds: ClassVar[frozenset[EventKind]] = frozenset({EventKind.MESSAGE, EventKind.REASONING, EventKind.TOOL_RESULT})
    __slots__ = ("_first", "_last", "_news", "_results", "_times")

    def __init__(self, settings: WatchSettings) -> None:  # noqa: ARG002  # all detectors are made alike
        self._last = self._times = 0
        self._first: Mark | None = None
        self._results: deque[tuple[str, str]] = deque(maxlen=_REMEMBERED)
        self._news = False  # since the last message

    def see(self, event: Event, trail: Trail) -> Firing | None:
        """Take a text."""
        kind = event.kind
        if kind == _RESULT:
            self._learn(trail)
            return None
        text = event.text
        if not text:
            return None
        if run := repeated_end(text):
            return self._firing(
                f"the text ends in {RUNS} or more runs of: {plain(run, limit=80)}", run, trail.mark, trail
            )
        return self._in_a_row(text, trail) if kind == _MESSAGE else None

    def _in_a_row(self, text: str, trail: Trail) -> Firing | None:
        key, news = hash(text.strip()), self._news
        self._news = False
        if key != self._last:
            self._last, self._times, self._first = key, 1, trail.mark
            return None
        self._times += 1
        if self._times % MESSAGES or not text.strip():
            return None
        said = plain(text, limit=80)
        between = ", with news between" if news else ""
        detail = f"{self._times} identical messages in a row{between}: {said}"
        found = self._firing(detail, said, self._first or trail.mark, trail)
        return found.model_copy(update={"severity": Severity.INFO}) if news else found

    def _learn(self, trail: Trail) -> None:
        call = trail.call
        if call is not None and (pair := (call.key, call.result)) not in self._results:
            self._results.append(pair)
            self._news = True

    def _firing(self, detail: str, text: str, first: Mark, trail: Trail) -> Firing:
        return trail.firing(self.name, detail, first, message=MESSAGE.format(text=plain(text, limit=80)))


def repeated_end(text: str) -> str:
    """Return the run of at most 16 words that a text ends in at least four times over, empty where it doesn't."""
    words = text.rsplit(None, _TAIL)[-_TAIL:]
    last = words[-1] if words else ""
    if last in words[-LONGEST_RUN - 1 : -1] and (run := _run(words, LONGEST_RUN)):
        return " ".join(run)
    if words[-2:-1] and words[-2] in words[-LONGEST_RUN - 2 : -2] and (run := _run(words[:-1], LONGEST_RUN)):
        return " ".join(run)
    if len(last) < _GLUED:
        return ""
    glued = _run(list(last[-_GLUED * RUNS :]), _GLUED)
    return "".join(glued) if len({char for char in glued if char.isalpha()}) > 1 else ""


def _run(words: list[str], longest: int) -> list[str]:
    if len(words) < RUNS:
        return []
    last = words[-1]
    for length in range(1, min(longest, len(words) // RUNS) + 1):
        if words[-1 - length] == last and words[-length * RUNS :] == words[-length:] * RUNS:
            return words[-length:]
    return []
