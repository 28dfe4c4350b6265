"""Tells a command that verifies (tests, lint, types) from any other: what a maker does between two edits."""

import shlex
from collections.abc import Sequence
from itertools import pairwise
from pathlib import PurePosixPath

_RUNNERS = frozenset(
    {
        "pytest", "py.test", "unittest", "tox", "nox", "nose2", "trial", "ctest", "jest", "vitest", "mocha", "rspec",
        "mypy", "pyright", "basedpyright", "pyre", "flake8", "pylint", "bandit", "vulture", "eslint", "tsc", "doctest",
    }
)  # fmt: skip
_WITH_VERB = {
    "ruff": {"check"}, "make": {"test", "check", "tests", "lint"}, "npm": {"test", "t"}, "pnpm": {"test"},
    "yarn": {"test"}, "cargo": {"test", "check", "clippy"}, "go": {"test", "vet"}, "hatch": {"test"},
    "just": {"test", "check", "lint"}, "setup.py": {"test", "check"}, "manage.py": {"test", "check"},
    "mvn": {"test", "verify"}, "gradle": {"test", "check"}, "dotnet": {"test"},
}  # fmt: skip
_SHELLS = frozenset({"sh", "bash", "dash", "zsh"})
_ONLY_LOOKS = frozenset({"--version", "--help", "-h", "--collect-only", "--co"})
_SEPARATORS = frozenset({"&&", "||", ";", "|", "&"})


def is_verification(argv: Sequence[str]) -> bool:
    """Return whether a command, wrappers such as `uv run` and `bash -c` included, runs tests, lint or type checks."""
    words = list(argv)
    if words and _name(words[0]) in _SHELLS:
        script = next((word for flag, word in pairwise(words) if flag.endswith("c")), "")
        return any(_verifies(part) for part in _parts(script))
    return _verifies(words)


def _parts(script: str) -> list[list[str]]:
    lexer = shlex.shlex(script, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    try:
        words = list(lexer)
    except ValueError:
        return []
    parts: list[list[str]] = [[]]
    for word in words:
        if word in _SEPARATORS:
            parts.append([])
        else:
            parts[-1].append(word)
    return parts


def _verifies(words: Sequence[str]) -> bool:
    if _ONLY_LOOKS & set(words) or not words or _name(words[0]) in {"echo", "cat", "grep", "which", "pip", "git", "ls"}:
        return False
    if "install" in words:
        return False
    for place, word in enumerate(words):
        name = _name(word)
        if name in _RUNNERS:
            return True
        if name in _WITH_VERB:
            return bool(_WITH_VERB[name] & set(words[place + 1 :]))
    return False


def _name(word: str) -> str:
    return PurePosixPath(word).name
