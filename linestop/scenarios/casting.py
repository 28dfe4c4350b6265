"""Who a dispatch is: from the dispatch itself, or from the text of its brief, which is all that a server sees."""

import re

from linestop.ports.engine import Dispatch
from linestop.scenarios.playing import Cast

_LINE = re.compile(r"Plan `([^`\n]*)`, chunk `([^`\n]*)`, attempt (\d{1,6})([^\n]*)")
_MORE = re.compile(r"\b(role|ticket)\s+`?([\w.:/-]*[\w/-])`?")
_FINDINGS = re.compile(r"Remove the findings of ([^\n(]*) \(source ([^)\n]*)\) in:\n\n(~{4,})\n(.*?)\n\3", re.DOTALL)


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
    line, findings = _LINE.search(text), _FINDINGS.search(text)
    if not line:
        return Cast()
    more: dict[str, str] = dict(_MORE.findall(line[4]))
    return Cast(
        role=more.get("role", ""),
        ticket=more.get("ticket") or str(line[1]),
        chunk=line[2],
        attempt=int(line[3]),
        source=findings[2].strip() if findings else "",
        rules=tuple(rule.strip() for rule in findings[1].split(",")) if findings else (),
        paths=tuple(findings[4].splitlines()) if findings else (),
    )
