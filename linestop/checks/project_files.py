"""Reads a target's files as data: capped in size, inside its root, never imported. What is broken reads as empty."""

import ast
import hashlib
import os
import tomllib
import warnings
from collections.abc import Iterator
from configparser import Error as IniError
from configparser import RawConfigParser
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from linestop.checks.paths import is_test_path

MAX_BYTES = 1_000_000  # of one file: configuration is small, and a hostile one shall not cost minutes
MAX_FOLDERS = 5_000  # looked at when test files are searched
MAX_TEST_FILES = 300  # read to learn their style and imports
_NOT_OURS = frozenset({"node_modules", "venv", "env", "build", "dist", "site-packages", "__pycache__"})


class ProjectFiles:
    """The files of one checkout, each read at most once."""

    def __init__(self, root: Path, *, name: str | None = None) -> None:
        self.root = root.resolve()
        self.name = name or self.root.name  # a checkout's folder is not called as its repository
        self._texts: dict[str, str | None] = {}

    def text(self, path: str) -> str | None:
        """Return a file's text, None where there is none, it is too large or lies outside the root."""
        if path not in self._texts:
            self._texts[path] = self._read(path)
        return self._texts[path]

    def is_file(self, path: str) -> bool:
        """Return whether a regular file lies at `path` inside the root."""
        return self._inside(path) is not None

    def is_folder(self, path: str) -> bool:
        """Return whether a folder lies at `path`."""
        return (self.root / path).is_dir()

    @cached_property
    def pyproject(self) -> dict[str, Any]:
        """The tables of pyproject.toml."""
        try:
            return tomllib.loads(self.text("pyproject.toml") or "")
        except tomllib.TOMLDecodeError:
            return {}

    def table(self, *keys: str) -> dict[str, Any]:
        """Return a table of pyproject.toml, empty where there is none."""
        found: Any = self.pyproject
        for key in keys:
            found = found.get(key) if isinstance(found, dict) else None
        return found if isinstance(found, dict) else {}

    def ini(self, path: str) -> RawConfigParser:
        """Return an ini file's sections; nothing is interpolated."""
        return parse_ini(self.text(path) or "")

    def python(self, path: str) -> ast.Module | None:
        """Return a Python file's syntax tree, None where it can't be parsed."""
        try:
            with warnings.catch_warnings():  # the parser's about what it reads are nobody's here
                warnings.simplefilter("ignore")
                return ast.parse(self.text(path) or "")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None

    @cached_property
    def test_files(self) -> tuple[str, ...]:
        """The Python files that are tests by name, the first MAX_TEST_FILES of them, sorted."""
        found = (path for path in self._walk() if path.endswith(".py") and is_test_path(path))
        return tuple(sorted(path for path, _ in zip(found, range(MAX_TEST_FILES), strict=False)))

    @cached_property
    def has_python(self) -> bool:
        """Whether there is any Python file."""
        return any(path.endswith(".py") for path in self._walk())

    def digests(self, suffixes: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
        """Return (path, SHA-256) of every file whose name ends with one of `suffixes`, sorted."""
        paths = sorted(path for path in self._walk() if path.endswith(suffixes))
        found = [(path, self._inside(path)) for path in paths]
        return tuple((path, hashlib.sha256(real.read_bytes()).hexdigest()) for path, real in found if real)

    def _walk(self) -> Iterator[str]:
        for count, (folder, folders, files) in enumerate(os.walk(self.root)):
            folders[:] = sorted(name for name in folders if name not in _NOT_OURS and not name.startswith("."))
            base = PurePosixPath(Path(folder).relative_to(self.root).as_posix())
            yield from (str(base / name) for name in sorted(files))
            if count >= MAX_FOLDERS:
                return

    def _inside(self, path: str) -> Path | None:
        try:
            real = (self.root / path).resolve()
        except (OSError, RuntimeError, ValueError):
            return None
        return real if real.is_file() and real.is_relative_to(self.root) else None

    def _read(self, path: str) -> str | None:
        real = self._inside(path)
        try:
            if real is None or real.stat().st_size > MAX_BYTES:
                return None
            return real.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return None


def parse_ini(text: str) -> RawConfigParser:
    """Return the sections of an ini text, none where it is broken."""
    parser = RawConfigParser(strict=False, allow_no_value=True)
    try:
        parser.read_string(text)
    except IniError:
        return RawConfigParser()
    return parser


def lines(text: object) -> tuple[str, ...]:
    """Return the lines of an ini value without comments and empty ones, continuations joined."""
    whole = str(text or "").replace("\\\n", " ")
    cut = (line.split(" #")[0].strip() for line in whole.splitlines())
    return tuple(line for line in cut if line and not line.startswith("#"))


def words(value: object) -> tuple[str, ...]:
    """Return the strings of a TOML list, nothing for anything else."""
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()
