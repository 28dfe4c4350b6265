"""Reads experiment files, and finds the shipped ones by name."""

from importlib.resources import files
from pathlib import Path

from linestop.lab.experiment import Experiment
from linestop.scenarios.shipped import Shipped

SUFFIXES = frozenset({".yaml", ".yml"})
EXPERIMENTS = Shipped(files("linestop.lab") / "experiments", Experiment, noun="experiment", page="docs/lab.md")


def experiment_named(name: str) -> Experiment | None:
    """Return the experiment of a file's path, or of a shipped one's name; None where the word means neither.

    Raises:
        UsageError: the file can't be read or breaks the format.
    """
    path, shipped = Path(name).expanduser(), shipped_experiments()
    if name in shipped and not path.is_file():
        return shipped[name]
    return EXPERIMENTS.read(path) if path.suffix in SUFFIXES else None


def shipped_experiments() -> dict[str, Experiment]:
    """Return the experiments that come with linestop, by name."""
    return EXPERIMENTS.all()
