"""What is remembered of an attempt that came to nothing: the failure, cautions, a correction, a reflection. Pure.

Writing it down is tasks/chronicler.py; what makes two failures the same is linestop/memory/tickets/signature.py.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from linestop.memory.cautions.model import Caution, CautionKind
from linestop.memory.tickets.model import Correction, Failure, Reflection
from linestop.memory.tickets.signature import signature
from linestop.plans import Chunk
from linestop.ports.engine import MAKER
from linestop.text import plain, plain_lines
from linestop.verdicts import TestCase, Verdict
from linestop.watch.firing import Severity

MAX_CAUTIONS = 20  # of one attempt: who breaks 500 tests broke one thing
MAX_DETAIL = 500  # characters, as a caution holds
MAX_MESSAGE = 200  # characters of one test's message
MAX_OUTPUT = 900  # characters of a command's output, from its end: a signature is of the last 800
MAX_SAID = 600  # characters of a reflection
MAX_NAMED = 5  # tests whose messages are compared, and that one caution names
_FINDING_IN = re.compile(r"^[\w.-]+ in (.+): \d+ finding\(s\)")
_RAN_OUT = re.compile(r"timed out|out of time|time-out|no event for|no progress", re.IGNORECASE)


@dataclass(frozen=True)
class Setback:
    """An attempt that came to nothing. `broken` are the tests it broke: ids as a person types them, and messages.

    `output` is what a command said that failed without naming tests.
    """

    ticket: str
    chunk: Chunk
    attempt: int
    verdict: Verdict
    run: str = ""
    engine: str = ""
    model: str = ""
    said: tuple[str, ...] = ()
    broken: tuple[TestCase, ...] = ()
    output: str = ""

    @property
    def reasons(self) -> str:
        """Return why it was rejected, in one line."""
        return "; ".join(self.verdict.reasons)

    @property
    def source(self) -> str:
        """Return who judged it: `checks`, `guard:scope`, `findings`, `checker`, `maker`."""
        rules = dict.fromkeys(sorted(violation.rule for violation in self.verdict.violations))
        return f"guard:{'+'.join(rules)}" if rules else self.verdict.by or MAKER

    @property
    def file(self) -> str:
        """Return the file that it is most about, empty where nobody can say."""
        violated = [violation.path for violation in self.verdict.violations if violation.path]
        found = [match[1] for reason in self.verdict.reasons if (match := _FINDING_IN.match(reason))]
        tested = sorted(filter(None, map(_file_of, self.broken)))
        alone = self.chunk.paths if self.source == "findings" and len(self.chunk.paths) == 1 else ()
        return next(iter((*violated, *found, *tested, *alone)), "")

    def failure(self) -> Failure:
        """Return the failure with its signature: what the broken tests said, else the reasons."""
        said = [f"{case.id}: {plain(case.message, MAX_MESSAGE) or 'fails'}" for case in _first(self.broken)]
        more = len(self.broken) - len(said)
        said += [f"and {more} more"] if more else []
        said += [self._reasons_and_where()] if not said else []
        said += [plain_lines(self.output.strip(), MAX_OUTPUT)] if self.output.strip() else []
        return Failure(
            source=self.source, text="\n".join(said), chunk=self.chunk.id,
            attempt=self.attempt, run=self.run, file=self.file, signature=signature(self._compared(said), self.source),
        )  # fmt: skip

    def correction(self) -> Correction:
        """Return why it was rejected, as the next attempt is told."""
        return Correction(text=self.reasons, by=self.verdict.by or MAKER, chunk=self.chunk.id, run=self.run)

    def reflection(self) -> Reflection:
        """Return what the maker said of it, short; its text is empty where it said nothing."""
        words = [text for one in self.said if (text := plain(one, MAX_SAID))]
        return Reflection(
            text=plain("; ".join(words), MAX_SAID), chunk=self.chunk.id, attempt=self.attempt, run=self.run
        )

    def cautions(self) -> tuple[Caution, ...]:
        """Return one caution for each guard that was hit, for each file with broken tests, else one for the reason."""
        if self.verdict.violations:
            hits = self.verdict.violations[:MAX_CAUTIONS]
            return tuple(self._caution(CautionKind.GUARD, hit.rule, hit.message, hit.path) for hit in hits)
        if self.broken:
            return tuple(
                self._caution(CautionKind.CHECK, "checks", f"fails: {_named(ids)}", file)
                for file, ids in list(_by_file(self.broken).items())[:MAX_CAUTIONS]
            )
        return (self._caution(self._kind, self.source, self._reasons_and_where(), self.file),)

    @property
    def _kind(self) -> CautionKind:
        if self.source in {MAKER, "checks"} and _RAN_OUT.search(self.reasons):
            return CautionKind.TIMEOUT
        return {MAKER: CautionKind.STOP, "checks": CautionKind.CHECK}.get(self.source, CautionKind.REJECTION)

    def _caution(self, kind: CautionKind, detector: str, detail: str, file: str) -> Caution:
        return Caution(
            kind=kind, detector=detector, severity=Severity.WARNING, detail=plain(detail, MAX_DETAIL), run=self.run,
            ticket=self.ticket, chunk=self.chunk.id, attempt=self.attempt, role=MAKER, engine=self.engine,
            model=self.model, file=file, signature=self.failure().signature,
        )  # fmt: skip

    def _reasons_and_where(self) -> str:
        where = f" ({_named(self.chunk.paths)})" if self.source == "findings" and self.chunk.paths else ""
        return f"{self.reasons}{where}"

    def _compared(self, said: Sequence[str]) -> str:
        """Return the text that the signature is of: short, so that all of it counts, and what tells most at its end."""
        if self.verdict.violations:  # what to do about each is the same every time
            hits = {f"{one.rule}: {one.message.partition(';')[0]}" for one in self.verdict.violations}
            return ", ".join(sorted(hits))
        if self.output.strip():
            return self.output
        if not self.broken:
            return self._reasons_and_where()
        return "\n".join((*said, "checks fail: " + ", ".join(case.id for case in _first(self.broken))))


def _first(cases: Sequence[TestCase]) -> list[TestCase]:
    """Return the first tests in an order that no runner decides."""
    return sorted(cases, key=lambda case: case.id)[:MAX_NAMED]


def _file_of(case: TestCase) -> str:
    file, mark, _ = case.id.partition("::")
    return file if (mark or "/" in file) and "." in file.rpartition("/")[2] and " " not in file else ""


def _by_file(cases: Iterable[TestCase]) -> dict[str, list[str]]:
    files: dict[str, list[str]] = {}
    for case in cases:
        files.setdefault(_file_of(case), []).append(case.id)
    return files


def _named(items: Sequence[str]) -> str:
    more = f" and {len(items) - MAX_NAMED} more" if len(items) > MAX_NAMED else ""
    return ", ".join(items[:MAX_NAMED]) + more
