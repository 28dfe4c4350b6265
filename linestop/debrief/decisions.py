"""What a decision does: a candidate becomes a lesson, in a person's words where they gave some, exactly once."""

from dataclasses import dataclass
from typing import Any

from linestop.debrief.model import Candidate
from linestop.errors import UsageError
from linestop.memory.lessons.model import Lesson, Tier
from linestop.paths import Layout

SOURCE = "debrief:"


@dataclass(frozen=True, slots=True)
class Words:
    """A person's words in place of a draft's; None leaves the draft's, empty empties it."""

    title: str | None = None
    body: str | None = None
    why: str | None = None
    file: str | None = None
    tier: Tier | None = None
    roles: tuple[str, ...] | None = None
    contradicts: tuple[str, ...] = ()
    supersedes: str = ""
    anyway: bool = False  # whatever other lessons say

    def over(self, candidate: Candidate) -> dict[str, Any]:
        """Return the fields of the lesson: the draft's with what was given over it. A global one is about no file."""
        tier = candidate.tier if self.tier is None else self.tier
        values = {
            "title": candidate.title, "body": candidate.body, "why": candidate.why,
            "file": "" if tier is Tier.GLOBAL else candidate.file, "roles": (),
        }  # fmt: skip
        given = {name: value for name in values if (value := getattr(self, name)) is not None}
        return {**values, **given, "tier": tier, "contradicts": self.contradicts}


def source_of(candidate: Candidate) -> str:
    """Return the source that a candidate's lesson names."""
    return f"{SOURCE}{candidate.id}"


def lesson_there(layout: Layout, candidate: Candidate) -> Lesson | None:
    """Return the lesson that a decision which broke off has added, None where there is none."""
    from linestop.memory.lessons import Lessons  # noqa: PLC0415  # as needed

    source = source_of(candidate)
    return next((one for one in Lessons(layout).list(all=True) if one.source == source), None)


def require_no_lesson(layout: Layout, candidate: Candidate) -> None:
    """Refuse to drop what became a lesson: agents would be told it all the same.

    Raises:
        UsageError: a decision that broke off has added it.
    """
    if there := lesson_there(layout, candidate):
        raise UsageError(
            f"candidate {candidate.id} became a lesson already",
            found=f"{there.id}, by a decision that broke off",
            todo=f"accept it; or linestop lesson remove {there.id}, then drop it",
        )


def lesson_of(layout: Layout, candidate: Candidate, words: Words) -> Lesson:
    """Return the lesson of a candidate: added now, or the one that a decision which broke off has added.

    Raises:
        LinestopError: the lesson is refused (a secret, a contradiction, no why) or can't be written.
    """
    from linestop.memory.lessons import Lessons, draft  # noqa: PLC0415  # as needed

    lessons = Lessons(layout)
    if there := lesson_there(layout, candidate):
        if words.supersedes and there.is_told:  # of another tier it may not have come to that
            lessons.supersede(words.supersedes, there.id)
        return there
    drafted = draft(layout, **words.over(candidate), source=source_of(candidate), runs=candidate.runs)
    return lessons.add(drafted, supersedes=words.supersedes, anyway=words.anyway)


def became(candidate: Candidate, lesson: Lesson) -> bool:
    """Return whether a lesson says what the draft said, in the place that it named."""
    drafted = (candidate.title, candidate.body, candidate.why, candidate.file, candidate.tier)
    return drafted == (lesson.title, lesson.body, lesson.why, lesson.file, lesson.tier) and not lesson.roles
