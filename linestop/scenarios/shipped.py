"""Files of a format that come with linestop, by name: scenarios here, experiments in linestop/lab."""

from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel

from linestop.errors import UsageError
from linestop.scenarios.parsing import parsed, read_bytes

SUFFIX = ".yaml"
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Shipped(Generic[Model]):
    """The YAML files of a folder of ours, each one of `model`; `page` is where its keys are described."""

    folder: Traversable
    model: type[Model]
    noun: str
    page: str

    def all(self) -> dict[str, Model]:
        """Return what the files hold, by their names without the suffix, in their order."""
        return {path.name.removesuffix(SUFFIX): self._parsed(path.read_bytes(), path.name) for path in self._files()}

    def text(self, name: str) -> str:
        """Return the file of this name.

        Raises:
            UsageError: there is none.
        """
        for path in self._files():
            if path.name == f"{name}{SUFFIX}":
                return path.read_text(encoding="utf-8")
        known = ", ".join(path.name.removesuffix(SUFFIX) for path in self._files())
        raise UsageError(f"no {self.noun} {name} is shipped", found=known, todo="name one of these")

    def read(self, path: Path) -> Model:
        """Return what a person's file of the format holds.

        Raises:
            UsageError: it can't be read, is no YAML, or breaks the format; names the place.
        """
        return self._parsed(read_bytes(path, self.noun), str(path))

    def _files(self) -> list[Traversable]:
        found = (path for path in self.folder.iterdir() if path.name.endswith(SUFFIX))
        return sorted(found, key=lambda path: path.name)

    def _parsed(self, content: bytes, source: str) -> Model:
        return parsed(content, source, self.model, noun=self.noun, page=self.page)
