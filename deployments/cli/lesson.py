"""`linestop lesson`: what people concluded, and agents are told. Each group of verbs is a file of its own."""

from cyclopts import App

from linestop.deployments.cli.options import listed

lesson = App(
    name="lesson",
    help="Write down, search and correct what agents are told of earlier work.",
    usage="""Usage: linestop lesson COMMAND

Examples:
    linestop lesson add "Never run all tests" --why "it takes an hour"
    linestop lesson add                              # in $EDITOR
    linestop lesson list --stale                     # whose files changed since
    linestop lesson recall timeout src/cart.py       # by words and files
    linestop lesson supersede OLD NEW
    linestop lesson export > lessons.jsonl
""",
    help_format="plaintext",
)
_VERBS = {
    "add": ("lesson_add:add", "Keep a new lesson; in $EDITOR where its text isn't given."),
    "edit": ("lesson_edit:edit", "Change a lesson; what it said before is kept."),
    "list": ("lesson_list:list_", "List the lessons: stale ones, proposals, one file's."),
    "recall": ("lesson_list:recall", "Search by words and files, best first."),
    "show": ("lesson_show:show", "Show one lesson, and what it said before."),
    "confirm": ("lesson_change:confirm", "Say that a lesson still holds for its file as it is now."),
    "accept": ("lesson_change:accept", "Have a proposal told, or a superseded lesson again."),
    "supersede": ("lesson_change:supersede", "Put another lesson in a lesson's place."),
    "contradict": ("lesson_change:contradict", "Say that two lessons disagree, knowingly."),
    "remove": ("lesson_change:remove", "Take a lesson out."),
    "export": ("lesson_transfer:export", "Write lessons as JSON Lines."),
    "import": ("lesson_transfer:import_", "Read lessons that were exported."),
}
for _verb, (_where, _line) in _VERBS.items():
    lesson.command(f"linestop.deployments.cli.{_where}", name=_verb, help=listed(_verb, _line))
