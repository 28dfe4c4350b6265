"""Reads experiment files, and finds the shipped ones by name."""

from importlib.resources import files
from pathlib import Path

from linestop.errors import UsageError
from linestop.lab.experiment import Experiment
from linestop.scenarios.parsing import parsed, read_bytes

SUFFIXES = frozenset({".yaml", ".yml"})
_SHIPPED = files("linestop.lab") / "experiments"


def experiment_named(name: str) -> Experiment | None:
    """Return the experiment of a file's path, or of a shipped one's name; None where the word means neither.

    Raises:
        UsageError: the file can't be read or breaks the format.
    """
    path, shipped = Path(name).expanduser(), shipped_experiments()
    if name in shipped and not path.is_file():
        return shipped[name]
    if path.suffix in SUFFIXES:
        return parsed(read_bytes(path, "experiment"), str(path), Experiment, noun="experiment", page="docs/lab.md")
    return None


def shipped_experiments() -> dict[str, Experiment]:
    """Return the experiments that come with linestop, by name."""
    found = sorted((one for one in _SHIPPED.iterdir() if one.name.endswith(".yaml")), key=lambda one: one.name)
    return {
        one.name.removesuffix(".yaml"): parsed(
            one.read_bytes(), one.name, Experiment, noun="experiment", page="docs/lab.md"
        )
        for one in found
    }


def shipped_text(name: str) -> str:
    """Return the file of a shipped experiment.

    Raises:
        UsageError: there is none of that name.
    """
    known = shipped_experiments()
    if name not in known:
        raise UsageError(f"no experiment {name} is shipped", found=", ".join(known), todo="name one of these")
    return (_SHIPPED / f"{name}.yaml").read_text(encoding="utf-8")
