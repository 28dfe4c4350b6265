"""Reads scenario files, and finds the shipped ones by name. Says the line where one breaks the format."""

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import yaml
from pydantic import ValidationError

from linestop.errors import UsageError
from linestop.scenarios.model import Scenario

MOST_BYTES = 4 * 2**20
_SHIPPED = files("linestop.scenarios") / "examples"


def read_scenario(path: Path) -> Scenario:
    """Return the scenario of a file.

    Raises:
        UsageError: it can't be read, is no YAML, or breaks the format; names the place.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"the scenario {path} can't be read", found=str(error), todo="name a scenario file") from error
    if len(content) > MOST_BYTES:
        raise UsageError(f"the scenario {path} is too large", found=f"over {MOST_BYTES} bytes", todo="use `times`")
    return _parsed(content, str(path))


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
    try:
        loader = yaml.SafeLoader(content)
        try:
            tree = loader.get_single_node()
            data = loader.construct_document(tree) if tree else None
        finally:
            loader.dispose()
    except (UnicodeDecodeError, ValueError, RecursionError, yaml.YAMLError) as error:
        mark = getattr(error, "problem_mark", None)
        found = f"line {mark.line + 1}: {error.problem}" if mark else " ".join(str(error).split())  # type: ignore[union-attr]
        raise UsageError(f"the scenario {source} can't be read", found=found, todo="correct the YAML") from error
    try:
        return Scenario.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = [part for part in first["loc"] if not isinstance(part, str) or "[" not in part]
        line = f"line {_line(tree, where)}: " if tree else ""
        place = ".".join(str(part) for part in where) or "the file"
        raise UsageError(
            f"the scenario {source} breaks the format",
            found=f"{line}{place}: {first['msg'].removeprefix('Value error, ')}",
            todo="correct it; docs/scenarios.md describes every key",
        ) from error


def _line(node: yaml.Node, where: Sequence[int | str]) -> int:
    """Return the line, from 1, of the deepest node that a place names; names that the model adds are passed over."""
    for part in where:
        node = _inside(node, part) or node
    return int(node.start_mark.line) + 1


def _inside(node: yaml.Node, part: int | str) -> yaml.Node | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        found: yaml.Node = node.value[part]
        return found
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == str(part)), None)
    return None
