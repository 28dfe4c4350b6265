"""Folds the lines of a ticket's book into what holds: failures, signs, reflections, corrections. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from pydantic import BaseModel, ValidationError

from linestop.memory.tickets.model import SIGN_AT, Correction, Failure, Reflection, Sign

KINDS: Mapping[str, type[BaseModel]] = {"failure": Failure, "reflection": Reflection, "correction": Correction}
SOLVED = "solved"
Key = tuple[str, str]


def same(failure: Failure) -> Key:
    """Return what two failures share that are the same: the signature, and the file where one is known.

    A signature cuts paths to their last part; `api/views.py` and `shop/views.py` are two files all the same.
    """
    return failure.signature, failure.file


@dataclass
class Folded:
    """What a book holds. Everything is in the order in which it was written."""

    failures: list[Failure] = field(default_factory=list)
    reflections: list[Reflection] = field(default_factory=list)
    corrections: list[Correction] = field(default_factory=list)
    solved: dict[str, int] = field(default_factory=dict)  # chunk -> how many failures there were when it was approved

    def add(self, record: Mapping[str, Any]) -> None:
        """Take in a line; one of another kind or a later version is passed over."""
        kind = record.get("kind")
        if kind == SOLVED:
            self.solved[str(record.get("chunk", ""))] = len(self.failures)
            return
        model = KINDS.get(str(kind))
        try:
            note = model.model_validate(record) if model else None
        except ValidationError:
            return
        if isinstance(note, Failure):
            self.failures.append(note)
        elif isinstance(note, Reflection):
            self.reflections.append(note)
        elif isinstance(note, Correction):
            self.corrections.append(note)

    def times(self, failure: Failure) -> int:
        """Return how often this failure is in the book, 0 where it has no signature."""
        return sum(same(one) == same(failure) for one in self.failures) if failure.signature else 0

    def signs(self, ticket: str) -> tuple[Sign, ...]:
        """Return the signs, the one that came up first first. One is solved once its last failure's chunk is."""
        groups: dict[Key, list[int]] = {}
        for number, failure in enumerate(self.failures):
            if failure.signature:
                groups.setdefault(same(failure), []).append(number)
        armed = sorted((numbers for numbers in groups.values() if len(numbers) >= SIGN_AT), key=lambda one: one[1])
        return tuple(self._sign(ticket, numbers) for numbers in armed)

    def _sign(self, ticket: str, numbers: list[int]) -> Sign:
        failures = [self.failures[number] for number in numbers]
        last = failures[-1]
        return Sign(
            id=sign_id(last), ticket=ticket, branch=f"linestop/{ticket}", signature=last.signature, source=last.source,
            chunk=last.chunk, failure=last.text, times=len(failures), at=failures[SIGN_AT - 1].at, run=last.run,
            runs=tuple(dict.fromkeys(one.run for one in failures if one.run)),
            file=last.file, last=last.at, solved=self.solved.get(last.chunk, -1) > numbers[-1],
        )  # fmt: skip


def sign_id(failure: Failure) -> str:
    """Return the id that the sign of a failure has, the same in every run."""
    return "sign-" + sha256("\n".join(same(failure)).encode()).hexdigest()[:10]


def newest(corrections: Iterable[Correction]) -> tuple[Correction, ...]:
    """Return the corrections in their order; of those that say the same of the same chunk only the last."""
    kept: dict[tuple[str, str, bool], Correction] = {}
    for one in corrections:
        kept.pop(said := (one.text, one.chunk, one.person), None)
        kept[said] = one
    return tuple(kept.values())
