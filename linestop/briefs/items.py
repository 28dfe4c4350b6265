"""How what is remembered reads in a brief: an item each, cut to what its block gets at the least.

A text of its own lines stands in a fence of its own, so that no item can imitate its neighbour; a caution is one line.
"""

from collections.abc import Callable

from linestop.briefs.fences import fenced, one_line, prose
from linestop.briefs.rank import Freshness, Ranked
from linestop.memory.cautions.model import Caution
from linestop.memory.lessons.model import Lesson
from linestop.memory.tickets.model import Correction, Reflection, Sign
from linestop.skills import Skill

Hide = Callable[[str], str]  # takes secrets out of a text

MAX_SIGN = 1_200  # characters of a failure; its signature is of the last 800 (SPEC.md section 6)
MAX_REFLECTION = 1_500
MAX_CAUTION = 300
MAX_LINE = 300
MAX_OTHERS = 3  # lessons that one is said to disagree with
_FENCES = 40  # characters that fences and newlines add to a text, where it holds no run of tildes itself
_SHORT = 60
_GAP = " [cut] "
_AGE = {
    Freshness.FRESH: "{file}, which is as it was then",
    Freshness.STALE: "{file}: STALE, the file changed since or is gone",
    Freshness.GENERAL: "no file in particular",
}


def sign_item(sign: Sign, hide: Hide) -> str:
    """Return a sign: the failure as it read last, its beginning and its end, with how often it was seen."""
    failure = prose(_ends(hide(_ends(sign.failure, 2 * MAX_SIGN)), MAX_SIGN), MAX_SIGN)
    return (
        f"This failure was seen {sign.times} times in this ticket (found by {_word(sign.source)}, last in chunk"
        f" `{_word(sign.chunk)}`); whatever you do, it must not come back:\n{fenced(failure)}"
    )


def correction_item(correction: Correction, hide: Hide, most: int) -> str:
    """Return a correction with who made it."""
    person = " (a person)" if correction.person else ""
    return _quoted(f"By {_word(correction.by)}{person}:", correction.text, hide, most)


def reflection_item(reflection: Reflection, hide: Hide, most: int) -> str:
    """Return what a maker said of an attempt of its own."""
    return _quoted(f"Attempt {reflection.attempt}:", reflection.text, hide, min(most, MAX_REFLECTION))


def lesson_item(ranked: Ranked, hide: Hide, most: int) -> str:
    """Return a lesson: id, how fresh it is, title, body and why."""
    lesson = ranked.item
    assert isinstance(lesson, Lesson)  # noqa: S101  # rank.py gives lessons here
    others = ", ".join(f"`{_word(one)}`" for one in lesson.contradicts[:MAX_OTHERS])
    head = f"Lesson `{lesson.id}`, about {_age(ranked)}{f'; it disagrees with {others}' if others else ''}:"
    parts = (lesson.title, lesson.body, f"Why: {lesson.why}")
    return _quoted(head, "\n\n".join(part for part in parts if part.strip()), hide, most)


def caution_item(ranked: Ranked, hide: Hide) -> str:
    """Return a caution as one line."""
    caution = ranked.item
    assert isinstance(caution, Caution)  # noqa: S101  # rank.py gives cautions here
    times = f", {ranked.times} times" if ranked.times > 1 else ""
    where = f" in {one_line(caution.file, MAX_LINE // 3)}" if caution.file else ""
    stale = " STALE, the file changed since or is gone:" if ranked.freshness is Freshness.STALE else ""
    head = f"- [{caution.severity}] {_word(caution.detector)}{where}{times}, last {caution.at:%Y-%m-%d}:{stale}"
    return one_line(f"{head} {hide(caution.detail)}", MAX_CAUTION - 1)


def skill_item(skill: Skill, hide: Hide) -> str:
    """Return a skill whole: its owner's words, or ours."""
    about = f": {one_line(skill.description, MAX_LINE)}" if skill.description else ""
    return f"Skill `{skill.name}`{about}\n{fenced(prose(hide(skill.body), 2 * len(skill.body) + _SHORT))}"


def _quoted(head: str, text: str, hide: Hide, most: int) -> str:
    """Return a heading and a text in a fence, in `most` characters altogether with the newline after it."""
    room = most - 1 - len(head)
    quoted = fenced(prose(hide(text), room - _FENCES))
    if len(quoted) > room:  # a long run of tildes, which takes fences longer still
        quoted = fenced(prose(hide(text), room - _FENCES).replace("~~", "~ "))
    return f"{head}\n{quoted}"


def _ends(text: str, most: int) -> str:
    """Return a text without its middle where it is longer: what it is about stands first, what counts for it last."""
    if len(text) <= most:
        return text
    return f"{text[: most // 4]}{_GAP}{text[len(_GAP) + most // 4 - most :]}"


def _age(ranked: Ranked) -> str:
    if ranked.freshness is Freshness.GENERAL and ranked.item.file:
        return one_line(ranked.item.file, MAX_LINE // 3)
    return _AGE[ranked.freshness].format(file=one_line(ranked.item.file, MAX_LINE // 3))


def _word(text: str) -> str:
    return one_line(text, _SHORT).replace("`", "'")
