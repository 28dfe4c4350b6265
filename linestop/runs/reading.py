"""Reads a run's record in one pass. Whatever is missing or torn is said in `problems`, never raised."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from linestop.events import Event, EventKind
from linestop.execution.costs import usage_of
from linestop.paths import Layout
from linestop.records import elsewhere
from linestop.runs.feed import EVENTS, EventFeed
from linestop.runs.files import as_moment, as_object, as_text, brief_in, diff_in, object_in, outcome_of
from linestop.runs.find import kind_of
from linestop.runs.firings import FIRINGS, nudges_of, read_firings
from linestop.runs.pruned import Pruned, pruned_in
from linestop.runs.recorded import RecordedRun
from linestop.runs.relatives import relatives_in
from linestop.text import plain


def read_run(layout: Layout, folder: Path) -> RecordedRun:
    """Return what a record tells about its run."""
    problems: list[str] = []
    inputs, result = object_in(folder, "inputs.json", problems), object_in(folder, "result.json", problems)
    seen, (firings, nudges) = _Seen(), read_firings(folder / FIRINGS)
    feed = EventFeed(folder / EVENTS)
    usage = usage_of(seen.through(feed.new()))
    outcome = outcome_of(folder, inputs, result)
    gone = pruned_in(folder)
    problems += _missing(folder, feed, inputs, outcome, gone)
    started = as_moment(inputs.get("started")) or as_moment(folder.name[:15])
    ended = as_moment(result.get("ended")) or (seen.last_at if outcome == "killed" else None)
    until = ended or (datetime.now(UTC) if outcome == "running" else None)
    parameters = as_object(inputs.get("parameters"))
    parent, children, reruns = relatives_in(layout, folder, as_text(inputs.get("parent")))
    run = RecordedRun(
        run_id=folder.name,
        folder=folder,
        kind=as_text(inputs.get("kind")) or kind_of(folder.name),
        outcome=outcome,
        summary=as_text(result.get("summary")),
        started=started,
        ended=ended,
        seconds=round((until - started).total_seconds(), 3) if started and until and until >= started else None,
        **{name: as_text(inputs.get(name)) for name in ("holder", "flow_run", "repository", "linestop")},
        parameters=parameters,
        values=as_object(result.get("values")),
        problems=tuple(problems),
        brief=brief_in(folder),
        session=seen.session,
        model=seen.model or as_text(parameters.get("model")),
        event_count=seen.count,
        calls=seen.calls,
        outcomes=dict(seen.outcomes),
        turns=seen.turns,
        usage=usage,
        faults=dict(seen.faults),
        last=seen.last,
        firings=firings,
        told=seen.told,
        nudges=nudges_of(as_object(result.get("values")), nudges),
        diff=diff_in(folder),
        parent=parent,
        children=children,
        reruns=reruns,
    )
    return run.model_copy(update=gone.restored() | {"ended": ended or gone.ended}) if gone else run


class _Seen:
    """What one pass over the events tells."""

    def __init__(self) -> None:
        self.count = self.calls = self.turns = self.told = 0
        self.outcomes: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.session = self.model = self.last = ""
        self.last_at: datetime | None = None

    def through(self, events: Iterator[Event]) -> Iterator[Event]:
        """Yield the events, noting each."""
        last: Event | None = None
        for event in events:
            self._note(event)
            last = event
            yield event
        if last:
            self.last = plain(" ".join(word for word in (str(last.kind), last.step, last.tool, last.text) if word))

    def _note(self, event: Event) -> None:
        self.count += 1
        self.calls += event.kind == EventKind.TOOL_CALL
        self.told += event.kind == EventKind.NUDGE
        self.turns += bool(event.kind == EventKind.USAGE and event.usage and not event.usage.total)
        if event.kind == EventKind.TOOL_RESULT and event.outcome:
            self.outcomes[str(event.outcome)] += 1
        if event.fault:
            self.faults[str(event.fault)] += 1
        self.session = event.session or self.session
        self.model = event.model or self.model
        self.last_at = event.at if event.at.tzinfo else event.at.replace(tzinfo=UTC)


def _missing(folder: Path, feed: EventFeed, inputs: dict[str, Any], outcome: str, gone: Pruned | None) -> Iterator[str]:
    if not inputs and not (folder / "inputs.json").exists() and outcome == "killed":
        yield "inputs.json is not there: it was killed before it could write what it was given"
    if outcome == "running" and elsewhere(as_text(inputs.get("holder"))):
        yield "its process belongs to another host: nobody here can tell whether it still runs"
    if gone:
        yield f"events and diff were taken out on {gone.at:%Y-%m-%d} (`linestop run prune`); their counts are kept"
    elif not (folder / EVENTS).is_file():
        yield f"{EVENTS} is not there: nothing that it did is known"
    if feed.bad:
        yield f"{feed.bad} lines of {EVENTS} can't be read and are left out"
    if feed.torn and outcome != "running":
        yield f"the last line of {EVENTS} is torn: it was being written when the process ended"
