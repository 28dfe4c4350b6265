"""Names of pages: a file name that is safe everywhere for anything a repository may call its files."""

import hashlib
import os
import posixpath
import re
from collections.abc import Iterable
from urllib.parse import quote

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
SLUG_CHARS = 80


def slugs(names: Iterable[str]) -> dict[str, str]:
    """Return a slug for each name, unique even where a file system folds case.

    A name that had to be changed, and one that collides with another, carries 6 hex digits of its SHA-256.
    """
    found = {name: _slug(name) for name in names}
    folded: dict[str, list[str]] = {}
    for name, slug in found.items():
        folded.setdefault(slug.casefold(), []).append(name)
    for clashing in folded.values():
        if len(clashing) > 1:
            found.update({name: _marked(name, found[name]) for name in clashing})
    return found


def _slug(name: str) -> str:
    slug = _UNSAFE.sub("-", name.replace("/", ".")).strip("-.")[:SLUG_CHARS]
    return slug if slug == name.replace("/", ".") and slug else _marked(name, slug)


def _marked(name: str, slug: str) -> str:
    digest = hashlib.sha256(os.fsencode(name)).hexdigest()[:6]
    return f"{slug}-{digest}" if slug else digest


def link(from_page: str, to_path: str) -> str:
    """Return the relative address of a path (both POSIX, from the repository's root) for a markdown link."""
    return quote(os.fsencode(posixpath.relpath(to_path, posixpath.dirname(from_page) or ".")), safe="/._-~")
