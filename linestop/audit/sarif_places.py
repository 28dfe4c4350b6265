"""Turns the artifact locations of a SARIF run into paths of the repository, and refuses those that lead out of it."""

import posixpath
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from linestop.audit.source_files import is_plain_file

_MAX_BASES = 10  # base ids may refer to one another; a longer chain is a loop


@dataclass(frozen=True)
class Place:
    """A path relative to the repository, or why there is none."""

    text: str
    inside: bool


class Places:
    """Resolves artifact locations of one run against the root."""

    def __init__(self, run: dict[str, Any], root: Path) -> None:
        bases, artifacts = run.get("originalUriBaseIds"), run.get("artifacts")
        self._bases = bases if isinstance(bases, dict) else {}
        self._artifacts = artifacts if isinstance(artifacts, list) else []
        self._root = root
        self._roots = tuple({root.absolute().as_posix(), root.resolve().as_posix()})
        self._seen: dict[str, Place] = {}

    def path(self, location: object) -> Place:
        """Return the place an artifactLocation names."""
        location = self._artifact(location)
        uri = location.get("uri")
        if not isinstance(uri, str) or not uri:
            return Place("it names no file", inside=False)
        full = self._resolved(uri, location.get("uriBaseId"))
        if full not in self._seen:
            self._seen[full] = self._judged(full)
        return self._seen[full]

    def _artifact(self, location: object) -> dict[str, Any]:
        location = location if isinstance(location, dict) else {}
        index = location.get("index")
        if "uri" not in location and isinstance(index, int) and 0 <= index < len(self._artifacts):
            listed = self._artifacts[index]
            listed = listed.get("location") if isinstance(listed, dict) else None
            return listed if isinstance(listed, dict) else {}
        return location

    def _resolved(self, uri: str, base: object) -> str:
        """Prefix a relative URI with its base; a base that is not given or has no URI stands for the root."""
        for _ in range(_MAX_BASES):
            if _split(uri)[0] or uri.startswith("/") or not isinstance(base, str):
                return uri
            entry = self._bases.get(base)
            entry = entry if isinstance(entry, dict) else {}
            prefix = entry.get("uri")
            if isinstance(prefix, str) and prefix:
                uri = prefix.rstrip("/") + "/" + uri
            base = entry.get("uriBaseId")
        return uri

    def _judged(self, uri: str) -> Place:
        scheme, host, path = _split(uri)
        if scheme not in ("", "file") or host not in ("", "localhost"):
            return Place(f"{uri[:200]!r} is no file of this machine", inside=False)
        path = posixpath.normpath(unquote(path, errors="surrogateescape"))
        path = self._relative(path)
        if path.startswith(("/", "../")) or path in (".", ".."):
            return Place(f"{path[:200]!r} is outside of the repository", inside=False)
        if not path.isascii() and not _is_utf8(path):
            return Place(f"{path[:200]!r} is no UTF-8", inside=False)
        if "\0" in path or not is_plain_file(self._root, path):
            return Place(f"{path[:200]!r} is no file of the repository", inside=False)
        return Place(path, inside=True)

    def _relative(self, path: str) -> str:
        for root in self._roots:
            if path.startswith(root + "/"):
                return path[len(root) + 1 :]
        return path


def _split(uri: str) -> tuple[str, str, str]:
    """Return scheme, host and path. Without a scheme `?` and `#` are part of a name more often than a query."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return "malformed", "", uri
    return (parts.scheme, parts.netloc, parts.path) if parts.scheme else ("", "", uri)


def _is_utf8(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
