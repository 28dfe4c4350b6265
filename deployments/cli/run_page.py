"""A run as a page for the terminal: what stands above its transcript. Everything in it may be a stranger's text."""

from collections.abc import Iterator

from linestop.deployments.cli.wrapping import hanging, wrapped
from linestop.events import Usage
from linestop.runs import RecordedRun
from linestop.runs.words import memory_words, plain_line, usage_words
from linestop.text import plain

KILLED = "killed: its process ended without a result"
RESUMED = "the next run resumes its tickets"
BRIEF_LINES = 14  # that are shown unless everything is asked for
_LABEL = 10


def head_lines(run: RecordedRun, width: int, *, everything: bool = False) -> Iterator[str]:
    """Yield what stands above the transcript: what it is, what it used, what it was told."""
    yield from hanging(f"{run.run_id}  {plain(run.name)}  {plain(run.outcome)}", width, indent=2)
    yield from _facts(run, width)
    yield from _brief(run, width, everything=everything)


def _facts(run: RecordedRun, width: int) -> Iterator[str]:
    facts = {
        "why": _killed(run) if run.outcome == "killed" else plain(run.summary, 2_000),
        "last seen": plain(run.last, 300) if run.outcome in ("killed", "running") else "",
        "ticket": plain(run.parameter("ticket")) if run.kind == "dispatch" else "",
        "engine": _engine(run),
        "time": _time(run),
        "calls": _calls(run),
        "used": _used(run.usage, run.turns),
        "remembered": memory_words(run.parameters.get("told")),
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


def _labelled(name: str, value: str, width: int) -> Iterator[str]:
    yield from wrapped(value, width, first=f"  {name:<{_LABEL}} ")
