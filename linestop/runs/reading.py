"""Reads a run's record in one pass. Whatever is missing or torn is said in `problems`, never raised."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from linestop.events import Event, EventKind
from linestop.execution.costs import usage_of
from linestop.paths import Layout
from linestop.records import elsewhere, is_alive
from linestop.runs.diff_stat import DiffStat, diff_stat
from linestop.runs.feed import EVENTS, EventFeed
from linestop.runs.find import kind_of, run_folders
from linestop.runs.firings import FIRINGS, nudges_of, read_firings
from linestop.runs.recorded import RecordedRun, Relative, name_of
from linestop.text import plain

MAX_BRIEF = 200_000  # characters
MAX_JSON = 16 * 1024 * 1024  # bytes of inputs.json or result.json
MAX_RELATIVES = 200
START_SECONDS = 5.0  # a record without inputs is one that is being started for so long


def read_run(layout: Layout, folder: Path) -> RecordedRun:
    """Return what a record tells about its run."""
    problems: list[str] = []
    inputs, result = _object(folder, "inputs.json", problems), _object(folder, "result.json", problems)
    seen, (firings, nudges) = _Seen(), read_firings(folder / FIRINGS)
    feed = EventFeed(folder / EVENTS)
    usage = usage_of(seen.through(feed.new()))
    outcome = outcome_of(folder, inputs, result)
    problems += _missing(folder, feed, inputs, outcome)
    started = _moment(inputs.get("started")) or _moment(folder.name[:15])
    ended = _moment(result.get("ended")) or (seen.last_at if outcome == "killed" else None)
    until = ended or (datetime.now(UTC) if outcome == "running" else None)
    parameters = _dict(inputs.get("parameters"))
    parent, children, reruns = _relatives(layout, folder, _text(inputs.get("parent")))
    return RecordedRun(
        run_id=folder.name,
        folder=folder,
        kind=_text(inputs.get("kind")) or kind_of(folder.name),
        outcome=outcome,
        summary=_text(result.get("summary")),
        started=started,
        ended=ended,
        seconds=round((until - started).total_seconds(), 3) if started and until else None,
        **{name: _text(inputs.get(name)) for name in ("holder", "flow_run", "repository", "linestop")},
        parameters=parameters,
        values=_dict(result.get("values")),
        problems=tuple(problems),
        brief=_brief(folder),
        session=seen.session,
        model=seen.model or _text(parameters.get("model")),
        event_count=seen.count,
        calls=seen.calls,
        outcomes=dict(seen.outcomes),
        turns=seen.turns,
        usage=usage,
        faults=dict(seen.faults),
        last=seen.last,
        firings=firings,
        told=seen.told,
        nudges=nudges_of(_dict(result.get("values")), nudges),
        diff=_diff(folder),
        parent=parent,
        children=children,
        reruns=reruns,
    )


def started_by(layout: Layout, run_id: str) -> tuple[Path, ...]:
    """Return the folders of the runs that a run has started up to now, oldest first."""
    later = (folder for folder in run_folders(layout) if folder.name[:15] >= run_id[:15])
    return tuple(folder for folder in later if _object(folder, "inputs.json", []).get("parent") == run_id)


def relatives_of(folders: Iterable[Path]) -> tuple[Relative, ...]:
    """Return what a person calls some runs, and how they ended."""
    return tuple(_relative(folder, _object(folder, "inputs.json", [])) for folder in folders)


def outcome_of(folder: Path, inputs: dict[str, Any], result: dict[str, Any]) -> str:
    """Return how a run ended, `running` while its process lives, `killed` where that is gone without a result."""
    if outcome := _text(result.get("outcome")):
        return outcome
    holder = inputs.get("holder")
    if isinstance(holder, str) and holder:
        return "running" if is_alive(holder) else "killed"
    try:
        age = datetime.now(UTC).timestamp() - folder.stat().st_mtime
    except OSError:
        return "killed"
    return "running" if not inputs and 0 <= age < START_SECONDS else "killed"


def is_over(folder: Path) -> bool:
    """Return whether a run has ended: it has a result, or its process is gone."""
    ignored: list[str] = []
    inputs, result = _object(folder, "inputs.json", ignored), _object(folder, "result.json", ignored)
    return outcome_of(folder, inputs, result) != "running"


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


def _missing(folder: Path, feed: EventFeed, inputs: dict[str, Any], outcome: str) -> Iterator[str]:
    if not inputs and not (folder / "inputs.json").exists() and outcome == "killed":
        yield "inputs.json is not there: it was killed before it could write what it was given"
    if outcome == "running" and elsewhere(_text(inputs.get("holder"))):
        yield "its process belongs to another host: nobody here can tell whether it still runs"
    if not (folder / EVENTS).is_file():
        yield f"{EVENTS} is not there: nothing that it did is known"
    if feed.bad:
        yield f"{feed.bad} lines of {EVENTS} can't be read and are left out"
    if feed.torn and outcome != "running":
        yield f"the last line of {EVENTS} is torn: it was being written when the process ended"


def _relatives(
    layout: Layout, folder: Path, parent: str
) -> tuple[Relative | None, tuple[Relative, ...], tuple[Relative, ...]]:
    """Return the run that started this one, those that it started, and its reruns; a rerun starts later, always."""
    found, children, reruns = None, list[Relative](), list[Relative]()
    for other in run_folders(layout):
        if other.name == parent and other != folder:
            found = _relative(other, _object(other, "inputs.json", []))
        elif other.name[:15] >= folder.name[:15] and other != folder:
            inputs = _object(other, "inputs.json", [])
            if inputs.get("parent") == folder.name:
                children.append(_relative(other, inputs))
            elif _dict(inputs.get("parameters")).get("rerun_of") == folder.name:
                reruns.append(_relative(other, inputs))
    return found, tuple(children[:MAX_RELATIVES]), tuple(reruns[:MAX_RELATIVES])


def _relative(folder: Path, inputs: dict[str, Any]) -> Relative:
    name = name_of(kind_of(folder.name), _dict(inputs.get("parameters")))
    outcome = outcome_of(folder, inputs, _object(folder, "result.json", []))
    return Relative(run_id=folder.name, name=plain(name), outcome=plain(outcome))


def _object(folder: Path, name: str, problems: list[str]) -> dict[str, Any]:
    """Return the JSON object in a file of the record, empty where there is none; a link leads out and is not read."""
    path = folder / name
    if path.is_symlink() or not path.is_file():
        return {}
    try:
        with path.open("rb") as file:
            value = json.loads(file.read(MAX_JSON).decode("utf-8", "replace"))
    except (OSError, ValueError, RecursionError) as error:
        problems.append(f"{name} can't be read: {plain(str(error))}")
        return {}
    if not isinstance(value, dict):
        problems.append(f"{name} can't be read: it is no object")
        return {}
    return value


def _brief(folder: Path) -> str:
    path = folder / "brief.md"
    if path.is_symlink() or not path.is_file():
        return ""
    with path.open(encoding="utf-8", errors="replace") as file:
        return file.read(MAX_BRIEF)


def _diff(folder: Path) -> DiffStat | None:
    path = folder / "diff.patch"
    if path.is_symlink() or not path.is_file():
        return None
    with path.open(encoding="utf-8", errors="replace") as file:
        return diff_stat(file)


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else "" if value is None else json.dumps(value)


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment
