"""`linestop lab rerun`: a recorded dispatch once more, and both side by side. What runs is blocks/reruns.py."""

import asyncio
import json
import shutil
import sys
from pathlib import Path

from linestop.blocks import reruns
from linestop.blocks.cancellation import cancellable
from linestop.blocks.engines import BLOCK
from linestop.blocks.line import Line
from linestop.blocks.memory_gate import memory_layout
from linestop.blocks.reruns import engine_again
from linestop.deployments.cli.lab_again import again
from linestop.deployments.cli.options import Json, Repo
from linestop.deployments.cli.text_table import text_table
from linestop.deployments.cli.wrapping import wrapped
from linestop.deployments.environment import outside_targets
from linestop.deployments.server import ensure_server
from linestop.errors import UsageError
from linestop.lab.notebook import is_entry
from linestop.policy import policy_hash
from linestop.ports import Engine
from linestop.records import RunRecord
from linestop.runs import RecordedRun, find_run, read_run
from linestop.runs.comparison import Comparison, compare
from linestop.runs.recipe import Recipe, recipe_of
from linestop.text import plain
from linestop.watch import Firing, Rung

NARROW = 70  # columns below which a table of two runs is unreadable
MAX_CELL = 40


def rerun(run: str, /, *, engine: str = "", repo: Repo = Path(), json_: Json = False) -> int:
    """Run a recorded dispatch again: same inputs, a new workspace from the same commit. Show both side by side.

    Examples:
        linestop lab rerun a1b2c3                    # the end of an id is enough
        linestop lab rerun a1b2c3 --engine codex     # the brief for another engine
        linestop lab rerun a1b2c3 --json

    It delivers nothing: no ticket and no branch is touched, the workspace is removed. What it did is a record of its
    own, which `linestop run show` reads and whose `rerun_of` names the first. An agent with a model seldom does the
    same twice; `diff` says whether it did. Exit code 0: it was carried out, whatever became of it.

    Parameters
    ----------
    run
        A dispatch's id, its beginning or its end, or `latest`; the whole id of an entry of the notebook is run again
        as `linestop lab again` does.
    engine
        Another engine: a name of the policy, a preset's, or block:NAME. Nothing: the recorded one, as it was set then.
    json_
        Print both runs and the comparison as one JSON object.
    """
    if is_entry(run):
        return _entry_again(run, engine, repo, json_=json_)
    layout = memory_layout(repo)  # a record that a stranger committed would choose what runs here
    first = read_run(layout, find_run(layout, run, kind="dispatch" if run == "latest" else None))
    recipe = recipe_of(first)
    line = Line(layout.root)
    chosen = _engine(line, recipe, engine)
    _say_what_differs(line, recipe)
    record = asyncio.run(cancellable(reruns.rerun, line, recipe, chosen, told=_told, started=_started))
    second = read_run(layout, record.folder)
    compared = compare(first, second)
    if json_:
        sys.stdout.write(_as_json(first, second, compared) + "\n")
        return 0
    width = shutil.get_terminal_size((100, 24)).columns
    sys.stdout.write(side_by_side(compared, width) + "\n")
    sys.stdout.write(f"look at it: linestop run show {second.run_id} --diff\n")
    return 0


def _entry_again(entry: str, engine: str, repo: Path, *, json_: bool) -> int:
    """Run an entry of the notebook again. With another engine it would be another question."""
    if engine:
        raise UsageError(
            "an entry of the notebook is run again as it was", found=f"--engine {plain(engine)}",
            todo=f"ask anew: linestop lab ab TASK --engine {plain(engine)}",
        )  # fmt: skip
    return again(entry, repo=repo, json_=json_)


def _engine(line: Line, recipe: Recipe, other: str) -> Engine:
    """Return the engine; a form of the UI is read from the server, and Prefect never imported inside of a target."""
    if not other.startswith(BLOCK):
        return engine_again(line, recipe, other)
    ensure_server(_say)
    with outside_targets():
        return engine_again(line, recipe, other)


def side_by_side(compared: Comparison, width: int) -> str:
    """Return both runs as a table, one under the other where the terminal is narrow."""
    rows = [(row.what, row.first, row.second, _word(row.same)) for row in compared.rows]
    if width >= NARROW:
        room = min(MAX_CELL, (width - 30) // 2)
        cut = [(what, plain(first, room), plain(second, room), word) for what, first, second, word in rows]
        return text_table(("what", f"first {compared.first[-6:]}", f"rerun {compared.second[-6:]}", "same"), cut)
    lines = []
    for what, first, second, word in rows:
        lines.append(f"{what}: {word}" if word else what)
        lines += wrapped(plain(first, 500), width, first="  first ")
        lines += wrapped(plain(second, 500), width, first="  rerun ")
    return "\n".join(lines)


def _word(same: bool | None) -> str:  # noqa: FBT001  # one of three answers
    return {True: "same", False: "different", None: ""}[same]


def _as_json(first: RecordedRun, second: RecordedRun, compared: Comparison) -> str:
    whole = {
        "first": first.model_dump(mode="json"),
        "rerun": second.model_dump(mode="json"),
        "comparison": compared.model_dump(mode="json"),
    }
    return json.dumps(whole, indent=2)


def _say_what_differs(line: Line, recipe: Recipe) -> None:
    if recipe.policy and recipe.policy != policy_hash(line.policy):
        sys.stderr.write("the policy is not the one of then: limits of the sandbox, checks or watch may differ\n")
    if recipe.resumed:
        sys.stderr.write("it went on with an earlier session then; the rerun starts a fresh one\n")
    if recipe.settings is None:
        sys.stderr.write("the record holds no settings of its engine: those of now are used\n")


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


def _started(record: RunRecord) -> None:
    sys.stderr.write(f"rerun {record.id}; watch it: linestop run show {record.id} --follow\n")


def _told(firing: Firing, rung: Rung) -> None:
    sys.stderr.write(f"watch.{plain(firing.detector)} [{rung.word}] {plain(firing.detail)}\n")
