"""`linestop debrief gather`: what the end of a ticket's or a batch's run does, by hand."""

import sys
from pathlib import Path

from linestop.blocks.memory_gate import memory_layout
from linestop.debrief import Debriefs
from linestop.deployments.cli.debrief_finding import say
from linestop.deployments.cli.debrief_server import tell_server
from linestop.deployments.cli.options import Json, Repo
from linestop.text import plain


def gather(subject: str, /, *, repo: Repo = Path(), json_: Json = False) -> int:
    """Gather what a ticket or a batch has taught, as the end of its run does. Again is harmless.

    Examples:
        linestop debrief gather shop-bugs
        linestop debrief gather 20261121-064800 --json

    Parameters
    ----------
    subject
        A ticket or a batch.
    repo
        Any folder in the repository; the one you stand in by default.
    json_
        Print what came of it as JSON.
    """
    layout = memory_layout(repo)
    found = Debriefs(layout).gather(subject)
    if json_:
        say(found.model_dump_json(indent=2))
    else:
        say(f"{len(found.drafted)} new, {len(found.waiting)} wait, {found.covered} known to a lesson already")
        for title in found.left_out:
            sys.stderr.write(f"left out, for want of room: {plain(title)}\n")
    if found.waiting:
        sys.stderr.write(f"next: linestop debrief {found.subject}\n")
        tell_server(layout.root)
    return 0
