"""`linestop run show`: one run's record, of any kind. What is read is linestop/runs/; the page is run_page.py."""

import json
import shutil
import sys
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from linestop.deployments.cli.options import Json, Repo
from linestop.deployments.cli.run_page import head_lines
from linestop.deployments.cli.run_tail import tail_lines
from linestop.deployments.cli.run_transcript import entry_lines, transcript_lines
from linestop.deployments.cli.wrapping import fitted
from linestop.errors import UsageError
from linestop.events import Event
from linestop.paths import Layout, repository_root
from linestop.runs import LATEST, RecordedRun, Transcript, find_run, follow, read_run
from linestop.runs.feed import EVENTS, EventFeed
from linestop.runs.files import is_over
from linestop.runs.words import plain_line
from linestop.text import plain

Kind = Literal["audit", "execution", "ticket", "dispatch", "documentation"]
NOT_A_TERMINAL = 100  # columns where there is none to ask


def show(
    run: Annotated[str, Parameter()] = LATEST,
    /,
    *,
    kind: Kind | None = None,
    events: bool = False,
    diff: bool = False,
    follow_: Annotated[bool, Parameter(name=["--follow", "-f"])] = False,
    repo: Repo = Path(),
    json_: Json = False,
) -> int:
    """Show a run's record: what it was told, what it did, what the watch saw, how it ended.

    Examples:
        linestop run show                            # the newest run
        linestop run show --kind dispatch            # the newest dispatch
        linestop run show 20261121T090025-dispatch-a1b2c3
        linestop run show a1b2c3 --diff              # the end of an id is enough (linestop history)
        linestop run show a1b2c3 --events --json
        linestop run show a1b2c3 --follow            # goes along until the run ends

    Long outputs and long transcripts are folded; --events shows everything. A run whose process was killed says so.

    Parameters
    ----------
    run
        An id, its beginning or its end, or `latest`.
    kind
        Only among runs of this kind.
    events
        Every event, nothing folded.
    diff
        The whole diff.
    follow_
        Show what a run does while it does it; ends when it ends.
    json_
        Print it as JSON: one object, with `events` and `diff` where they are asked for. With --follow one event a
        line, and the run as the last line.
    """
    layout = Layout(repository_root(repo))
    folder = find_run(layout, run, kind=kind)
    if follow_ and diff:
        raise UsageError("a diff can't be followed", found="--follow and --diff", todo="leave one of them out")
    if follow_:
        return _followed(layout, folder, everything=events, json_=json_)
    found = read_run(layout, folder)
    if json_:
        _write(_as_json(found, events=events, diff=diff))
        return 0
    width = shutil.get_terminal_size((NOT_A_TERMINAL, 24)).columns
    transcript = transcript_lines(EventFeed(folder / EVENTS).new(), width, start=found.started, everything=events)
    did = chain([f"did ({found.event_count:,} events)"], transcript)
    page = chain(
        head_lines(found, width, everything=events), did if found.event_count else (), tail_lines(found, width)
    )
    _write_lines(chain(fitted(page, width), _diff(folder) if diff else ()))
    return 0


def _followed(layout: Layout, folder: Path, *, everything: bool, json_: bool) -> int:
    """Show the run as it goes; return 0 when it ended, whatever its outcome, 1 where it was killed."""
    before = read_run(layout, folder)
    width = shutil.get_terminal_size((NOT_A_TERMINAL, 24)).columns
    going = follow(folder, over=partial(is_over, folder))
    if json_:
        _write_lines(event.model_dump_json(exclude_none=True) for event in going)
        after = read_run(layout, folder)
        _write(json.dumps({"run": after.model_dump(mode="json")}) + "\n")
    else:
        known = before.model_copy(update={"problems": ()})  # what is torn may only be unfinished
        _write_lines(fitted(head_lines(known, width, everything=everything), width))
        _write_lines(fitted(_live(going, before, width, everything=everything), width))
        after = read_run(layout, folder)
        _write_lines(fitted(chain([f"it ended: {plain(after.outcome)}"], tail_lines(after, width)), width))
    if after.outcome == "killed":
        sys.stderr.write("its process is gone and left no result: it was killed\n")
    return 1 if after.outcome == "killed" else 0


def _live(events: Iterable[Event], run: RecordedRun, width: int, *, everything: bool) -> Iterator[str]:
    transcript = Transcript(run.started)
    for event in events:
        entry = transcript.entry(event)
        if everything or not entry.quiet:
            yield from entry_lines(entry, width, everything=everything)


def _as_json(run: RecordedRun, *, events: bool, diff: bool) -> Iterator[str]:
    """Yield one JSON object piece by piece: a record's events need not fit into memory."""
    yield json.dumps(run.model_dump(mode="json"), indent=2).removesuffix("\n}")
    if events:
        yield ',\n  "events": ['
        for number, event in enumerate(EventFeed(run.folder / EVENTS).new()):
            yield f"{',' if number else ''}\n    {event.model_dump_json(exclude_none=True)}"
        yield "\n  ]"
    if diff:
        yield f',\n  "patch": {json.dumps(_patch(run.folder))}'
    yield "\n}\n"


def _patch(folder: Path) -> str:
    path = folder / "diff.patch"
    there = path.is_file() and not path.is_symlink()
    return path.read_text(encoding="utf-8", errors="replace") if there else ""


def _diff(folder: Path) -> Iterator[str]:
    yield "diff.patch"
    yield from (plain_line(line) for line in _patch(folder).splitlines())


def _write(text: str | Iterable[str]) -> None:
    for piece in [text] if isinstance(text, str) else text:
        sys.stdout.write(piece)
    sys.stdout.flush()


def _write_lines(lines: Iterable[str]) -> None:
    for line in lines:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
