"""Runs the pairs of an experiment: each arm one dispatch in a fresh workspace, on record, judged, nothing delivered.

Nothing that happens here is remembered: no caution and no sign is written, so that no arm can teach a later one. What
is tried is trial_subjects.py's, how a candidate is judged trial_verdict.py's, what the pairs mean linestop/lab's.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from linestop import __version__
from linestop.blocks.cancellation import CommandCancelledError, current_cancellation
from linestop.blocks.line import Line
from linestop.blocks.reruns import rerun
from linestop.blocks.trial_briefs import Tried, require_injection
from linestop.blocks.trial_verdict import Judge
from linestop.errors import BusyError, InfraError
from linestop.events import EventKind, Fault, Outcome, read_events
from linestop.lab.deciding import decide
from linestop.lab.entry import Caps, Entry, EntryState
from linestop.lab.grades import Grade, Measured, measured
from linestop.lab.notebook import Notebook, slug_of
from linestop.lab.pairs import Pair
from linestop.lab.rule import Rule
from linestop.ports import Engine
from linestop.records import RunRecord, holder, in_words
from linestop.runs import RecordedRun, read_run
from linestop.runs.recipe import Recipe
from linestop.text import plain
from linestop.watch.checks import is_check
from linestop.watch.trail import Trail

ARMS = ("with", "without")
VOID_IN_A_ROW = 3  # pairs that faults of machine or provider end, before the experiment is given up
VOID_IN_ALL = 10
ENDED = "a person ended it, or its run was cancelled"
TICK_SECONDS = 0.5
UNNAMED = timedelta(seconds=30)  # a provider's time, where it names none
_PROVIDERS = {str(fault) for fault in (Fault.RATE_LIMIT, Fault.OVERLOAD, Fault.NETWORK)}

Say = Callable[[str], None]
Paired = Callable[[Entry], None]


def begun(tried: Tried, rule: Rule, caps: Caps, *, question: str = "", again_of: str = "") -> Entry:
    """Return the entry of an experiment that is about to begin, with its rule's number of pairs; nothing is written.

    Raises:
        UsageError: memory would inject nothing.
    """
    require_injection(tried.line, tried.subject)
    now = datetime.now(UTC)
    return Entry(
        id=f"{now:%Y%m%d}-{slug_of(tried.subject.slug)}-{uuid4().hex[:6]}",
        question=question or tried.question, rule=rule.planned, caps=caps, subject=tried.subject,
        experiment=tried.experiment, again_of=again_of, linestop=__version__, repository=str(tried.line.layout.root),
        holder=holder(), started=now,
    )  # fmt: skip


def run_pairs(
    bench: "Bench", *, paired: Paired = lambda _: None, voided: Paired = lambda _: None
) -> Entry:  # fmt: skip
    """Run the pairs of a bench, writing its entry after each, and return it with its answer.

    `paired` hears of the entry after each pair, `voided` after each that a fault of machine or provider ended. A cap
    ends it after the pair that reached it.

    Raises:
        ToolError, PolicyError, UsageError, RecordError: the engine or the repository can't be used; the entry is
            broken off then.
        CommandCancelledError: a person ended it; the entry is broken off then.
    """
    with bench.open():
        while not bench.over:
            (paired if bench.pair() else voided)(bench.entry)
    return bench.entry


@dataclass
class Bench:
    """One experiment while it runs. `entry` is what the notebook holds."""

    line: Line
    engine: Engine
    entry: Entry
    notebook: Notebook
    say: Say
    _voided: int = 0
    _judge: Judge = field(init=False)

    def __post_init__(self) -> None:
        self._judge = Judge(self.line, self.entry.subject)

    @property
    def over(self) -> str:
        """Return why no further pair is run, empty where one is."""
        if len(self.entry.pairs) >= self.entry.rule.pairs:
            return "all pairs"
        if self._voided >= VOID_IN_A_ROW or len(self.entry.void) >= VOID_IN_ALL:
            return f"{len(self.entry.void)} pairs were ended by faults of machine or provider"
        return self.entry.passed_cap()

    def pair(self) -> bool:
        """Run both arms; return False where a fault that is none of theirs voided the pair: it is run again then."""
        number = len(self.entry.pairs) + 1
        order = ARMS if number % 2 else ARMS[::-1]
        found: dict[str, Measured] = {}
        for arm in order:
            outcome = self._trial(arm, number, first=arm == order[0])
            if isinstance(outcome, str):
                self._void(number, arm, outcome)
                return False
            found[arm] = outcome
        pair = Pair(number=number, first=order[0], with_memory=found["with"], without=found["without"])
        self._voided = 0
        self._save(pairs=(*self.entry.pairs, pair))
        return True

    @contextmanager
    def open(self) -> Iterator["Bench"]:
        """Write the entry, and give it its answer at the end of the block; broken off where an error ends that.

        Raises:
            RecordError: the notebook can't be written.
        """
        self.notebook.save(self.entry)
        try:
            yield self
        except BaseException as error:
            self._break_off(in_words(error) if isinstance(error, Exception) else ENDED)
            raise
        self._end(self.over or "it was ended early")

    def _end(self, why: str) -> None:
        """Give the entry its answer."""
        reckoning = decide(self.entry.rule, self.entry.pairs)
        whole = len(self.entry.pairs) >= self.entry.rule.pairs
        state = EntryState.DONE if whole else EntryState.BROKEN_OFF
        self._save(reckoning=reckoning, state=state, reason="" if whole else why, ended=datetime.now(UTC))

    def _break_off(self, why: str) -> None:
        """Close the entry of an experiment that an error ended; a disk that refuses hides no error."""
        try:
            self._end(why)
        except Exception:  # noqa: BLE001  # the error that ended it is told: this one would hide it
            self.say("the notebook's entry can't be written; its pairs are on record")

    def _trial(self, arm: str, number: int, *, first: bool) -> Measured | str:
        """Run one arm and return what it came to, or why it says nothing."""
        subject = self.entry.subject
        order = subject.with_memory if arm == "with" else subject.without
        recipe = Recipe(
            run_id="", engine=subject.engine, settings=subject.settings, order=order, base=subject.base,
            ticket_base=subject.ticket_base,
        )  # fmt: skip
        about = {
            "trial": {"entry": self.entry.id, "pair": number, "arm": arm, "first": first},
            "told": subject.told_records.get(arm, {}),
        }  # fmt: skip
        try:
            record = rerun(self.line, recipe, self.engine, about=about, judged=self._judge, started=self._started)
        except BusyError as error:
            self._wait(error)
            return str(error.what)
        except InfraError as error:
            return str(error.what)
        run = read_run(self.line.layout, record.folder)
        found = measured(run, objections=_objections(run), failed_checks=failed_checks(record))
        faults = sorted(set(run.faults) & _PROVIDERS)
        if found.grade is Grade.FAILED and faults:
            return f"{found.run}: {', '.join(faults)}"
        self.say(f"pair {number}, {arm} memory: {found.grade.word}" + (f" ({plain(found.why)})" if found.why else ""))
        return found

    def _started(self, record: RunRecord) -> None:
        self.say(f"run {record.id}")

    def _void(self, number: int, arm: str, why: str) -> None:
        self._voided += 1
        line = f"pair {number}, {arm} memory: {plain(why, 300)}"
        self._save(void=(*self.entry.void, line))

    def _wait(self, error: BusyError) -> None:
        """Wait until the time that a provider names, at most as long as the policy waits for rate limits.

        Raises:
            CommandCancelledError: the experiment was ended meanwhile.
        """
        most = self.line.policy.budget.rate_limit_wait_seconds
        until = error.until or datetime.now(UTC) + UNNAMED
        until = until if until.tzinfo else until.replace(tzinfo=UTC)
        left = min(most, (until - datetime.now(UTC)).total_seconds())
        cancellation, never = current_cancellation(), threading.Event()
        while left > 0:
            if cancellation.asked:
                raise CommandCancelledError("the experiment was ended while it waited for a provider")
            never.wait(min(TICK_SECONDS, left))
            left -= TICK_SECONDS

    def _save(self, **changes: Any) -> None:
        self.entry = self.entry.changed(**changes)
        self.notebook.save(self.entry)


def failed_checks(record: RunRecord) -> int:
    """Return how often a check failed while a trial was under way: those that its agent ran, in whatever way."""
    trail, failed = Trail(), 0
    for event in read_events(record.events.path):
        trail.take(event)
        if event.kind == EventKind.TOOL_RESULT and event.outcome in {Outcome.ERROR, Outcome.TIMEOUT}:
            failed += trail.call is not None and is_check(trail.call)
    return failed


def _objections(run: RecordedRun) -> tuple[str, ...]:
    found = run.values.get("objections")
    return tuple(str(one) for one in found) if isinstance(found, list) else ()
