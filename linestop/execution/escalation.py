"""The report of an escalation: the same failure came so often that the line stops and a person reads on. Pure.

It is markdown: a file of the ticket's record and a page in the UI. Agents' and tools' words are fenced.
"""

from collections.abc import Iterator, Sequence

from linestop.execution.report import cell, paragraphs, table
from linestop.memory.tickets.model import Correction, Failure, Reflection, Sign
from linestop.text import plain_lines

MAX_SHOWN = 10  # of each kind, the newest
MAX_TEXT = 1_500  # characters of one text


def escalation_page(
    sign: Sign,
    *,
    title: str,
    incident: str,
    failures: Sequence[Failure],
    reflections: Sequence[Reflection] = (),
    corrections: Sequence[Correction] = (),
    links: Sequence[str] = (),
) -> str:
    """Return what a person reads who has to decide: what failed where, what was told, what was said, what can be done.

    `failures` and the rest are those of the whole ticket; the page shows what belongs to the sign.
    """
    mine = [one for one in failures if (one.signature, one.file) == (sign.signature, sign.file)][-MAX_SHOWN:]
    runs = {one.run for one in mine}
    said = [one for one in reflections if one.run in runs][-MAX_SHOWN:]
    told = [one for one in corrections if one.chunk in {"", sign.chunk}][-MAX_SHOWN:]
    head = (
        f"**The same failure came {sign.times} times in ticket {cell(sign.ticket)}** ({cell(title)}). The line stopped."
    )
    return paragraphs(
        f"# {cell(sign.ticket)}: the same failure {sign.times} times",
        head,
        " · ".join(links),
        "## The failure",
        table(("when (UTC)", "judged by", "chunk", "attempt", "file", "record"), [_row(one) for one in mine]),
        _fenced(sign.failure),
        *_others(mine, sign),
        "## What the maker was told",
        f"This failure was sign `{sign.id}`: after the second time it stood first in the brief: not this again.",
        *(["Corrections:", "\n".join(_correction(one) for one in told)] if told else []),
        *(["## What the maker said each time, evidence and no more", *_said(said)] if said else []),
        "## What you can do",
        "\n".join(_choices(sign, incident)),
    )


def _row(one: Failure) -> tuple[str, ...]:
    when = f"{one.at:%Y-%m-%d %H:%M:%S}"
    return when, cell(one.source), cell(one.chunk), str(one.attempt), cell(one.file), cell(one.run)


def _others(failures: Sequence[Failure], sign: Sign) -> Iterator[str]:
    """Yield how it read at other times, where that was otherwise: only what is of the moment may differ."""
    texts = dict.fromkeys(one.text for one in failures if one.text != sign.failure)
    for text in texts:
        yield "It also read:"
        yield _fenced(text)


def _correction(one: Correction) -> str:
    of = f"chunk {cell(one.chunk)}" if one.chunk else "the whole ticket"
    return f"- {cell(one.by)}{' (a person)' if one.person else ''}, of {of}: {cell(one.text)}"


def _said(reflections: Sequence[Reflection]) -> Iterator[str]:
    for one in reflections:
        yield f"Chunk {cell(one.chunk)}, attempt {one.attempt}:"
        yield _fenced(one.text)


def _choices(sign: Sign, incident: str) -> Iterator[str]:
    ticket = sign.ticket
    yield "1. Read what it did: the records named above, `linestop run show RECORD`, or the UI."
    yield f'2. Tell it what to do instead: `linestop ticket correct {ticket} "…"`. Every later brief says so.'
    yield f"3. Or mend the plan (`plans/{ticket}.md` on branch `linestop/plans`) or the check, where that is wrong."
    yield f"4. Close the stop: `linestop incident show {incident}`, `linestop incident close {incident}`; let it go on:"
    yield f"   `linestop ticket release {ticket}`, `linestop execute`. The same failure once more stops it at once."
    yield f'5. Or take it out of the batch: `linestop ticket gate {ticket} --why "…"`.'


def _fenced(text: str) -> str:
    shown = plain_lines(text[:MAX_TEXT], MAX_TEXT).replace("~~~", "---")
    return f"~~~\n{shown}\n~~~"
