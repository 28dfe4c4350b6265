"""The notebook's other entries: what `lab run` and `lab rerun` did, one dispatch each, read from the runs' own records.

They compare nothing, so that their rule is the same for all. Experiments in pairs are entry.py's.
"""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from linestop.paths import Layout
from linestop.runs.files import as_moment, as_object, as_text, object_in, outcome_of
from linestop.runs.find import kind_of, run_folders
from linestop.text import plain

MOST = 200
RUN = "lab"  # what `lab run` calls ticket and chunk: no ticket is called so
RULE = "one dispatch in a fresh workspace, watched; nothing is compared and nothing delivered"


class SingleRun(BaseModel):
    """One dispatch that a person asked the lab for. `id` is its record's; `of` the run that it repeats."""

    model_config = ConfigDict(frozen=True)

    id: str
    kind: str
    started: datetime
    question: str
    engine: str
    of: str = ""
    rule: str = RULE
    result: str


def single_runs(layout: Layout) -> tuple[SingleRun, ...]:
    """Return the newest of them, oldest first; trials of an experiment stand in its entry."""
    found: list[SingleRun] = []
    for folder in reversed(run_folders(layout)):
        if kind_of(folder.name) == "dispatch":
            found += _single(folder)
        if len(found) >= MOST:
            break
    return tuple(found[::-1])


def single_page(run: SingleRun) -> str:
    """Return one of them as the notebook shows it."""
    again = f"- repeats `{plain(run.of)}`\n" if run.of else ""
    return (
        f"# {plain(run.question, 300)}\n\n**{plain(run.result)}**\n\n"
        f"- entry `{run.id}`, begun {run.started:%Y-%m-%d %H:%M:%S} UTC, engine {plain(run.engine)}\n{again}"
        f"- rule: {run.rule}\n"
        f"- look: linestop run show {run.id} --diff\n- once more: linestop lab rerun {run.id}\n"
    )


def _single(folder: Path) -> Iterator[SingleRun]:
    inputs = object_in(folder, "inputs.json", [])
    parameters, started = as_object(inputs.get("parameters")), as_moment(inputs.get("started"))
    of = as_text(parameters.get("rerun_of"))
    if started is None or "trial" in parameters or not (of or parameters.get("ticket") == RUN):
        return
    result = object_in(folder, "result.json", [])
    outcome, said = outcome_of(folder, inputs, result), as_text(result.get("summary"))
    yield SingleRun(
        id=folder.name, kind="rerun" if of else "run", started=started, of=of, engine=as_text(parameters.get("engine")),
        question=_question(parameters, of), result=": ".join(filter(None, (outcome, said))),
    )  # fmt: skip


def _question(parameters: dict[str, Any], of: str) -> str:
    chunk = as_object(as_object(parameters.get("order")).get("chunk"))
    title = as_text(chunk.get("title")) or as_text(parameters.get("chunk"))
    return plain(f"Does it do the same again: {title}?" if of else f"What does it do with: {title}?", 300)
