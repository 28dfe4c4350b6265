"""The root command. Imports no command: each is loaded when it is called, so that `--help` stays fast."""

import sys

from cyclopts import App, Parameter

from linestop import __version__
from linestop.deployments.cli.help_page import HelpPage, default_shown

COMMANDS = {
    "run": "Audit a repository, carry out what was planned, update its wiki.",
    "audit": "Review a repository and write at most 5 plans.",
    "execute": "Carry out open tickets until the oracle says done.",
    "document": "Bring the repository's wiki up to date, on a branch.",
    "up": "Start server, UI, worker, schedules and webhook receiver.",
    "down": "Stop all that `up` started.",
    "ticket": "List, show, add, correct, gate and release tickets.",
    "batch": "Show how far a batch is.",
    "oracle": "Say whether a batch is done: exit 0 done, 3 not done, 4 waiting on a person.",
    "lesson": "Write down, search and correct what agents are told of earlier work.",
    "caution": "List and follow what detectors, guards, checks and clocks saw.",
    "sign": "List the failures that came back within a ticket, and that its briefs ban.",
    "incident": "List, show and close line stops.",
    "brief": "Print exactly what the next dispatch of a ticket would be told, and what was left out.",
    "skill": "List and show skills: how each role goes about its work.",
    "debrief": "Decide what tickets and batches have taught: candidates for lessons.",
    "insight": "Answer questions about the runs, from DuckDB.",
    "lab": "Try agents out: a scripted model server, benches, reruns.",
    "watch": "Say where agents went round in circles, from the logs they left.",
    "history": "Show the runs of a repository, newest first.",
    "doctor": "Check git, Python, Prefect, sandbox tools, server, disk and policy.",
}


def build(called: str = "") -> App:
    """Return the root command. The `called` command shows its own help, with examples, in place of the line here."""
    root = App(
        name="linestop",
        help="Runs coding agents unattended on a git repository and can prove what they did.",
        version=__version__,
        default_parameter=Parameter(negative=(), show_default=default_shown),  # a flag is given or not: no --no-json
        suppress_keyboard_interrupt=False,  # errors.py says what becomes of the run
        help_format="plaintext",  # keeps the lines of examples apart, which markdown would fold into one
        help_formatter=HelpPage(),
    )
    for name, text in COMMANDS.items():
        root.command(f"linestop.deployments.cli.{name}:{name}", name=name, help=None if name == called else text)
    return root


app = build()


def main() -> None:
    """Run the command line; errors become three-part texts and exit codes here and nowhere else."""
    from linestop.deployments.cli.errors import guarded  # noqa: PLC0415  # keeps --help free of pydantic

    called = next((word for word in sys.argv[1:] if not word.startswith("-")), "")
    sys.exit(guarded(build(called), sys.argv[1:]))
