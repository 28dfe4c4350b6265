"""Reads scenario files, and finds the shipped ones by name. What says the line of an error is parsing.py."""

from importlib.resources import files
from pathlib import Path

from linestop.errors import UsageError
from linestop.scenarios.model import Scenario
from linestop.scenarios.shipped import Shipped

SCENARIOS = Shipped(files("linestop.scenarios") / "examples", Scenario, noun="scenario", page="docs/scenarios.md")


def read_scenario(path: Path) -> Scenario:
    """Return the scenario of a file.

    Raises:
        UsageError: it can't be read, is no YAML, or breaks the format; names the place.
    """
    return SCENARIOS.read(path)


def scenario_named(name: str, root: Path = Path()) -> Scenario:
    """Return a scenario by its file's path, relative to `root`, or by the name of a shipped one.

    Raises:
        UsageError: there is neither, or it breaks the format.
    """
    path, shipped = root / Path(name).expanduser(), shipped_scenarios()
    if name in shipped and not path.is_file():
        return shipped[name]
    if not path.exists():
        todo = f"give a file, or one of: {', '.join(shipped)}"
        raise UsageError(f"there is no scenario {name}", found="no such file", todo=todo)
    return read_scenario(path)


def shipped_scenarios() -> dict[str, Scenario]:
    """Return the scenarios that come with linestop, by name."""
    return SCENARIOS.all()
