"""`linestop lab run`: one dispatch of any engine in a throwaway workspace, on record and watched. Delivers nothing."""

import asyncio
import shutil
import sys
from pathlib import Path

from linestop.blocks import reruns
from linestop.blocks.cancellation import cancellable
from linestop.blocks.engines import engine_for, settings_of
from linestop.blocks.line import Line
from linestop.briefs import bare_brief
from linestop.deployments.cli.options import Json, Repo
from linestop.deployments.cli.wrapping import wrapped
from linestop.errors import UsageError
from linestop.paths import Layout, repository_root
from linestop.plans import ChecksPass, Chunk, Plan
from linestop.ports import Dispatch, Limits
from linestop.records import RunRecord
from linestop.runs import RecordedRun, read_run
from linestop.runs.recipe import Recipe
from linestop.text import plain
from linestop.watch import Firing, Rung

MOST_PATHS = 50
NAME = "lab"  # of the plan and the chunk: no ticket is called so
_GOOD = frozenset({"candidate", "nothing"})


def run(
    engine: str,
    /,
    *paths: str,
    task: str = "Mend what is wrong in these files.",
    rev: str = "HEAD",
    attempt: int = 1,
    seconds: float = 600,
    repo: Repo = Path(),
    json_: Json = False,
) -> int:
    """Give one task to an engine, in a throwaway workspace, and say what it did and what the watch saw.

    Examples:
        linestop lab run scripted:looper src/shop/cart.py     # how is this loop seen and ended here?
        linestop lab run scripted:mine.yaml src/shop/cart.py --attempt 2
        linestop lab run codex src/shop/cart.py --task "Remove the unused imports"

    It delivers nothing: no ticket and no branch is touched, the workspace is removed, the record stays. Exit code 0: it
    ended by itself; 1: the watch, a clock or an error ended it.

    Parameters
    ----------
    engine
        As `--maker` of `linestop execute` names one; `scripted:` and a scenario plays that.
    paths
        The files that the task is about.
    task
        What to do.
    rev
        The commit to start from.
    attempt
        Which attempt it is told to be: scenarios may play another act.
    seconds
        Its time.
    json_
        Print its record as JSON.
    """
    line = Line(Layout(repository_root(repo)).ensure().root)
    recipe = _recipe(line, engine, paths, task=task, rev=rev, attempt=attempt, seconds=seconds)
    chosen = engine_for(engine, line.policy, line.layout.root)
    record = asyncio.run(cancellable(reruns.rerun, line, recipe, chosen, told=_told, started=_started))
    found = read_run(line.layout, record.folder)
    sys.stdout.write(found.model_dump_json(indent=2) + "\n" if json_ else _page(found))
    return 0 if found.outcome in _GOOD else 1


def _recipe(
    line: Line, engine: str, paths: tuple[str, ...], *, task: str, rev: str, attempt: int, seconds: float
) -> Recipe:
    base = line.workspaces.head(rev)
    known = set(line.workspaces.files(base))
    if not paths or len(paths) > MOST_PATHS or not known.issuperset(paths):
        raise UsageError(
            "the task needs files of the repository",
            found=", ".join(path for path in paths if path not in known) or f"{len(paths)} paths",
            todo=f"name 1 to {MOST_PATHS} files as git knows them at {rev}, from the repository's root",
        )
    title = plain(task, 120) or NAME
    chunk = Chunk(id=NAME, title=title, source=NAME, rules=(NAME,), paths=paths, text=task)
    plan = Plan(id=NAME, title=title, purpose=title, scope=paths, chunks=(chunk,), goal=(ChecksPass(),))
    order = Dispatch(
        ticket=NAME, role="maker", attempt=attempt, plan=plan, chunk=chunk,
        brief=bare_brief(plan, chunk, attempt=attempt).text, limits=Limits(wall_seconds=seconds),
    )  # fmt: skip
    settings = settings_of(engine, line.policy)
    return Recipe(run_id="", engine=engine, settings=settings, order=order, base=base, ticket_base=base)


def _page(found: RecordedRun) -> str:
    width = shutil.get_terminal_size((100, 24)).columns
    said = wrapped(plain(found.summary, 500) or "nothing", width, first="said     ")
    ended = plain(found.outcome)
    lines = [f"ended    {ended}", *said, f"look     linestop run show {found.run_id} --diff"]
    return "\n".join(lines) + "\n"


def _started(record: RunRecord) -> None:
    sys.stderr.write(f"run {record.id}; watch it: linestop run show {record.id} --follow\n")


def _told(firing: Firing, rung: Rung) -> None:
    sys.stderr.write(f"watch.{plain(firing.detector)} [{rung.word}] {plain(firing.detail)}\n")
