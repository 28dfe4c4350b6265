"""Reads scenario files, and finds the shipped ones by name. What says the line of an error is parsing.py."""

from importlib.resources import files
from pathlib import Path

from linestop.errors import UsageError
from linestop.scenarios.model import Scenario
from linestop.scenarios.parsing import parsed, read_bytes

_SHIPPED = files("linestop.scenarios") / "examples"


def read_scenario(path: Path) -> Scenario:
    """Return the scenario of a file.

    Raises:
        UsageError: it can't be read, is no YAML, or breaks the format; names the place.
    """
    return _parsed(read_bytes(path, "scenario"), str(path))


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
    found = [one for one in _SHIPPED.iterdir() if one.name.endswith(".yaml")]
    return {
        one.name.removesuffix(".yaml"): _parsed(one.read_bytes(), one.name)
        for one in sorted(found, key=lambda one: one.name)
    }


def shipped_text(name: str) -> str:
    """Return the file of a shipped scenario.

    Raises:
        UsageError: there is none of that name.
    """
    known = shipped_scenarios()
    if name not in known:
        raise UsageError(f"no scenario {name} is shipped", found=", ".join(known), todo="name one of these")
    return (_SHIPPED / f"{name}.yaml").read_text(encoding="utf-8")


def _parsed(content: bytes, source: str) -> Scenario:
    return parsed(content, source, Scenario, noun="scenario", page="docs/scenarios.md")
