"""Two runs of the same inputs side by side."""

from pydantic import BaseModel, ConfigDict

from linestop.runs.recorded import RecordedRun


class Row(BaseModel):
    """One thing that can be compared, as text; `same` None where there is nothing to compare."""

    model_config = ConfigDict(frozen=True)

    what: str
    first: str
    second: str
    same: bool | None = None


class Comparison(BaseModel):
    """The first run against the second. `same_diff` None: at least one has no diff on record."""

    model_config = ConfigDict(frozen=True)

    first: str
    second: str
    same_outcome: bool
    same_diff: bool | None
    rows: tuple[Row, ...]


def compare(first: RecordedRun, second: RecordedRun) -> Comparison:
    """Return two runs side by side: engine, outcome, diff, calls, tokens, money, time, firings."""
    diff = _same_diff(first, second)
    rows = (
        _row("engine", *(_engine(run) for run in (first, second))),
        _row("outcome", first.outcome, second.outcome),
        Row(what="diff", first=_diff(first), second=_diff(second), same=diff),
        _row("tool calls", str(first.calls), str(second.calls)),
        _row("failed calls", *(str(run.calls and _failed(run)) for run in (first, second))),
        _row("tokens in", *(f"{run.usage.input:,}" for run in (first, second))),
        _row("tokens out", *(f"{run.usage.output:,}" for run in (first, second))),
        _dollars(first, second),
        Row(what="seconds", first=_seconds(first), second=_seconds(second)),
        _row("firings", *(_firings(run) for run in (first, second))),
        Row(what="says", first=first.summary, second=second.summary, same=first.summary == second.summary),
    )
    same = first.outcome == second.outcome
    return Comparison(first=first.run_id, second=second.run_id, same_outcome=same, same_diff=diff, rows=rows)


def _row(what: str, first: str, second: str) -> Row:
    return Row(what=what, first=first, second=second, same=first == second)


def _engine(run: RecordedRun) -> str:
    return " ".join(word for word in (run.parameter("engine"), run.model) if word)


def _same_diff(first: RecordedRun, second: RecordedRun) -> bool | None:
    """Return whether both changed the same: from one commit, equal texts are equal trees."""
    patches = [(run.folder / "diff.patch") for run in (first, second)]
    if any(path.is_symlink() or not path.is_file() for path in patches):
        return None
    return patches[0].read_bytes() == patches[1].read_bytes()


def _diff(run: RecordedRun) -> str:
    if run.diff is None:
        return "none on record"
    if not run.diff.count:
        return "nothing changed"
    return f"{run.diff.count} {'file' if run.diff.count == 1 else 'files'}, +{run.diff.added} -{run.diff.removed}"


def _failed(run: RecordedRun) -> int:
    return sum(count for outcome, count in run.outcomes.items() if outcome != "ok")


def _dollars(first: RecordedRun, second: RecordedRun) -> Row:
    known = None not in (first.usage.usd, second.usage.usd)
    same = first.usage.usd == second.usage.usd if known else None
    return Row(what="dollars", first=_usd(first), second=_usd(second), same=same)


def _usd(run: RecordedRun) -> str:
    return "unknown" if run.usage.usd is None else f"{run.usage.usd:.4f}"


def _seconds(run: RecordedRun) -> str:
    worked = run.values.get("seconds")
    seconds = worked if isinstance(worked, (int, float)) else run.seconds
    return "unknown" if seconds is None else f"{seconds:.1f}"


def _firings(run: RecordedRun) -> str:
    names: dict[str, int] = {}
    for firing in run.firings:
        names[firing.detector] = names.get(firing.detector, 0) + 1
    return ", ".join(f"{name} {count}" for name, count in sorted(names.items())) or "none"
