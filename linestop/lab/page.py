"""How an entry reads: markdown for people, the same on a terminal and in the UI. Foreign text is made plain."""

from collections.abc import Iterator

from linestop.lab.entry import Entry, EntryState
from linestop.lab.grades import Grade, Measured
from linestop.lab.pairs import Compared, Pair, Verdicts
from linestop.text import plain

MOST_LEFT_OUT = 10  # that are named, of each block


def page(entry: Entry) -> str:
    """Return the whole entry: question, rule, what differs, pairs, answer."""
    lines = [
        f"# {plain(entry.question, 300)}",
        "",
        f"**{entry.answer}**" + (f" ({entry.reckoning.because})" if entry.reckoning else ""),
        "",
        *_about(entry),
        "",
        "## Rule, as it was printed before the first pair",
        "",
        *entry.rule.text.splitlines(),
        "",
        "## What only the arm with memory was told",
        "",
        *_told(entry),
        "",
        "## Pairs",
        "",
        *_pairs(entry),
    ]
    if entry.reckoning:
        lines += ["", "## Result", "", *result_lines(entry)]
    return "\n".join(lines) + "\n"


def result_lines(entry: Entry) -> Iterator[str]:
    """Yield what the pairs come to, a line for each measure."""
    found = entry.reckoning
    if found is None:
        return
    yield _verdicts(found.verdicts)
    for one, unit in ((found.tokens, " times"), (found.time, " times"), (found.firings, " a trial")):
        yield _compared(one, unit)


def pair_line(pair: Pair) -> str:
    """Return one pair in a line."""
    word = {1: "better", -1: "worse", 0: "tie"}[pair.sign]
    arms = f"with {_arm(pair.with_memory)}; without {_arm(pair.without)}"
    return f"pair {pair.number} ({pair.first} first): {word}: {arms}"


def _about(entry: Entry) -> Iterator[str]:
    subject = entry.subject
    yield f"- entry `{entry.id}`, begun {entry.started:%Y-%m-%d %H:%M:%S} UTC, {entry.state}" + (
        f": {plain(entry.reason)}" if entry.reason else ""
    )
    if entry.again_of:
        yield f"- runs `{entry.again_of}` again, from that entry's own inputs"
    yield f"- task: {plain(subject.name)}: {plain(subject.without.chunk.title)}, role {plain(subject.without.role)}"
    yield f"- engine: {plain(subject.engine)}; commit `{subject.base[:12]}`; linestop {plain(entry.linestop)}"
    yield f"- used: {entry.tokens:,} tokens" + (f", ${entry.usd:.4f}" if entry.usd else "") + f", {_time(entry)}"
    if entry.state is EntryState.BROKEN_OFF:
        yield "- broken off: the answer is never more than not enough data"


def _told(entry: Entry) -> Iterator[str]:
    for block, ids in entry.subject.kept.items():
        yield f"- {plain(block)}: {', '.join(plain(one) for one in ids) or 'nothing'}"
    for block, lines in entry.subject.left_out.items():
        yield from (f"- not told, of {plain(block)}: {plain(line)}" for line in lines[:MOST_LEFT_OUT])
    yield from (f"- can't be read, and isn't told: {plain(one, 300)}" for one in entry.subject.told.problems)
    yield f"- {len(entry.subject.with_memory.brief) - len(entry.subject.without.brief):+,} characters"


def _pairs(entry: Entry) -> Iterator[str]:
    if not entry.pairs:
        yield "None yet."
    else:
        yield "| # | first | with | without | verdict | tokens with | without | firings with | without | runs |"
        yield "|---|---|---|---|---|---|---|---|---|---|"
    for pair in entry.pairs:
        one, other = pair.with_memory, pair.without
        word = {1: "better", -1: "worse", 0: "tie"}[pair.sign]
        yield (
            f"| {pair.number} | {pair.first} | {one.grade.word} | {other.grade.word} | {word} | {_count(one.tokens)} |"
            f" {_count(other.tokens)} | {one.firings} | {other.firings} | `{one.run}` `{other.run}` |"
        )
    for line in entry.void:
        yield f"- void, and repeated: {plain(line, 300)}"


def _verdicts(found: Verdicts) -> str:
    return (
        f"verdicts: {found.better} better, {found.worse} worse, {found.ties} ties; better minus worse {found.net:+.2f}"
        f" ({found.confidence:.0%} interval {found.low:+.2f} to {found.high:+.2f}); exact sign test p = {found.p:.4g}"
    )


def _compared(one: Compared, unit: str) -> str:
    if not one.pairs:
        return f"{one.what}: unknown"
    interval = (
        "too few pairs for an interval"
        if one.low is None or one.high is None
        else f"{one.confidence:.0%} interval {one.low:.2f} to {one.high:.2f}"
    )
    return f"{one.what}: {one.estimate:.2f}{unit} ({interval}); {one.test} p = {one.p:.4g}"


def _arm(one: Measured) -> str:
    words = [one.grade.word, f"{_count(one.tokens)} tokens", f"{one.seconds:.2f} s"]
    if one.firings:
        words.append(f"{one.firings} firing{'s' * (one.firings > 1)}")
    return ", ".join(words) + (f" ({plain(one.why, 120)})" if one.grade is Grade.FAILED and one.why else "")


def _count(tokens: int | None) -> str:
    return "unknown" if tokens is None else f"{tokens:,}"


def _time(entry: Entry) -> str:
    return f"{(entry.ended - entry.started).total_seconds():.0f} s" if entry.ended else "not ended"
