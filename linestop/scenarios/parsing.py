"""YAML of people into a model: says the line where a file breaks the format. Runs nothing that it reads."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from linestop.errors import UsageError

MOST_BYTES = 4 * 2**20
MOST_KEYS = 10_000  # of one mapping, merged ones included: a short file can merge billions
Model = TypeVar("Model", bound=BaseModel)


class _Loader(yaml.SafeLoader):
    """Merges so many keys and no more."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        super().flatten_mapping(node)
        if len(node.value) > MOST_KEYS:
            raise yaml.constructor.ConstructorError(problem="too many merged keys", problem_mark=node.start_mark)


def read_bytes(path: Path, noun: str) -> bytes:
    """Return a file's bytes.

    Raises:
        UsageError: it can't be read, or is larger than MOST_BYTES.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(
            f"the {noun} {path} can't be read",
            found=error.strerror or str(error),
            todo=f"name the file of {'an' if noun[0] in 'aeiou' else 'a'} {noun}",
        ) from error
    if len(content) > MOST_BYTES:
        raise UsageError(f"the {noun} {path} is too large", found=f"over {MOST_BYTES} bytes", todo="use `times`")
    return content


def parsed(content: bytes, source: str, model: type[Model], *, noun: str, page: str) -> Model:
    """Return the model that a YAML file holds; `page` is where its keys are described.

    Raises:
        UsageError: no YAML, or it breaks the format; names the line.
    """
    try:
        loader = _Loader(content)
        try:
            tree = loader.get_single_node()
            data = loader.construct_document(tree) if tree else None
        finally:
            loader.dispose()
    except (UnicodeDecodeError, ValueError, RecursionError, yaml.YAMLError) as error:
        mark = getattr(error, "problem_mark", None)
        found = f"line {mark.line + 1}: {error.problem}" if mark else " ".join(str(error).split())  # type: ignore[union-attr]
        raise UsageError(f"the {noun} {source} can't be read", found=found, todo="correct the YAML") from error
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = [part for part in first["loc"] if not isinstance(part, str) or "[" not in part]
        line = f"line {_line(tree, where)}: " if tree else ""
        place = ".".join(str(part) for part in where) or "the file"
        raise UsageError(
            f"the {noun} {source} breaks the format",
            found=f"{line}{place}: {first['msg'].removeprefix('Value error, ')}",
            todo=f"correct it; {page} describes every key",
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
