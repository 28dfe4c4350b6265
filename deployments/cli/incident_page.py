"""An incident as a page for the terminal. Its evidence is a stranger's text."""

from collections.abc import Iterator

from linestop.deployments.cli.wrapping import fitted
from linestop.incidents import Incident
from linestop.text import plain, plain_lines


def page(incident: Incident, *, width: int | None = None) -> str:
    """Return what a person reads before answering the whys; a command's output keeps its lines on any terminal."""
    lines = _lines(incident)
    if width is not None:
        lines = (line for one in lines for line in ([one] if one.startswith("  | ") else fitted([one], width)))
    return "\n".join(lines)


def _lines(one: Incident) -> Iterator[str]:
    yield f"{one.id}  {one.state}  {one.scope} {plain(one.subject)}"
    yield f"  what      {plain(one.what, limit=2000)}"
    yield f"  class     {one.failure_class} (confidence {one.confidence:.2f})"
    yield f"  opened    {one.opened:%Y-%m-%d %H:%M:%S} UTC" + (f", run {one.run}" if one.run else "")
    if one.evidence:
        yield f"  command   {plain(' '.join(one.evidence.argv), limit=500)}"
        yield f"  exit code {'killed' if one.evidence.exit_code is None else one.evidence.exit_code}"
        yield from (f"  | {line}" for line in plain_lines(one.evidence.output, 4000).splitlines())
    if one.todo:
        yield from ("to do", *(f"  {line}".rstrip() for line in plain_lines(one.todo, 8000).splitlines()))
    for place, why in enumerate(one.whys, start=1):
        yield f"why {place}  {plain(why.hypothesis, limit=500)}"
        if why.answered:
            yield f"       verified: {plain(why.verification, limit=500)}"
            yield f"       so: {plain(why.conclusion, limit=500)}"
    if one.siblings:
        yield f"same class earlier: {', '.join(one.siblings)}"
    yield from _end(one)


def _end(one: Incident) -> Iterator[str]:
    if one.root_cause:
        yield f"root cause  {plain(one.root_cause, limit=1000)}"
    if one.prevention:
        yield f"prevention  {one.prevention.level}: {plain(one.prevention.action, limit=1000)}"
    if one.sweep:
        found = ", ".join(plain(name) for name in one.sweep.found) or "nothing found"
        yield f"sweep       {plain(one.sweep.searched, limit=1000)}: {found}"
    if one.closed:
        yield f"closed by {plain(one.closed.who)}, {one.closed.at:%Y-%m-%d %H:%M:%S} UTC: {plain(one.closed.why, 1000)}"
        return
    yield f"missing before it may close: {'; '.join(one.missing()) or 'nothing'}"
    if one.only_a_person:
        yield "only a person closes it: its class is too unsure (below 0.70)"
