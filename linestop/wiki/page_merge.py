"""Brings two sides' pages together. People's text of both sides is kept; generated blocks are taken from one."""

import re
from collections.abc import Callable, Mapping

from linestop.wiki.claims import Block, parse

_MARK = "\x01claim {} {}\n"


def merge_pages(
    olds: Mapping[str, str],
    ours: Mapping[str, str],
    theirs: Mapping[str, str],
    *,
    both: Callable[[str, str, str], str],
) -> dict[str, str]:
    """Return path → text of every page that should be there.

    A side that changed a page alone wins it; a page that one side removed and the other changed stays. Where both
    changed it, `both(old, ours, theirs)` merges what people wrote line by line, each block standing as one line.
    """
    found: dict[str, str | None] = {}
    for path in sorted({*ours, *theirs}):
        old, our, their = olds.get(path), ours.get(path), theirs.get(path)
        if their in (our, old):
            found[path] = our
        elif our == old:
            found[path] = their
        elif our is None or their is None:
            found[path] = our if their is None else their
        else:
            found[path] = _merged(old or "", our, their, both)
    return {path: text for path, text in found.items() if text is not None}


def _merged(old: str, ours: str, theirs: str, both: Callable[[str, str, str], str]) -> str:
    blocks: dict[str, Block] = {}
    folded = [_folded(text, blocks) for text in (old, theirs, ours)]  # ours last: its blocks win
    text = both(folded[0], folded[2], folded[1])
    seen: set[str] = set()
    lines = []
    for line in re.findall(r"[^\n]*\n|[^\n]+", text):
        if line in blocks and line in seen:
            continue
        seen.add(line)
        lines.append(blocks[line].text if line in blocks else line)
    return "".join(lines)


def _folded(text: str, blocks: dict[str, Block]) -> str:
    """Return the page with each block as one line, and remember the blocks; one that a person edited is never lost."""
    parts = []
    for part in parse(text):
        if isinstance(part, str):
            parts.append(part)
            continue
        mark = _MARK.format(part.id, part.src)
        if mark not in blocks or part.edited or not blocks[mark].edited:
            blocks[mark] = part
        parts.append(mark)
    return "".join(parts)
