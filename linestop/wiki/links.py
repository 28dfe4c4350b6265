"""Markdown links between pages: found in a text, resolved to paths, and the way back (backlinks)."""

import posixpath
import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote

_LINK = re.compile(
    r"(?<![!\\])\[(?:[^\[\]\\]|\\.|\[[^\]]*\])*\]\(\s*<?([^()\s<>]+(?:\([^()\s]*\))?)>?(?:\s+\"[^\"]*\")?\s*\)"
)
_FENCE = re.compile(r"^ {0,3}(```+|~~~+)")
_CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")
_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*:|//|#)")


def addresses(text: str) -> list[str]:
    """Return the relative addresses a text links to, as written; those in code and in comments are no links."""
    found: list[str] = []
    fence = ""
    for line in re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL).splitlines():
        mark = _FENCE.match(line)
        if mark and (not fence or line.strip().startswith(fence)):
            fence = "" if fence else mark[1]
        elif not fence and "](" in line:
            found += [address for address in _LINK.findall(_labels_only(line)) if not _SCHEME.match(address)]
    return found


def _labels_only(line: str) -> str:
    """Return the line with the inside of its code spans blanked: a label may be code, a link inside code is none."""
    return _CODE.sub(lambda match: "c" * len(match.group()), line)


def target(page: str, address: str) -> str:
    """Return the path (POSIX, from the repository's root) that an address on a page leads to."""
    path = unquote(address.partition("#")[0].partition("?")[0], errors="surrogateescape")
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), path)) if path else page


def targets(page: str, text: str) -> list[str]:
    """Return the paths a page links to."""
    return [target(page, address) for address in addresses(text)]


def linkers(pages: Mapping[str, str], only: Iterable[str]) -> dict[str, set[str]]:
    """Return page → the pages that link to it, for the pages of `only`."""
    found: dict[str, set[str]] = {path: set() for path in only}
    for path, text in pages.items():
        for one in targets(path, text):
            if one in found and one != path:
                found[one].add(path)
    return found
