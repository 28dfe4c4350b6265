"""A run as a page for the terminal, wide or narrow. Everything in it may be a stranger's text."""

import shlex
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from linestop.deployments.cli.wrapping import hanging, wrapped
from linestop.events import Usage
from linestop.runs import RecordedFiring, RecordedRun, Relative
from linestop.runs.words import plain_line, usage_words
from linestop.text import plain
from linestop.watch.nudging import Nudged

KILLED = "killed: its process ended without a result"
RESUMED = "the next run resumes its tickets"
BRIEF_LINES = 14  # that are shown unless everything is asked for
MAX_FIRINGS = 30
MAX_FILES = 20
MAX_RELATIVES = 20
_LABEL = 10


def head_lines(run: RecordedRun, width: int, *, everything: bool = False) -> Iterator[str]:
    """Yield what stands above the transcript: what it is, what it used, what it was told."""
    yield from hanging(f"{run.run_id}  {plain(run.name)}  {plain(run.outcome)}", width, indent=2)
    yield from _facts(run, width)
    yield from _brief(run, width, everything=everything)


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


def _facts(run: RecordedRun, width: int) -> Iterator[str]:
    facts = {
        "why": _killed(run) if run.outcome == "killed" else plain(run.summary, 2_000),
        "last seen": plain(run.last, 300) if run.outcome in ("killed", "running") else "",
        "ticket": plain(run.parameter("ticket")) if run.kind == "dispatch" else "",
        "engine": _engine(run),
        "time": _time(run),
        "calls": _calls(run),
        "used": _used(run.usage, run.turns),
        "faults": ", ".join(f"{plain(name)} {count}" for name, count in run.faults.items()),
        "started by": f"{run.parent.run_id}  {run.parent.name}" if run.parent else "",
        "rerun of": plain(run.parameter("rerun_of")),
        "record": plain(str(run.folder), 1_000),
    }
    for name, value in facts.items():
        if value:
            yield from _labelled(name, value, width)
    for name, text in run.said:
        yield from _labelled(name, plain(text, 2_000), width)
    for problem in run.problems:
        yield from _labelled("missing", problem, width)


def _killed(run: RecordedRun) -> str:
    return KILLED if run.parameter("rerun_of") else f"{KILLED}; {RESUMED}"


def _engine(run: RecordedRun) -> str:
    words = [run.parameter("engine"), f"model {run.model}" if run.model else ""]
    return "  ".join(plain(word) for word in [*words, f"session {run.session}" if run.session else ""] if word)


def _time(run: RecordedRun) -> str:
    if run.started is None:
        return ""
    took = f"{run.seconds:,.1f} s" if run.seconds is not None else "it is not known how long"
    return f"{run.started.astimezone():%Y-%m-%d %H:%M:%S}, {took}" + (" so far" if run.outcome == "running" else "")


def _calls(run: RecordedRun) -> str:
    if not run.calls:
        return ""
    words = [f"{count} {plain(name)}" for name, count in run.outcomes.items()]
    open_ = run.calls - sum(run.outcomes.values())
    return f"{run.calls}: " + ", ".join([*words, *([f"{open_} without a result"] if open_ > 0 else [])])


def _used(usage: Usage, turns: int) -> str:
    if not (usage.input or usage.output):
        return ""
    calls = f" in {turns} model {'call' if turns == 1 else 'calls'}" if turns else ""
    return usage_words(usage) + calls + ("" if usage.usd is not None else ", its price is not known")


def _brief(run: RecordedRun, width: int, *, everything: bool) -> Iterator[str]:
    lines = [plain_line(line) for line in run.brief.splitlines()] if run.brief else _told(run)
    if not lines:
        return
    yield f"told{f' (brief.md, {len(run.brief):,} characters)' if run.brief else ''}"
    shown = lines if everything or len(lines) <= BRIEF_LINES + 1 else lines[:BRIEF_LINES]
    for line in shown:
        yield from wrapped(line, width, first="  | ")
    if len(shown) < len(lines):
        yield f"  … {len(lines) - len(shown)} more lines: --events shows everything"


def _told(run: RecordedRun) -> list[str]:
    """Return the parameters of a run without a brief; what stands in its heading is not said again."""
    return [f"{plain(name)}: {plain(str(value), 300)}" for name, value in run.parameters.items() if name != "ticket"]


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


def _labelled(name: str, value: str, width: int) -> Iterator[str]:
    yield from wrapped(value, width, first=f"  {name:<{_LABEL}} ")
