"""Who a dispatch is: from the dispatch itself, or from the text of its brief, which is all that a server sees."""

import re
from collections.abc import Sequence

from linestop.briefs.reading import Piece, brief_in, pieces
from linestop.ports.engine import Dispatch
from linestop.scenarios.playing import Cast

_LINE = re.compile(r"Plan `([^`\n]*)`, chunk `([^`\n]*)`, attempt (\d{1,6})([^\n]*)")
_MORE = re.compile(r"\b(role|ticket)\s+`?([\w.:/-]*[\w/-])`?")
_ABOUT = re.compile(r"(?:Remove the findings of ([^\n(]*) \(source ([^)\n]*)\) in|It is about):")


def cast_of_dispatch(order: Dispatch) -> Cast:
    """Return the cast of a dispatch."""
    return Cast(
        role=order.role,
        ticket=order.ticket,
        chunk=order.chunk.id,
        source=order.chunk.source,
        attempt=order.attempt,
        paths=order.chunk.paths,
        rules=order.chunk.rules,
    )


def cast_of_brief(text: str) -> Cast:
    """Return what can be read out of a brief (linestop/briefs) inside any text; a ticket is its plan's.

    The first line of a brief's kind is the harness's own, and of what follows only what stands outside of fences is.
    """
    line = _LINE.search(text)
    if not line:
        return Cast()
    more: dict[str, str] = dict(_MORE.findall(line[4]))
    rules, source, paths = _about(pieces(brief_in(text) or text))
    return Cast(
        role=more.get("role", ""),
        ticket=more.get("ticket") or str(line[1]),
        chunk=line[2],
        attempt=int(line[3]),
        source=source,
        rules=rules,
        paths=paths,
    )


def _about(found: Sequence[Piece]) -> tuple[tuple[str, ...], str, tuple[str, ...]]:
    """Return rules, source and paths: those of the first line that introduces them, and of the fence after it."""
    for place, piece in enumerate(found):
        if not piece.fenced and (about := _ABOUT.fullmatch(piece.text)):
            fence = next((one for one in found[place + 1 : place + 3] if one.fenced), None)
            rules = tuple(rule.strip() for rule in (about[1] or "").split(",") if rule.strip())
            return rules, (about[2] or "").strip(), tuple(fence.text.split("\n")) if fence else ()
    return (), "", ()
