"""The part of a plan file that people read: purpose, chunks with their findings, risks, checks and goal as markdown."""

from collections.abc import Iterable, Sequence

from linestop.findings import Finding
from linestop.plans import ChecksPass, Chunk, CommandPasses, FindingsGone, GoalItem, Plan

NOTES_BEGIN = "<!-- notes: text below this line is kept -->"
_MAX_LISTED = 60  # findings a chunk lists; the finish line counts them all


def body(plan: Plan, findings: Sequence[Finding]) -> str:
    """Return the body down to the notes line. It repeats the front matter, which alone counts."""
    return "".join(f"{line}\n" for line in _lines(plan, findings)).replace(NOTES_BEGIN, "")


def _lines(plan: Plan, findings: Sequence[Finding]) -> Iterable[str]:
    yield from ("<!-- Written from the front matter above: change it there. Your words go to the end. -->", "")
    yield from (f"# {_plain(plan.title)}", "")
    if plan.gated:
        yield from (f"**Waits for a person:** {_plain(plan.gated)}.", "")
    yield from (_plain(plan.purpose), "", "## Chunks", "")
    for chunk in plan.chunks:
        yield from _chunk(chunk, findings)
    yield from ("## Risks", "", *(f"- {_plain(risk)}" for risk in plan.risks), "")
    yield from ("## Checks", "", "The repository's own tests, at the untouched base and after every chunk.", "")
    yield from ("## Goal", "", *(f"- {_goal(item)}" for item in plan.goal), "", "## Notes", "")


def _chunk(chunk: Chunk, findings: Sequence[Finding]) -> Iterable[str]:
    yield from (f"### {chunk.id}: {_plain(chunk.title)}", "")
    yield from (_plain(line) for line in chunk.text.splitlines())
    rules, paths = set(chunk.rules), set(chunk.paths)
    mine = [f for f in findings if f.source == chunk.source and f.rule in rules and f.path in paths]
    yield ""
    yield from (f"- {code(f'{f.path}:{f.line}')} {_plain(f.rule)} {_plain(f.message)}" for f in mine[:_MAX_LISTED])
    if len(mine) > _MAX_LISTED:
        yield f"- and {len(mine) - _MAX_LISTED} more"
    if mine:
        yield ""


def _goal(item: GoalItem) -> str:
    match item:
        case FindingsGone():
            most = f"at most {item.at_most} finding{'s' * (item.at_most > 1)}" if item.at_most else "nothing"
            rules = ", ".join(_plain(rule) for rule in item.rules)
            files = f"{len(item.paths)} file{'s' * (len(item.paths) > 1)}"
            return f"{_plain(item.source)} reports {most} of {rules} in {files}"
        case CommandPasses():
            return f"{code(' '.join(item.argv))} exits 0"
        case ChecksPass():
            return "the repository's own checks are green"


def code(text: str) -> str:
    """Return a markdown code span that nothing in `text` can close; control characters are shown escaped."""
    shown = "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)
    return f"`` {shown} ``" if "`" in shown else f"`{shown}`"


def _plain(text: str) -> str:
    """Return one line of text that brings no markup of its own but emphasis and code."""
    shown = "".join(character if character.isprintable() else " " for character in text)
    return shown.replace("<", "&lt;")
