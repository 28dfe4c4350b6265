"""Searches lessons by words and by files. Every lesson is looked at: there are thousands of them, not millions."""

from collections import Counter
from collections.abc import Sequence
from math import log

from linestop.memory.lessons.model import Lesson
from linestop.memory.lessons.words import EMPTY, stem, words_of

_WEIGHTS = {"title": 4.0, "file": 3.0, "body": 1.5, "why": 1.0}
_FILE_SCORE = 10.0  # a lesson about the very file comes before what only speaks of it
_FOLDER_SCORE = 4.0
_MIN_PREFIX = 4


def ranked(lessons: Sequence[Lesson], words: Sequence[str], files: Sequence[str]) -> tuple[Lesson, ...]:
    """Return the lessons that hold any of the words or are about any of the files, best first, then newest.

    Rare words count more than those that most lessons hold. Without words and files all are returned, newest first.
    """
    said = {word for text in words for word in words_of(text)}
    wanted = {stem(word) for word in said - EMPTY or said}
    if not words and not files:
        return tuple(sorted(lessons, key=lambda one: (one.updated, one.id), reverse=True))
    texts = [_words(one, wanted) for one in lessons]
    seen = Counter(word for counts in texts for word in wanted if _hits(counts, word))
    rarity = {word: log(1 + len(lessons) / (1 + seen[word])) + 0.1 for word in wanted}
    scored = [
        (sum(_hits(counts, word) * rarity[word] for word in wanted) + _file_score(one, files), one)
        for counts, one in zip(texts, lessons, strict=True)
    ]
    best = sorted(scored, key=lambda pair: (pair[0], pair[1].updated, pair[1].id), reverse=True)
    return tuple(one for score, one in best if score > 0)


def _words(lesson: Lesson, wanted: set[str]) -> dict[str, float]:
    """Return the stems of a lesson with the weight of the best place that each stands in.

    Of places only that can hold any of the wanted ones: a look for letters is far faster than cutting words.
    """
    counts: dict[str, float] = {}
    for place, weight in _WEIGHTS.items():
        text = getattr(lesson, place).casefold()
        if any(word[:-1] in text for word in wanted):  # a stem's last letter may be another: retries, retry
            for name in _stems(text):
                counts[name] = max(counts.get(name, 0.0), weight)
    return counts


def _stems(text: str) -> set[str]:
    """Return the stems of a text; a path counts by its parts too."""
    return {stem(part) for word in set(words_of(text)) for part in {word, *word.replace("/", ".").split(".")}}


def _hits(counts: dict[str, float], word: str) -> float:
    """Return the weight of a word in a lesson; half of it where the word is only the beginning of one there."""
    if word in counts:
        return counts[word]
    if len(word) < _MIN_PREFIX:
        return 0.0
    return max((weight / 2 for name, weight in counts.items() if name.startswith(word)), default=0.0)


def _file_score(lesson: Lesson, files: Sequence[str]) -> float:
    if not lesson.file:
        return 0.0
    if lesson.file in files:
        return _FILE_SCORE
    folder = lesson.file.rstrip("/") + "/"
    return _FOLDER_SCORE if any(file.startswith(folder) for file in files) else 0.0
