"""A transcript as lines for a terminal: calls, what came of them, long texts folded. Words: linestop/runs/."""

from collections import deque
from collections.abc import Iterable, Iterator
from datetime import datetime

from linestop.deployments.cli.run_tail import duration
from linestop.deployments.cli.wrapping import wrapped
from linestop.events import Event
from linestop.runs import Said, Transcript
from linestop.runs.transcript import is_quiet

FIRST, LAST = 30, 50  # entries of a long transcript that are shown
HEAD_LINES, TAIL_LINES = 3, 3  # of a long output
BAD_TAIL_LINES = 8  # what failed says why at its end
MAX_LINE = 300  # characters of a line that are worth reading
SAME = "the same output as before"
_VERB = 9


def transcript_lines(events: Iterable[Event], width: int, *, start: datetime | None, everything: bool) -> Iterator[str]:
    """Yield the lines of a whole transcript; unless everything is asked for, the middle of a long one is left out."""
    transcript = Transcript(start)
    if everything:
        for event in events:
            yield from entry_lines(transcript.entry(event), width, everything=True)
        return
    left_out, last = 0, deque[tuple[Event, bool]](maxlen=LAST)
    for number, event in enumerate(event for event in events if not is_quiet(event)):
        same = transcript.seen(event)
        if number < FIRST:
            yield from entry_lines(transcript.worded(event, same=same), width, everything=False)
        else:
            left_out += len(last) == LAST
            last.append((event, same))
    if left_out:
        yield f"  … {left_out:,} entries left out: --events shows everything"
    for event, same in last:
        yield from entry_lines(transcript.worded(event, same=same), width, everything=False)


def entry_lines(entry: Said, width: int, *, everything: bool) -> Iterator[str]:
    """Yield an entry's lines: when, who, what; below it what came of it."""
    at = "" if entry.seconds is None else duration(entry.seconds)
    margin = " " * (11 + _VERB)
    first = f"  {at:>7}  {entry.verb:<{_VERB}}" if entry.verb else margin
    same = entry.same and not everything
    head = " — ".join(word for word in (entry.head, entry.note, SAME if same else "") if word)
    yield from wrapped(head, width, first=f"{first.rstrip(' ') if not head else first}")
    body = [*entry.detail, *entry.body] if everything else folded(entry.body, bad=entry.bad)
    for line in () if same else body:
        yield from wrapped(line, width, first=f"{margin if width > 60 else '    '}| ")  # noqa: PLR2004


def folded(lines: tuple[str, ...], *, bad: bool) -> list[str]:
    """Return a long text's beginning and end, with what is left out between them counted."""
    tail = BAD_TAIL_LINES if bad else TAIL_LINES
    left_out = len(lines) - HEAD_LINES - tail
    if left_out <= 1:
        return [line[:MAX_LINE] for line in lines]
    return [line[:MAX_LINE] for line in (*lines[:HEAD_LINES], f"… {left_out} lines", *lines[-tail:])]
