"""`linestop lab notebook`: the entries of the lab, newest first, or one of them whole."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from cyclopts import App

from linestop.deployments.cli.options import Json, Repo
from linestop.text import plain

if TYPE_CHECKING:
    from linestop.lab.entry import Entry
    from linestop.lab.single_runs import SingleRun

notebook = App(
    name="notebook",
    help="List the lab's entries, newest first, or show one.",
    usage="""Usage: linestop lab notebook [show ENTRY]

Examples:
    linestop lab notebook                            # experiments, runs and reruns, with dates
    linestop lab notebook show latest
    linestop lab notebook show 20261121-on-topic-a1b2c3 --json
""",
    help_format="plaintext",
)


@notebook.default
def listing(*, repo: Repo = Path(), json_: Json = False) -> int:
    """List the entries of this repository and of all experiment files, newest first: experiments, runs, reruns.

    Examples:
        linestop lab notebook
        linestop lab notebook --json

    Parameters
    ----------
    json_
        Print the entries as JSON, without their briefs.
    """
    from linestop.blocks.lab_desk import notebooks  # noqa: PLC0415  # the page's help needs none of it
    from linestop.deployments.cli.text_table import terminal_width, text_table  # noqa: PLC0415
    from linestop.lab.single_runs import single_runs  # noqa: PLC0415

    books = notebooks(repo)
    for path in (path for book in books for path in book.unreadable()):
        sys.stderr.write(f"can't be read, and is left as it is: {path}\n")
    found: list[Entry | SingleRun] = [one for book in books for one in book.entries()]
    found += [one for book in books for one in single_runs(book.layout)]
    found.sort(key=lambda one: one.started, reverse=True)
    if json_:
        left_out = {"subject", "experiment", "pairs"}
        listed = [{"kind": "ab", **one.model_dump(mode="json", exclude=left_out)} for one in found]
        sys.stdout.write(json.dumps(listed, indent=2) + "\n")
        return 0
    columns = ("entry", "kind", "begun", "engine", "pairs", "result", "question")
    rows = [row(one) for one in found]
    sys.stdout.write(
        (
            text_table(columns, rows, width=terminal_width(), whole=("entry", "begun"))
            if rows
            else "the notebook is empty: linestop lab ab on-topic"
        )
        + "\n"
    )
    return 0


@notebook.command
def show(entry: str, /, *, repo: Repo = Path(), json_: Json = False) -> int:
    """Show an entry: question, rule, what differed, each pair with its runs, the answer.

    Examples:
        linestop lab notebook show latest

    Parameters
    ----------
    entry
        An entry's id, its beginning or its end, or `latest`; the whole id of a run or rerun of the lab.
    json_
        Print all of it as JSON, both briefs included.
    """
    from linestop.blocks.lab_desk import entry_named, notebooks  # noqa: PLC0415
    from linestop.deployments.cli.text_table import for_terminal, terminal_width  # noqa: PLC0415
    from linestop.lab.page import page  # noqa: PLC0415
    from linestop.lab.single_runs import single_page, single_runs  # noqa: PLC0415

    width = terminal_width()
    for run in (one for book in notebooks(repo) for one in single_runs(book.layout) if one.id == entry):
        sys.stdout.write(run.model_dump_json(indent=2) + "\n" if json_ else for_terminal(single_page(run), width))
        return 0
    _book, found = entry_named(repo, entry)
    sys.stdout.write(
        found.model_dump_json(indent=2, by_alias=True) + "\n" if json_ else for_terminal(page(found), width)
    )
    return 0


def row(one: "Entry | SingleRun") -> tuple[str, ...]:
    """Return an entry as a row of the notebook."""
    from linestop.lab.entry import Entry  # noqa: PLC0415

    begun = f"{one.started.astimezone():%Y-%m-%d %H:%M}"
    if isinstance(one, Entry):
        pairs = f"{len(one.pairs)}/{one.rule.pairs}"
        return (one.id, "ab", begun, one.subject.engine, pairs, one.answer, one.question)
    return (one.id, one.kind, begun, one.engine, "", plain(one.result, limit=40), one.question)
