"""What a debrief looks at, in one shape: cautions, corrections, signs and reflections of tickets as sightings. Pure."""

from dataclasses import dataclass
from datetime import datetime

from linestop.memory.cautions.model import Caution
from linestop.memory.placing import relative
from linestop.memory.tickets.model import Correction, Reflection, Sign
from linestop.text import plain
from linestop.watch.firing import Severity

MAX_DETAIL = 300  # characters of one sighting's words


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing that was seen. `text` is plain and one line; `signature` is empty where it is no known failure."""

    at: datetime
    ticket: str
    what: str  # a caution's kind, `correction` or `sign`
    detector: str
    text: str
    run: str = ""
    file: str = ""
    file_hash: str = ""
    signature: str = ""
    more: str = ""  # of broken checks: what they said
    who: str = ""  # role, attempt, chunk and engine, in words
    seconds: float = 0.0
    tokens: int = 0
    times: int = 1
    stops: bool = False
    person: bool = False

    @property
    def cost(self) -> tuple[float, int]:
        """Return what it cost, to be compared: seconds, then tokens."""
        return (self.seconds, self.tokens)


def of_caution(caution: Caution) -> Seen | None:
    """Return a caution as a sighting, None for a mere note."""
    if caution.severity is Severity.INFO:
        return None
    return Seen(
        at=caution.at,
        ticket=plain(caution.ticket),
        what=str(caution.kind),
        detector=plain(caution.detector, limit=60),
        text=plain(caution.detail, limit=MAX_DETAIL),
        run=plain(caution.run, limit=80),
        file=relative(plain(caution.file, limit=400), None) if caution.file else "",
        file_hash=caution.file_hash,
        signature=caution.signature,
        who=_who(caution.role, caution.attempt, caution.chunk, caution.engine),
        seconds=caution.seconds,
        tokens=caution.tokens,
        stops=caution.severity is Severity.STOP,
    )


def of_correction(correction: Correction, ticket: str, signature: str) -> Seen:
    """Return a correction as a sighting; `signature` is that of the failure that it is about."""
    return Seen(
        at=correction.at,
        ticket=ticket,
        what="correction",
        detector="" if correction.person else plain(correction.by, limit=60),
        text=plain(correction.text, limit=1_000),
        run=plain(correction.run, limit=80),
        signature="" if correction.person else signature,
        who=_who(correction.by, 0, correction.chunk, ""),
        person=correction.person,
    )


def of_sign(sign: Sign) -> Seen:
    """Return a sign that was never solved as a sighting that counts as often as its failure came."""
    return Seen(
        at=sign.at,
        ticket=plain(sign.ticket),
        what="sign",
        detector=plain(sign.source, limit=60),
        text=plain(sign.failure, limit=MAX_DETAIL),
        run=plain(next(iter(reversed(sign.runs)), sign.run), limit=80),
        signature=sign.signature,
        who=_who("", 0, sign.chunk, ""),
        times=sign.times,
    )


def said(reflection: Reflection) -> str:
    """Return a reflection as a line of evidence: what a maker said of its own attempt."""
    who = _who("maker", reflection.attempt, reflection.chunk, "")
    run = f" · run {plain(reflection.run, limit=80)}" if reflection.run else ""
    return f"{reflection.at:%Y-%m-%d %H:%M} UTC{run} · {who} said: {plain(reflection.text, limit=MAX_DETAIL)}"


def _who(role: str, attempt: int, chunk: str, engine: str) -> str:
    parts = (
        plain(role, limit=40),
        f"attempt {attempt}" if attempt else "",
        f"chunk {plain(chunk, limit=60)}" if chunk else "",
        plain(engine, limit=40),
    )
    return ", ".join(part for part in parts if part)
