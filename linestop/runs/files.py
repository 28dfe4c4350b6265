"""The files of one record, read as far as they can be. A link leads out of the records and is never followed."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from linestop.records import MAX_JSON, is_alive
from linestop.runs.diff_stat import DiffStat, diff_stat
from linestop.sound_json import sound
from linestop.text import plain

MAX_BRIEF = 200_000  # characters
START_SECONDS = 5.0  # a record without inputs is one that is being started for so long


def outcome_of(folder: Path, inputs: dict[str, Any], result: dict[str, Any]) -> str:
    """Return how a run ended, `running` while its process lives, `killed` where that is gone without a result."""
    if outcome := as_text(result.get("outcome")):
        return outcome
    holder = inputs.get("holder")
    if isinstance(holder, str) and holder:
        return "running" if is_alive(holder) else "killed"
    try:
        age = datetime.now(UTC).timestamp() - folder.stat().st_mtime
    except OSError:
        return "killed"
    return "running" if not inputs and 0 <= age < START_SECONDS else "killed"


def is_over(folder: Path) -> bool:
    """Return whether a run has ended: it has a result, or its process is gone."""
    ignored: list[str] = []
    inputs, result = object_in(folder, "inputs.json", ignored), object_in(folder, "result.json", ignored)
    return outcome_of(folder, inputs, result) != "running"


def object_in(folder: Path, name: str, problems: list[str]) -> dict[str, Any]:
    """Return the JSON object in a file of the record, empty where there is none; a link leads out and is not read."""
    path = folder / name
    if path.is_symlink() or not path.is_file():
        return {}
    try:
        with path.open("rb") as file:
            value = sound(json.loads(file.read(MAX_JSON).decode("utf-8", "replace")))
    except (OSError, ValueError, RecursionError) as error:
        problems.append(f"{name} can't be read: {plain(str(error))}")
        return {}
    if not isinstance(value, dict):
        problems.append(f"{name} can't be read: it is no object")
        return {}
    return value


def brief_in(folder: Path) -> str:
    """Return what a dispatch was told, empty where that isn't on record."""
    path = folder / "brief.md"
    if path.is_symlink() or not path.is_file():
        return ""
    with path.open(encoding="utf-8", errors="replace") as file:
        return file.read(MAX_BRIEF)


def diff_in(folder: Path) -> DiffStat | None:
    """Return how much a run changed, None where there is no diff on record."""
    path = folder / "diff.patch"
    if path.is_symlink() or not path.is_file():
        return None
    with path.open(encoding="utf-8", errors="replace") as file:
        return diff_stat(file)


def as_object(value: object) -> dict[str, Any]:
    """Return a JSON object, empty where the value is none."""
    return value if isinstance(value, dict) else {}


def as_text(value: object) -> str:
    """Return a text; another JSON value as it is written, null as nothing."""
    return value if isinstance(value, str) else "" if value is None else json.dumps(value)


def as_moment(value: object) -> datetime | None:
    """Return a time with its zone, UTC where it has none; None where the value is no time."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment
