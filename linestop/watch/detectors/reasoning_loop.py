"""reasoning-loop: the same thought again and again, whatever its case and white space."""

from collections import deque
from typing import ClassVar

from linestop.events import Event, EventKind
from linestop.text import plain
from linestop.watch.firing import Firing
from linestop.watch.settings import WatchSettings
from linestop.watch.trail import Mark, Trail
from linestop.watch.watch import Detector

WINDOW, TIMES, SHORTEST = 10, 3, 80  # SPEC.md section 5; characters
_SHORT = 0  # in place of a text that is too short: it takes a place among the last ten
MESSAGE = (
    "You have thought the same {times} times: “{text}”. It has led nowhere. Decide now: write down the one thing you"
    " don't know, and make the call that answers it; or say that you can't go on."
)


class ReasoningLoop(Detector):
    """Fires at the third identical thought among the last ten; again once it had left them."""

    name: ClassVar[str] = "reasoning-loop"
    kinds: ClassVar[frozenset[EventKind]] = frozenset({EventKind.REASONING})
    __slots__ = ("_fired", "_marks", "_texts")

    def __init__(self, settings: WatchSettings) -> None:  # noqa: ARG002  # all detectors are made alike
        self._texts: deque[int] = deque(maxlen=WINDOW)
        self._marks: deque[Mark] = deque(maxlen=WINDOW)
        self._fired: dict[int, int] = {}

    def see(self, event: Event, trail: Trail) -> Firing | None:
        """Take a thought."""
        folded = " ".join(event.text.lower().split())
        key, texts = hash(folded) if len(folded) >= SHORTEST else _SHORT, self._texts
        texts.append(key)
        self._marks.append(trail.mark)
        if self._fired:
            self._fired = {one: times for one, times in self._fired.items() if one in texts}
        times = texts.count(key)
        if times < TIMES or key == _SHORT:
            return None
        self._fired[key] = self._fired.get(key, 0) + 1
        if self._fired[key] % TIMES != 1:  # an unbroken loop never leaves the window: every third time tells again
            return None
        first = self._marks[texts.index(key)]
        text = plain(event.text, limit=160)
        message = MESSAGE.format(times=times, text=text)
        return trail.firing(self.name, f"the same thought {times} times: {text}", first, message=message)
