"""What a ticket itself learned, as the part of its page in the UI. Hostile text can't become markup."""

from linestop.execution.report import cell, paragraphs, table
from linestop.memory.tickets import Correction, Learned, Sign

MAX_SHOWN = 30  # signs, and corrections, the newest


def learned_page(learned: Learned) -> str:
    """Return signs and corrections as markdown; empty where there are none."""
    signs = [_sign(one) for one in learned.signs[-MAX_SHOWN:]]
    notes = [_note(one) for one in learned.corrections[-MAX_SHOWN:]]
    problem = f"**What it learned can't be read**: {cell(learned.problem)}" if learned.problem else ""
    return paragraphs(
        problem,
        *(["#### Signs: failures that came back, which its briefs ban", table(_SIGNS, signs)] if signs else []),
        *(["#### Corrections: what its briefs say", table(_NOTES, notes)] if notes else []),
    )


_SIGNS = ("sign", "times", "judged by", "chunk", "failure")
_NOTES = ("when (UTC)", "by", "chunk", "what")


def _sign(one: Sign) -> tuple[str, ...]:
    times = f"{one.times}, solved" if one.solved else str(one.times)
    return one.id, times, cell(one.source), cell(one.chunk), cell(one.failure)


def _note(one: Correction) -> tuple[str, ...]:
    by = f"{one.by}, a person" if one.person else one.by
    return f"{one.at:%Y-%m-%d %H:%M}", cell(by), cell(one.chunk or "all"), cell(one.text)
