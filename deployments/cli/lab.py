"""`linestop lab`: try agents out without a model and without risk. Each verb is a file of its own, loaded lazily."""

from cyclopts import App

lab = App(
    name="lab",
    help="Try agents out: a scripted model server, benches, reruns.",
    usage="""Usage: linestop lab COMMAND

Examples:
    linestop lab scenarios                           # those that are shipped
    linestop lab serve good-maker                    # play one to any agent
    linestop lab serve my-scenario.yaml --port 8400
""",
    help_format="plaintext",
)
_HERE = "linestop.deployments.cli"
lab.command(f"{_HERE}.lab_serve:serve", name="serve", help="Serve a scenario as a model, for any agent's command line.")
lab.command(f"{_HERE}.lab_scenarios:scenarios", name="scenarios", help="List the shipped scenarios, or show one.")
