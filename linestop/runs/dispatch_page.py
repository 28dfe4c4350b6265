"""A run's record as a page in the UI: markdown that nothing an agent wrote can change.

The page for terminals is in deployments/cli/.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from linestop.execution.report import cell, paragraphs, table
from linestop.runs.recorded import RecordedRun, Relative
from linestop.runs.words import memory_words, usage_words
from linestop.text import plain
from linestop.watch import Firing, Rung
from linestop.watch.nudging import Nudged

MAX_ROWS = 100
_CAME_OF = {True: "changed", False: "went on as before", None: "nobody can say"}


def dispatch_page(run: RecordedRun, *, links: Sequence[str] = ()) -> str:
    """Return a dispatch as a page: how it ended, what it used, what fired, what changed, how to read on."""
    facts = [(cell(name), value) for name, value in _facts(run) if value]
    return paragraphs(
        f"**{cell(run.outcome)}** · {cell(run.name)}",
        cell(run.summary),
        " · ".join(links),
        read_on(run.run_id, run.folder, again=run.can_rerun),
        table(("", ""), facts),
        _firings([(firing, firing.rung) for firing in run.firings]),
        _nudges(run.nudges),
        _changes(run),
    )


def watch_page(run_id: str, folder: Path, seen: Sequence[tuple[Firing, Rung]]) -> str:
    """Return what the watch saw of a dispatch up to now, with the record it belongs to."""
    return paragraphs(read_on(run_id, folder, going=True), _firings([(firing, rung.word) for firing, rung in seen]))


def read_on(run_id: str, folder: Path, *, going: bool = False, again: bool = False) -> str:
    """Return where a record lies and what to type to read it."""
    options = " --follow" if going else ""
    rerun = f" Run it again: {code(f'linestop lab rerun {run_id}')}" if again else ""
    return f"Record {code(str(folder))}. Read it: {code(f'linestop run show {run_id}{options}')}.{rerun}"


def runs_table(runs: Sequence[Relative], *, links: Mapping[str, str] | None = None) -> str:
    """Return the runs that a run started, each with the command that shows it; empty where there are none.

    `links` are markdown links by run id, that stand in place of the names.
    """
    known = links or {}
    rows = [
        (known.get(run.run_id, cell(run.name)), cell(run.outcome), code(f"linestop run show {run.run_id}"))
        for run in runs[:MAX_ROWS]
    ]
    more = f"{len(runs) - MAX_ROWS} more are in the record." if len(runs) > MAX_ROWS else ""
    return paragraphs(table(("dispatch", "outcome", "record"), rows) if rows else "", more)


def code(text: str) -> str:
    """Return text as code that ends where it should, in a table too."""
    return f"`{plain(text, 1_000).replace('`', chr(39)).replace('|', '¦')}`"


def _facts(run: RecordedRun) -> Iterator[tuple[str, str]]:
    yield "ticket", cell(run.parameter("ticket"))
    yield "engine", cell(" ".join(word for word in (run.parameter("engine"), run.model) if word))
    yield "seconds", "" if run.seconds is None else f"{run.seconds:.1f}"
    yield "tool calls", ", ".join([str(run.calls), *(f"{count} {cell(word)}" for word, count in run.outcomes.items())])
    if run.usage.input or run.usage.output:
        yield (
            "used",
            usage_words(run.usage).replace("$", "\\$")
            + ("" if run.usage.usd is not None else ", its price is not known"),
        )
    yield "told", memory_words(run.parameters.get("told"))
    yield "faults", ", ".join(f"{cell(word)} {count}" for word, count in run.faults.items())
    yield "session", cell(run.session)
    yield from ((word, cell(text)) for word, text in run.said)
    yield "missing", "; ".join(map(cell, run.problems))


def _firings(seen: Sequence[tuple[Firing, str]]) -> str:
    """Return a table of firings, the newest last; empty where there are none."""
    rows = [
        (f"{one.at:%H:%M:%S}", cell(one.detector), str(one.severity), cell(rung), cell(one.detail), cell(one.file))
        for one, rung in seen[-MAX_ROWS:]
    ]
    left_out = len(seen) - len(rows)
    note = f"{left_out} earlier ones are in the record." if left_out else ""
    columns = ("UTC", "detector", "severity", "done about it", "what", "file")
    return paragraphs("#### The watch", note, table(columns, rows)) if rows else ""


def _nudges(nudges: Sequence[Nudged]) -> str:
    rows = [
        (f"{(one.told_at or one.fired_at):%H:%M:%S}", cell(one.detector), _CAME_OF[one.changed], str(one.calls))
        for one in nudges[:MAX_ROWS]
    ]
    columns = ("UTC", "detector", "behaviour", "calls since")
    return paragraphs("#### What it was told on the way", table(columns, rows)) if rows else ""


def _changes(run: RecordedRun) -> str:
    if run.diff is None or not run.diff.count:
        return ""
    rows = [
        (cell(file.path), "binary" if file.binary else f"+{file.added} -{file.removed}")
        for file in run.diff.files[:MAX_ROWS]
    ]
    total = f"{run.diff.count} changed, +{run.diff.added} -{run.diff.removed}"
    return paragraphs("#### Files", total, table(("file", "lines"), rows))
