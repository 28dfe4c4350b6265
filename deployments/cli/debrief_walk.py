"""`linestop debrief walk`: what waits, one by one, for a person at a terminal."""

import getpass
import sys
from pathlib import Path

from linestop.blocks.memory_gate import memory_layout
from linestop.debrief import Candidate, Debriefs, Ruling
from linestop.deployments.cli.debrief_editing import KEYS, ask, edited, is_terminal
from linestop.deployments.cli.debrief_finding import say, stale_file, text_of
from linestop.deployments.cli.debrief_page import page, words_of
from linestop.deployments.cli.debrief_server import tell_server
from linestop.deployments.cli.options import Repo
from linestop.deployments.cli.text_table import terminal_width
from linestop.errors import LinestopError, UsageError
from linestop.memory.lessons.model import Lesson
from linestop.paths import Layout
from linestop.text import plain_lines


def walk(subject: str = "", /, *, who: str = "", repo: Repo = Path()) -> int:
    """Go through what waits, one by one: accept, edit, drop or skip each. Needs a terminal.

    Examples:
        linestop debrief walk
        linestop debrief walk shop-bugs

    Parameters
    ----------
    subject
        A ticket or a batch; all of them by default.
    who
        Who decides; by default your login name.
    repo
        Any folder in the repository; the one you stand in by default.
    """
    if not is_terminal():
        raise UsageError(
            "nobody can be asked here", found="no terminal", todo="linestop debrief, then accept, edit or drop"
        )
    layout, by = memory_layout(repo), who or getpass.getuser()
    decided = 0
    for one in Debriefs(layout).waiting(subject):
        sys.stderr.write("\n" + page(one, stale=stale_file(layout, one), columns=terminal_width()) + "\n")
        ruling = _asked(layout, one, by)
        if ruling == "quit":
            break
        decided += ruling != "skip"
    left = len(Debriefs(layout).waiting(subject))
    say(f"{decided} decided, {left} wait")
    if decided:
        tell_server(layout.root)
    return 0


def _asked(layout: Layout, one: Candidate, by: str) -> str:
    """Ask until a candidate is decided or left; what is refused is said, and the words are kept."""
    kept: Path | None = None
    while True:
        letter = ask("[a]ccept, [e]dit, [d]rop, [s]kip, [q]uit? ", KEYS)
        try:
            match letter:
                case "a":
                    _tell(Debriefs(layout).decide(one.id, Ruling.ACCEPT, by=by))
                case "e":
                    kept, changed = edited(one, kept=kept)
                    if not changed:
                        sys.stderr.write("its words are as they were: nothing is decided\n")
                        continue
                    _tell(Debriefs(layout).decide(one.id, Ruling.EDIT, by=by, words=words_of(text_of(kept))))
                    kept.unlink(missing_ok=True)
                case "d":
                    if not (why := ask("why? ")):
                        sys.stderr.write("it is dropped for a reason, which whoever meets it again will read\n")
                        continue
                    Debriefs(layout).decide(one.id, Ruling.DROP, by=by, why=why)
        except LinestopError as error:
            sys.stderr.write(plain_lines(str(error), 1_500) + "\n")
            continue
        return KEYS[letter]


def _tell(lesson: Lesson | None) -> None:
    if lesson is not None:
        sys.stderr.write(f"lesson {lesson.id} is kept ({lesson.tier})\n")
