"""Who a dispatch is: from the dispatch itself, or from the text of its brief, which is all that a server sees."""

import re

from linestop.ports.engine import Dispatch
from linestop.scenarios.playing import Cast

_LINE = re.compile(r"Plan `([^`\n]*)`, chunk `([^`\n]*)`, attempt (\d{1,6})([^\n]*)")
_MORE = re.compile(r"\b(role|ticket)\s+`?([\w.:/-]*[\w/-])`?")
_PATHS = re.compile(
    r"^(?:Remove the findings of ([^\n(]*) \(source ([^)\n]*)\) in|It is about):\n\n(~{4,})\n(.*?)\n\3$",
    re.DOTALL | re.MULTILINE,
)


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
    """Return what can be read out of a brief (linestop/execution/brief.py) inside any text; a ticket is its plan's."""
    line, about = _LINE.search(text), _PATHS.search(text)
    if not line:
        return Cast()
    more: dict[str, str] = dict(_MORE.findall(line[4]))
    return Cast(
        role=more.get("role", ""),
        ticket=more.get("ticket") or str(line[1]),
        chunk=line[2],
        attempt=int(line[3]),
        source=(about[2] or "").strip() if about else "",
        rules=tuple(rule.strip() for rule in (about[1] or "").split(",") if rule.strip()) if about else (),
        paths=tuple(about[4].splitlines()) if about else (),
    )
