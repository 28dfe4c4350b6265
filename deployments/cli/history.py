"""`linestop history`: the runs of a repository as a tree. What was recorded is linestop/insight/history.py."""

import json
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from cyclopts.types import PositiveInt

from linestop.deployments.cli.options import Json, Repo
from linestop.deployments.cli.run_page import KILLED, RESUMED
from linestop.deployments.cli.text_table import terminal_width
from linestop.deployments.cli.wrapping import hanging
from linestop.insight import Run
from linestop.insight import history as recorded
from linestop.paths import Layout, repository_root
from linestop.text import plain


def history(
    repository: Repo = Path(),
    *,
    limit: PositiveInt = 20,
    json_: Json = False,
) -> int:
    """Show the runs of a repository, newest first: what each started, how it ended, how long it took, its id's end.

    Examples:
        linestop history
        linestop history ../shop --limit 3
        linestop history --json
        linestop run show a1b2c3        # one run, by the last word of its line

    Parameters
    ----------
    limit
        How many runs; those that they started come with them.
    json_
        Print the runs as JSON.
    """
    layout = Layout(repository_root(repository))
    runs = recorded(layout, limit=limit)
    ui = _ui_url()
    if json_:
        sys.stdout.write(json.dumps([_as_json(run, ui) for run in runs], indent=2) + "\n")
        return 0
    for run in runs:
        sys.stdout.write("\n".join(tree(run, ui, width=terminal_width())) + "\n")
    if runs:
        sys.stderr.write("`linestop run show ID` shows one of them; the last word of its line is enough\n")
    else:
        sys.stderr.write(f"no runs yet; type `linestop run {layout.root}` to make the first\n")
    return 0


def tree(run: Run, ui: str, stem: str = "", branch: str = "", *, width: int | None = None) -> Iterator[str]:
    """Yield a run and what it started as lines of a tree; for a terminal of `width` columns texts are broken."""
    inner = stem + {"├─ ": "│  ", "└─ ": "   "}.get(branch, "")
    rail = "│  " if run.children else "   "
    texts = [(f"{stem}{branch}", _headline(run)), *((f"{inner}{rail}", note) for note in _notes(run, ui))]
    for before, text in texts:
        for number, line in enumerate(_broken(text, before, width)):
            yield f"{inner}{rail}{line}" if number else f"{before}{line}"
    for index, child in enumerate(run.children):
        last = index == len(run.children) - 1
        yield from tree(child, ui, inner, "└─ " if last else "├─ ", width=width)


def _broken(text: str, before: str, width: int | None) -> Iterable[str]:
    """Return the lines of a text in the tree: where there is a terminal, none is wider than it is."""
    if width is None or "://" in text:  # a link that is cut can't be followed
        return [text]
    return hanging(text, width - len(before), indent=0)


def _headline(run: Run) -> str:
    when = f"{run.started.astimezone():%Y-%m-%d %H:%M:%S}" if run.started else "at an unknown time"
    name = run.dispatch or " ".join(word for word in (run.kind, run.ticket) if word)
    took = f"{run.seconds:.1f} s" if run.seconds is not None else ""
    return "  ".join(plain(part) for part in (when, name, run.outcome, took, run.run_id[-6:]) if part)


def _notes(run: Run, ui: str) -> Iterator[str]:
    if run.summary:
        yield plain(run.summary, limit=200)
    if run.outcome == "killed":
        yield f"{KILLED}; {RESUMED}"
    link = _link(run, ui)
    if link:
        yield link


def _link(run: Run, ui: str) -> str:
    return f"{ui}/v2/runs/flow-run/{plain(run.flow_run, limit=80)}" if ui and run.flow_run else ""


def _as_json(run: Run, ui: str) -> dict[str, Any]:
    values = run.model_dump(mode="json", exclude={"children"})
    return {**values, "url": _link(run, ui), "children": [_as_json(child, ui) for child in run.children]}


def _ui_url() -> str:
    """Return the address of the UI, from the environment or the server linestop started; empty where none runs."""
    configured = os.environ.get("PREFECT_UI_URL") or os.environ.get("PREFECT_API_URL", "")
    if configured:
        return configured.rstrip("/").removesuffix("/api")
    from linestop.deployments.server import running_server  # noqa: PLC0415  # only where nothing is configured

    server = running_server()
    return server.ui_url.rstrip("/") if server else ""
