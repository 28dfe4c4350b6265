"""`linestop caution`: what detectors, guards, checks and clocks saw. Each verb is loaded when it is called."""

from cyclopts import App

from linestop.deployments.cli.options import listed

caution = App(
    name="caution",
    help="List and follow what detectors, guards, checks and clocks saw.",
    usage="""Usage: linestop caution COMMAND

Examples:
    linestop caution list
    linestop caution list --file src/cart.py --since 2h
    linestop caution list --follow
    linestop caution compact
""",
    help_format="plaintext",
)
_VERBS = {
    "list": ("caution_list:list_", "List the newest cautions, those that fit; with --follow as they come."),
    "compact": ("caution_compact:compact", "Move what ended runs left into Parquet, which keeps a million quick."),
}
for _verb, (_where, _line) in _VERBS.items():
    caution.command(f"linestop.deployments.cli.{_where}", name=_verb, help=listed(_verb, _line))
