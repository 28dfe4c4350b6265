"""`linestop lab`: try agents out without a model and without risk. Each verb is a file of its own, loaded lazily."""

from cyclopts import App

from linestop.deployments.cli.options import listed

lab = App(
    name="lab",
    help="Try agents out: a scripted model server, benches, reruns, and whether memory helps.",
    usage="""Usage: linestop lab COMMAND

Examples:
    linestop lab scenarios                           # those that are shipped
    linestop lab serve good-maker                    # play one to any agent
    linestop lab serve my-scenario.yaml --port 8400
    linestop lab run scripted:looper src/cart.py     # one dispatch, watched
    linestop lab rerun a1b2c3                        # a dispatch once more
    linestop lab bench detectors                     # how good the watch is
    linestop lab ab on-topic                         # does memory help?
    linestop lab ab clean-imports --dry-run          # what a ticket would run
    linestop lab notebook                            # what was found out
    linestop lab again latest                        # an entry once more
""",
    help_format="plaintext",
)
_VERBS = {
    "serve": "Serve a scenario as a model, for any agent's command line.",
    "scenarios": "List the shipped scenarios, or show one.",
    "run": "Give one task to any engine in a throwaway workspace.",
    "ab": "Run a task with and without memory, in pairs, and say whether memory helped.",
    "again": "Run an entry of the notebook once more.",
    "notebook": "List the lab's entries, or show one.",
    "experiments": "List the shipped experiments, or show one's file.",
    "rerun": "Run a recorded dispatch again, both side by side; or an entry of the notebook.",
    "bench": "Hold the detectors against labelled traces: precision and recall.",
}
for _verb, _line in _VERBS.items():
    lab.command(f"linestop.deployments.cli.lab_{_verb}:{_verb}", name=_verb, help=listed(_verb, _line))
