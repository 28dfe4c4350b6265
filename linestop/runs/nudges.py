"""Whether a nudge changed anything: what an agent did before it was told something, held against what it did after."""

from collections import Counter, deque
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from linestop.events import Event, EventKind
from linestop.events.identity import sha256_text
from linestop.runs.firings import RecordedFiring

BEFORE = 10  # the window of the detector `repeat` (SPEC.md section 5)
AFTER = 5
MAX_NUDGES = 200
MAX_TEXT = 2_000


class Change(StrEnum):
    """What came of a nudge."""

    CHANGED = "changed"  # most of what followed is something else than what was done before
    SAME = "same"  # it went on as before
    OVER = "over"  # nothing followed: it ended, or was stopped


class NudgeEffect(BaseModel):
    """One nudge and what came of it. `ordinal` counts the record's events from 0."""

    model_config = ConfigDict(frozen=True)

    ordinal: int
    at: datetime
    text: str
    change: Change
    why: str
    detectors: tuple[str, ...] = ()
    fired_again: int = 0


class NudgeStudy:
    """Takes the events of a record one by one; keeps a bounded memory of them."""

    def __init__(self) -> None:
        self._seen = 0
        self._calls: deque[str] = deque(maxlen=BEFORE)
        self._texts: deque[str] = deque(maxlen=BEFORE)
        self._open: list[_Nudge] = []
        self._all: list[_Nudge] = []

    def see(self, event: Event) -> None:
        """Take the next event."""
        if event.kind == EventKind.NUDGE:
            if len(self._all) < MAX_NUDGES:
                nudge = _Nudge(self._seen, event, _pattern(self._calls), _pattern(self._texts))
                self._open.append(nudge)
                self._all.append(nudge)
        elif event.kind == EventKind.TOOL_CALL and event.identity:
            self._note(self._calls, event.identity, call=True)
        elif event.kind in (EventKind.MESSAGE, EventKind.REASONING) and event.text.strip():
            self._note(self._texts, sha256_text(" ".join(event.text.lower().split())), call=False)
        self._seen += 1

    def effects(self, firings: Iterable[RecordedFiring] = ()) -> tuple[NudgeEffect, ...]:
        """Return what came of each nudge; `firings` tell whose message it was and whether that fired again."""
        known = list(firings)
        return tuple(nudge.effect(known) for nudge in self._all)

    def _note(self, before: deque[str], what: str, *, call: bool) -> None:
        before.append(what)
        for nudge in self._open:
            (nudge.calls if call else nudge.texts).append(what)
        self._open = [nudge for nudge in self._open if len(nudge.calls) < AFTER and len(nudge.texts) < BEFORE]


class _Nudge:
    """A nudge with what stood before it, and what follows as it comes."""

    def __init__(self, ordinal: int, event: Event, calls: Counter[str], texts: Counter[str]) -> None:
        self.ordinal, self.at, self.text = ordinal, event.at, event.text[:MAX_TEXT]
        self.calls: list[str] = []
        self.texts: list[str] = []
        self._calls, self._texts = calls, texts

    def effect(self, firings: list[RecordedFiring]) -> NudgeEffect:
        mine = {firing.detector for firing in firings if firing.message and firing.message[:MAX_TEXT] in self.text}
        again = sum(firing.detector in mine and firing.at > self.at for firing in firings)
        change, why = self._judged()
        return NudgeEffect(
            ordinal=self.ordinal, at=self.at, text=self.text, change=change, why=why, detectors=tuple(sorted(mine)),
            fired_again=again,
        )  # fmt: skip

    def _judged(self) -> tuple[Change, str]:
        by_text = bool(_repeated(self._texts)) and not _repeated(self._calls)
        after, before, word = (self.texts, self._texts, "texts") if by_text else (self.calls, self._calls, "calls")
        if not after:
            after, before, word = self.texts, self._texts, "texts"
        if not after:
            return Change.OVER, "nothing followed"
        pattern = _repeated(before) or set(before)
        same = sum(one in pattern for one in after)
        why = f"{same} of the next {len(after)} {word} {'was' if same == 1 else 'were'} as before"
        return (Change.SAME if same * 2 > len(after) else Change.CHANGED), why


def _pattern(before: deque[str]) -> Counter[str]:
    return Counter(before)


def _repeated(before: Counter[str]) -> set[str]:
    return {what for what, times in before.items() if times > 1}
