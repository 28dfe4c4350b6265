"""Paths against globs: `*` crosses folders, a folder's name covers what is in it, `[` quotes as in glob."""

import glob
from collections.abc import Iterable
from fnmatch import fnmatchcase


def matches(path: str, pattern: str) -> bool:
    """Return whether a POSIX path relative to the repository falls under `pattern`."""
    return fnmatchcase(path, pattern) or fnmatchcase(path, pattern.rstrip("/") + "/*")


def matches_any(path: str, patterns: Iterable[str]) -> bool:
    """Return whether one of `patterns` covers the path."""
    return any(matches(path, pattern) for pattern in patterns)


def literal(path: str) -> str:
    """Return the glob that matches exactly this path."""
    return glob.escape(path)
