"""What a lesson's title says, fit to be compared: its words, whether it is for or against them, and what goes first.

English titles only; what isn't understood is compared by its words alone. What follows from it is contradictions.py's.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from linestop.memory.lessons.words import EMPTY, stem, words_of


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_AGAINST = _set("no avoid stop forbid ban refuse skip disable exclude remove delete drop nor neither without")
_DENIALS = frozenset({"never", "not", "cannot"})  # of a whole clause, wherever they stand in it
_FOR = _set("always do use enable allow include keep add must should prefer want need please make sure")
_INSTEAD = re.compile(r"\b(?:instead of|rather than|in place of)\b|(?<=prefer )(\S+(?: \S+){0,2}) over\b")
_NOT = re.compile(
    r"\b(?:do|does|did|is|are|must|should|can|could|would|will|need)(?:n't|nt)\b|\b(?:can't|cannot|won't)\b"
)
_CLAUSE = re.compile(r"[,;:()\u2014\u2013]|\.(?:\s|$)|\s--?\s|\b(?:but|so that|except|unless)\b")
_ORDER = re.compile(r"\b(before|until|prior to|after|once)\b")
_EARLIER = frozenset({"before", "until", "prior to"})
_FAMILIES = (
    ("tabs", "spaces"), ("sync", "async"), ("synchronous", "asynchronous"), ("relative", "absolute"),
    ("single", "double"), ("eager", "lazy"), ("public", "private"), ("mutable", "immutable"), ("local", "remote"),
    ("raise", "swallow"), ("strict", "lenient"), ("uppercase", "lowercase"), ("minimum", "maximum"),
    ("sequential", "parallel"),
)  # fmt: skip
_ALTERNATIVES = {
    stem(one): (stem(first), sign) for first, second in _FAMILIES for one, sign in ((first, 1), (second, -1))
}
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")


class Statement(NamedTuple):
    """A title taken apart. `signs`: word = 1 where it is for it, -1 where against, 0 of what is only a time."""

    signs: dict[str, int]
    sides: dict[str, int]  # of words of two kinds, such as tabs and spaces: which of the two
    earlier: frozenset[str]
    later: frozenset[str]
    numbers: tuple[str, ...]

    @property
    def words(self) -> frozenset[str]:
        """Return its words, without those that say nothing alone."""
        return frozenset(self.signs)


@lru_cache(maxsize=16_384)
def statement(title: str) -> Statement:
    """Return what a title says."""
    text = title.casefold().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    signs: dict[str, int] = {}
    sides: dict[str, int] = {}
    order: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
    for clause in _CLAUSE.split(_INSTEAD.sub(r"\1 , not ", _NOT.sub(" not ", text))):
        found, before, after = _clause(clause, sides)
        signs.update((word, sign) for word, sign in found.items() if word not in signs)
        order = order if order[0] else (before, after)
    return Statement(signs, sides, *order, tuple(_NUMBER.findall(text)))


def _clause(clause: str, sides: dict[str, int]) -> tuple[dict[str, int], frozenset[str], frozenset[str]]:
    """Return a clause's words with their signs, and which of them come earlier and later."""
    parts = _ORDER.split(clause, maxsplit=1)
    if len(parts) == 1:
        return _signed(clause, sides), frozenset(), frozenset()
    head, connective, tail = parts
    first, second = _signed(head, sides), _signed(tail, sides)
    if not first or not second:
        return {**second, **first}, frozenset(), frozenset()
    turned = connective in _EARLIER and any(word in _DENIALS for word in words_of(head))
    signs = {word: -sign if turned else sign for word, sign in first.items()}
    if turned:  # "never A before B" is "A after B"
        sides.update({word: -sides[word] for word in first if word in sides})
    words = {**dict.fromkeys(second, 0), **signs}
    if connective not in _EARLIER and any(word in _DENIALS for word in words_of(head)):
        return words, frozenset(), frozenset()
    pair = (frozenset(first), frozenset(second))
    return words, *(pair if (connective in _EARLIER) is not turned else pair[::-1])


def _signed(text: str, sides: dict[str, int]) -> dict[str, int]:
    """Return the words of a text with their signs: a denial turns all of them, another refusal those that follow it."""
    words = words_of(text)
    sign, found = (-1) ** sum(1 for word in words if word in _DENIALS), dict[str, int]()
    for word in words:
        name = stem(word)
        if word in _AGAINST or name in _AGAINST_STEMS:
            sign = -sign
        elif (
            word not in EMPTY
            and word not in _FOR
            and word not in _DENIALS
            and name not in _FOR_STEMS
            and not _NUMBER.fullmatch(word)
        ):
            family, side = _ALTERNATIVES.get(name, (name, 0))
            if side:
                sides.setdefault(family, side * sign)
            found.setdefault(family, sign)
    return found


_AGAINST_STEMS = frozenset(map(stem, _AGAINST))
_FOR_STEMS = frozenset(map(stem, _FOR))
