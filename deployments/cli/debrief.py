"""`linestop debrief`: what tickets and batches may have taught, and a person's decision about each of it."""

import sys
from pathlib import Path

from cyclopts import App

from linestop.blocks.memory_gate import memory_layout
from linestop.debrief import Candidate, Debriefs
from linestop.deployments.cli.debrief_finding import find, say, stale_file
from linestop.deployments.cli.debrief_page import page, state_of
from linestop.deployments.cli.options import Everything, Json, Repo, listed
from linestop.deployments.cli.text_table import terminal_width, text_table
from linestop.text import plain

COLUMNS = ("candidate", "subject", "times", "file", "lesson", "drafted")
WHOLE = ("candidate", "subject")  # are typed again

debrief = App(
    name="debrief",
    help="Decide what tickets and batches have taught: accept, edit or drop candidates for lessons.",
    usage="""Usage: linestop debrief [SUBJECT]

Examples:
    linestop debrief                                 # what waits for you
    linestop debrief shop-bugs                       # of one ticket or batch
    linestop debrief show runaway-search-3f2a…       # with its evidence
    linestop debrief accept runaway-search-3f2a… --global
    linestop debrief drop repeat-91c0… --why "the test server was down"
    linestop debrief walk                            # one by one, on a terminal
    linestop debrief gather shop-bugs                # once more, by hand
""",
    help_format="plaintext",
)
_DECIDING = "linestop.deployments.cli.debrief_deciding"
_VERBS = {
    "accept": (_DECIDING, "Make a candidate a lesson, in its words or in yours."),
    "edit": (_DECIDING, "Make it a lesson in your words, in your editor."),
    "drop": (_DECIDING, "Drop it: nothing is learned of it."),
    "walk": ("linestop.deployments.cli.debrief_walk", "Go through what waits, one by one, on a terminal."),
    "gather": ("linestop.deployments.cli.debrief_gather", "Gather what a ticket or a batch has taught, by hand."),
}
for _verb, (_module, _line) in _VERBS.items():
    debrief.command(f"{_module}:{_verb}", name=_verb, help=listed(_verb, _line))


@debrief.default
def list_(
    subject: str = "",
    /,
    *,
    everything: Everything = False,
    repo: Repo = Path(),
    json_: Json = False,
) -> int:
    """Show the candidates that wait for a person, oldest first.

    Parameters
    ----------
    subject
        A ticket or a batch; all of them by default.
    everything
        Those that were decided too.
    json_
        Print them as JSON.
    """
    debriefs = Debriefs(memory_layout(repo))
    decided = debriefs.decided() if everything else ()
    found = [*(one for one in decided if subject in ("", one.subject)), *debriefs.waiting(subject)]
    for line in debriefs.unreadable():
        sys.stderr.write(plain(line, limit=600) + "\n")
    if json_:
        say("[" + ",\n".join(one.model_dump_json(indent=2) for one in found) + "]")
    elif found:
        columns = (*COLUMNS, "decided") if everything else COLUMNS
        rows = [_row(one)[: len(columns)] for one in found]
        say(text_table(columns, rows, width=terminal_width(), whole=WHOLE))
        if any(one.waits for one in found):
            sys.stderr.write("next: linestop debrief show ID, then accept, edit or drop it; or linestop debrief walk\n")
    else:
        sys.stderr.write("nothing waits for a decision\n")
    return 0


@debrief.command
def show(candidate: str, /, *, repo: Repo = Path(), json_: Json = False) -> int:
    """Show one candidate: the lesson, why, the driving event, the evidence with its runs, and how it was decided.

    Examples:
        linestop debrief show runaway-search-3f2a91c0de-5b6c7d8e

    Parameters
    ----------
    candidate
        As `linestop debrief` names it; its beginning is enough where nothing else begins so.
    json_
        Print it as JSON.
    """
    layout, found = find(repo, candidate)
    say(
        found.model_dump_json(indent=2)
        if json_
        else page(found, stale=stale_file(layout, found), columns=terminal_width())
    )
    return 0


def _row(one: Candidate) -> tuple[object, ...]:
    return (one.id, one.subject, one.times, one.file, one.title, one.drafted, state_of(one))
