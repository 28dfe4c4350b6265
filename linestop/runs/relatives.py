"""Which runs belong to a run: the one that started it, those it started, its reruns."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from linestop.paths import Layout
from linestop.runs.files import as_object, object_in, outcome_of
from linestop.runs.find import kind_of, run_folders
from linestop.runs.recorded import Relative, name_of
from linestop.text import plain

MAX_RELATIVES = 200


def started_by(layout: Layout, run_id: str) -> tuple[Path, ...]:
    """Return the folders of the runs that a run has started up to now, oldest first."""
    later = (folder for folder in run_folders(layout) if folder.name[:15] >= run_id[:15])
    return tuple(folder for folder in later if object_in(folder, "inputs.json", []).get("parent") == run_id)


def relatives_of(folders: Iterable[Path]) -> tuple[Relative, ...]:
    """Return what a person calls some runs, and how they ended."""
    return tuple(_relative(folder, object_in(folder, "inputs.json", [])) for folder in folders)


def relatives_in(
    layout: Layout, folder: Path, parent: str
) -> tuple[Relative | None, tuple[Relative, ...], tuple[Relative, ...]]:
    """Return the run that started this one, those that it started, and its reruns; a rerun starts later, always."""
    found, children, reruns = None, list[Relative](), list[Relative]()
    for other in run_folders(layout):
        if other.name == parent and other != folder:
            found = _relative(other, object_in(other, "inputs.json", []))
        elif other.name[:15] >= folder.name[:15] and other != folder:
            inputs = object_in(other, "inputs.json", [])
            if inputs.get("parent") == folder.name:
                children.append(_relative(other, inputs))
            elif as_object(inputs.get("parameters")).get("rerun_of") == folder.name:
                reruns.append(_relative(other, inputs))
    return found, tuple(children[:MAX_RELATIVES]), tuple(reruns[:MAX_RELATIVES])


def _relative(folder: Path, inputs: dict[str, Any]) -> Relative:
    name = name_of(kind_of(folder.name), as_object(inputs.get("parameters")))
    outcome = outcome_of(folder, inputs, object_in(folder, "result.json", []))
    return Relative(run_id=folder.name, name=plain(name), outcome=plain(outcome))
