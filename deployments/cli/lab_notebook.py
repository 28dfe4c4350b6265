"""`linestop lab notebook`: the entries of the lab, newest first, or one of them whole."""

import json
import sys
from pathlib import Path

from cyclopts import App

from linestop.deployments.cli.options import Json, Repo

notebook = App(
    name="notebook",
    help="""List the lab's entries, newest first, or show one.

Examples:
    linestop lab notebook
    linestop lab notebook show latest
    linestop lab notebook show 20261121-on-topic-a1b2c3 --json
""",
    help_format="plaintext",
)


@notebook.default
def listing(*, repo: Repo = Path(), json_: Json = False) -> int:
    """List the entries of this repository and of all experiment files, newest first.

    Examples:
        linestop lab notebook
        linestop lab notebook --json

    Parameters
    ----------
    repo
        Any folder in the repository; the one you stand in by default.
    json_
        Print the entries as JSON, without their briefs.
    """
    from linestop.blocks.lab_desk import notebooks  # noqa: PLC0415  # the page's help needs none of it
    from linestop.deployments.cli.text_table import text_table  # noqa: PLC0415

    books = notebooks(repo)
    entries = sorted((one for book in books for one in book.entries()), key=lambda one: one.started, reverse=True)
    for path in (path for book in books for path in book.unreadable()):
        sys.stderr.write(f"can't be read, and is left as it is: {path}\n")
    if json_:
        listed = [one.model_dump(mode="json", exclude={"subject", "experiment", "pairs"}) for one in entries]
        sys.stdout.write(json.dumps(listed, indent=2) + "\n")
        return 0
    rows = [
        (one.id, f"{one.started:%Y-%m-%d %H:%M}", one.subject.name, one.subject.engine,
         f"{len(one.pairs)}/{one.rule.pairs}", one.answer, one.question)
        for one in entries
    ]  # fmt: skip
    columns = ("entry", "begun", "task", "engine", "pairs", "answer", "question")
    sys.stdout.write((text_table(columns, rows) if rows else "the notebook is empty: linestop lab ab on-topic") + "\n")
    return 0


@notebook.command
def show(entry: str, /, *, repo: Repo = Path(), json_: Json = False) -> int:
    """Show an entry: question, rule, what differed, each pair with its runs, the answer.

    Examples:
        linestop lab notebook show latest

    Parameters
    ----------
    entry
        An entry's id, its beginning or its end, or `latest`.
    repo
        Any folder in the repository; the one you stand in by default.
    json_
        Print all of it as JSON, both briefs included.
    """
    from linestop.blocks.lab_desk import entry_named  # noqa: PLC0415
    from linestop.lab.page import page  # noqa: PLC0415

    _book, found = entry_named(repo, entry)
    sys.stdout.write(found.model_dump_json(indent=2, by_alias=True) + "\n" if json_ else page(found))
    return 0
