"""Words of a text, cut to their stems: what searching and comparing lessons share."""

import re
from functools import lru_cache

# A word may hold dots, slashes and underscores inside (`os.path`, `src/cart.py`); an option keeps its hyphens.
_WORD = re.compile(r"--?[A-Za-z][\w-]*|[^\W_][\w]*(?:[./:][\w]+)*(?:['\N{RIGHT SINGLE QUOTATION MARK}]\w+)?|_\w+")
_LONG_ENOUGH = 4
_EMPTY = """
a an the of in on at to for with by from as is are be been it its this that these those any all each every some and or
then so we you i they them our your their can could may might will would shall have has had here there only just ever
again also very really when while if whenever where because since run runs running
"""
EMPTY = frozenset(_EMPTY.split())  # words that say nothing alone


def words_of(text: str) -> list[str]:
    """Return the words of a text in their order, case folded."""
    return [word.casefold().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'") for word in _WORD.findall(text)]


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """Return a word without its English ending: plural, -ing, -ed, -e. Names with dots or digits stay as they are."""
    if len(word) < _LONG_ENOUGH or not word.isalpha():
        return word
    for ending, instead in (("ies", "y"), ("sses", "ss"), ("ing", ""), ("ed", ""), ("es", "e"), ("s", "")):
        if word.endswith(ending) and not word.endswith(("ss", "us", "is")) and len(word) - len(ending) >= 3:  # noqa: PLR2004
            word = word.removesuffix(ending) + instead
            break
    if len(word) > _LONG_ENOUGH and word[-1] == word[-2] and word[-1] not in "lse":
        word = word[:-1]
    return word.removesuffix("e") if len(word) > _LONG_ENOUGH else word
