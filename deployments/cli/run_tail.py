"""What stands below a run's transcript in the terminal: firings, nudges, files, relatives, what to type next."""

import shlex
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from linestop.deployments.cli.wrapping import wrapped
from linestop.runs import RecordedFiring, RecordedRun, Relative
from linestop.text import plain
from linestop.watch.nudging import Nudged

MAX_FIRINGS = 30
MAX_FILES = 20
MAX_RELATIVES = 20


def tail_lines(run: RecordedRun, width: int) -> Iterator[str]:
    """Yield what stands below the transcript: firings, nudges, the diff's files, relatives, what to type next."""
    yield from _firings(run.firings, run.started, width)
    yield from _nudges(run, width)
    yield from _diff(run, width)
    yield from _relatives("started", run.children, width)
    yield from _relatives("rerun as", run.reruns, width)
    yield from _next(run, width)


def clock(start: datetime | None, at: datetime) -> str:
    """Return how long after the start something was, as `m:ss`, blank where that is unknown."""
    if start is None:
        return ""
    try:
        seconds = max(0, int((at - start).total_seconds()))
    except TypeError:
        return ""
    return duration(seconds)


def duration(seconds: float) -> str:
    """Return whole seconds as `m:ss` or `h:mm:ss`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _firings(firings: Sequence[RecordedFiring], start: datetime | None, width: int) -> Iterator[str]:
    if not firings:
        return
    yield f"the watch fired {_times(len(firings))}"
    for firing in firings[-MAX_FIRINGS:]:
        where = f" ({plain(firing.file)})" if firing.file else ""
        words = f"{plain(firing.detector)} [{firing.severity}, {plain(firing.rung)}] {plain(firing.detail, 500)}{where}"
        yield from wrapped(words, width, first=f"  {clock(start, firing.at):>7}  ")
    if len(firings) > MAX_FIRINGS:
        yield f"  … {len(firings) - MAX_FIRINGS} earlier ones: firings.jsonl"


def _nudges(run: RecordedRun, width: int) -> Iterator[str]:
    if not (run.told or run.nudges):
        return
    yield f"it was told {_times(run.told)} on the way"
    for nudge in run.nudges:
        at = clock(run.started, nudge.told_at or nudge.fired_at)
        yield from wrapped(f"{plain(nudge.detector)}: {came_of(nudge)}", width, first=f"  {at:>7}  ")
    if run.told and not run.nudges:
        yield "           what came of it was not written down"


def came_of(nudge: Nudged) -> str:
    """Return in words whether behaviour changed after a nudge."""
    if nudge.told_at is None:
        return "it was never told: it ended before"
    if nudge.changed is None:
        return "nobody can say whether behaviour changed: nothing followed"
    calls = f"{nudge.calls} {'call' if nudge.calls == 1 else 'calls'} later"
    if nudge.changed:
        return f"behaviour changed: {calls} it had not come back"
    again = [f"fired again {_times(nudge.fired_again)}"] if nudge.fired_again else []
    called = [f"the same call was made {_times(nudge.called_again)}"] if nudge.called_again else []
    return f"behaviour did not change: {', '.join([*again, *called])} within {calls.removesuffix(' later')}"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _diff(run: RecordedRun, width: int) -> Iterator[str]:
    if run.diff is None:
        return
    if not run.diff.count:
        yield "diff: nothing changed"
        return
    files = f"{run.diff.count} {'file' if run.diff.count == 1 else 'files'}"
    yield f"diff: {files}, +{run.diff.added} -{run.diff.removed}"
    for file in run.diff.files[:MAX_FILES]:
        change = "binary" if file.binary else f"+{file.added} -{file.removed}"
        yield from wrapped(f"{plain(file.path, 300)}  {change}", width, first="  ")
    if run.diff.count > MAX_FILES:
        yield f"  … {run.diff.count - MAX_FILES} more files: --diff"


def _relatives(word: str, runs: Sequence[Relative], width: int) -> Iterator[str]:
    if not runs:
        return
    yield word
    for run in runs[:MAX_RELATIVES]:
        yield from wrapped(f"{run.run_id}  {run.name}  {run.outcome}", width, first="  ")
    if len(runs) > MAX_RELATIVES:
        yield f"  … {len(runs) - MAX_RELATIVES} more: linestop history"


def _next(run: RecordedRun, width: int) -> Iterator[str]:
    repo = "" if run.folder.parents[2] == Path.cwd() else f" --repo {shlex.quote(str(run.folder.parents[2]))}"
    yield "next"
    commands = {"everything it did": f"linestop run show {run.run_id} --events{repo}"}
    if run.diff and run.diff.count:
        commands["what it changed"] = f"linestop run show {run.run_id} --diff{repo}"
    if run.outcome == "running":
        commands["watch it"] = f"linestop run show {run.run_id} --follow{repo}"
    elif run.can_rerun:
        commands["run it again"] = f"linestop lab rerun {run.run_id}{repo}"
    for name, command in commands.items():
        yield from wrapped(plain(command, 1_000), width, first=f"  {name:<18}")
