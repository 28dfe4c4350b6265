"""Reads what pip installed of the target. Its RECORD and direct_url.json may say anything, and pip passes it on.

Only what is really there counts: a regular file, inside site-packages, behind no link.
"""

import csv
import json
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from linestop.blocks.interpreter import Interpreter


def metadata_folder(source: Path, interpreter: Interpreter) -> Path | None:
    """Return the .dist-info of what pip installed from the folder `source`, None where there is none."""
    for site in interpreter.site_packages:
        for path in sorted(Path(site).glob("*.dist-info/direct_url.json")):
            if _origin(path) == source.resolve():
                return path.parent
    return None


def installed_files(info: Path) -> list[str]:
    """Return the POSIX paths, relative to its site-packages, of the files that a .dist-info's RECORD names rightly.

    Left out: metadata, caches, scripts, absolute paths, paths with `..`, links and what lies behind one, and names
    that are not there. pip writes a name that holds a line's end twice, once without it.
    """
    site = info.parent.resolve()
    paths = (path for path in _record(info / "RECORD") if path.partition("/")[0] != info.name)
    return sorted({path for path in paths if _is_ours(site, path)})


def _is_ours(site: Path, path: str) -> bool:
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or "__pycache__" in parts:
        return False
    place = site / path
    return place.is_file() and place.resolve() == place


def _record(path: Path) -> Iterator[str]:
    try:
        with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
            yield from (row[0] for row in csv.reader(file) if row)
    except (OSError, csv.Error):
        return


def _origin(direct_url: Path) -> Path | None:
    try:
        url = json.loads(direct_url.read_text(encoding="utf-8"))["url"]
        return Path(unquote(urlsplit(url).path)).resolve()
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
