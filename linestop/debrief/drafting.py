"""Drafts: what a group becomes so that a person can decide it with one look. Pure; sentences without any model.

The title says what to do, the why what happened, the evidence where. All of it is a proposal, told to no agent.
"""

import hashlib
import re
from collections.abc import Iterable

from linestop.debrief.group import Group
from linestop.debrief.model import Candidate
from linestop.debrief.seen import Seen
from linestop.memory.lessons.model import MAX_BODY, MAX_TITLE, Lesson, Trust
from linestop.text import plain
from linestop.watch.conclusions import conclusion, has_conclusion

MAX_LINES = 12  # of evidence
MAX_NAMED = 5  # tickets that a why names
_GUARDS = {
    "scope": "Change only what the plan's scope names; say so where more is needed.",
    "tests": "Leave the tests that are there as they are; petition where one is wrong.",
    "test_configuration": "Leave the tests' configuration as it is.",
    "configuration": "Leave the configuration of linters and types as it is.",
    "suppressions": "Mend what a linter finds; don't silence it.",
    "secrets": "Keep keys and passwords out of the code: read them from the environment.",
    "ci": "Leave the CI files as they are.",
    "lock_files": "Leave lock files to the tool that writes them.",
    "state": "Never touch .linestop or .git.",
    "deletions": "Delete no file that the plan doesn't name.",
    "size": "Keep the diff small: one chunk, nothing beside it.",
}
_VERBS = {
    "correction": "objected", "signature": "found the same failure", "firing": "fired", "guard": "was hit",
    "timeout": "ran out of time", "rejection": "objected", "check": "failed", "stop": "stopped it",
}  # fmt: skip
_FAILS = "fails: "  # how a caution of broken tests begins (linestop/execution/setbacks.py)
_ADDED = re.compile(r"(\S+) in [^;]+?: \d+ finding\(s\) where there were \d+")  # linestop/execution/ruling.py
_SPOKEN = {"checks": "the checks", "findings": "the scanners"}  # of what no person and no agent says
_SENTENCE = re.compile(r"(?<=[.!?])\s")


def candidate_id(group: Group, subject: str) -> str:
    """Return `<what>-<hash of the group>-<hash of the subject>`: the group can be told from the id alone."""
    words = re.sub(r"[^a-z0-9]+", "-", (group.detector or "person").lower()).strip("-")[:30].strip("-") or "seen"
    return f"{words}-{group.hash}-{hashlib.sha256(subject.encode('utf-8', 'replace')).hexdigest()[:8]}"


def group_of(candidate: str) -> str:
    """Return the hash of the group that a candidate's id names, empty where it is no such id."""
    parts = candidate.rsplit("-", 2)
    return parts[1] if len(parts) == 3 else ""  # noqa: PLR2004  # words, group, subject


def drafted(group: Group, subject: str, *, said: Iterable[str] = ()) -> Candidate:
    """Return the candidate of a group; `said` are lines of what makers said, kept last among the evidence."""
    driving = group.driving
    return Candidate(
        id=candidate_id(group, subject),
        subject=subject,
        title=_title(group, driving),
        body=driving.text[:MAX_BODY] if group.person and len(driving.text) > MAX_TITLE else "",
        why=_why(group, driving),
        file=group.file,
        file_hash=group.files.get(group.file, ""),
        kind=group.kind,
        group=group.hash,
        detector=group.detector,
        times=group.count,
        weight=round(group.seconds, 3),
        event=f"{driving.at:%Y-%m-%d %H:%M} UTC {driving.detector or 'a person'}: {_words(driving)}",
        evidence=_evidence(group, said),
        runs=tuple(group.runs),
        tickets=tuple(group.tickets),
    )


def covering(candidate: Candidate, lessons: Iterable[Lesson]) -> Lesson | None:
    """Return the lesson that covers a candidate's group already, None where there is none.

    One that came of the same group does, whatever became of its words; one of a person's own does where it is about the
    same file and has the same title, or names the detector or the guard, which teach the same each time. What checks
    and judges say is another thing each time: that a lesson speaks of them covers nothing. Nor does a lesson about no
    file that holds a word such as `failures`, `cost` or `tests`.
    """
    names = _teaches_the_same(candidate)
    for lesson in (one for one in lessons if one.trust is Trust.PERSON):
        if group_of(lesson.source.removeprefix("debrief:")) == candidate.group:
            return lesson
        words = f"{lesson.title}\n{lesson.body}\n{lesson.why}".casefold()
        named = names and _names(words, candidate.detector.casefold())
        same_title = lesson.title.casefold() == candidate.title.casefold()
        if lesson.file == candidate.file and not lesson.superseded_by and (same_title or named):
            return lesson
    return None


def _teaches_the_same(candidate: Candidate) -> bool:
    known = has_conclusion(candidate.detector) or _rule(candidate.detector) in _GUARDS
    return candidate.kind == "file" and known


def _rule(detector: str) -> str:
    return detector.removeprefix("guard:").replace("-", "_")


def _names(words: str, detector: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(detector)}(?![\w-])", words) is not None


def _title(group: Group, driving: Seen) -> str:
    if group.kind == "correction":
        first = _SENTENCE.split(driving.text, maxsplit=1)[0]
        return plain(first if group.person else f"Mind what the {group.detector} objects to: {first}", limit=MAX_TITLE)
    rule = _rule(group.detector)
    if has_conclusion(group.detector):
        return plain(conclusion(group.detector), limit=MAX_TITLE)
    if rule in _GUARDS and driving.what in {"guard", "sign"}:
        return plain(_GUARDS[rule], limit=MAX_TITLE)
    return plain(_from_words(group, driving), limit=MAX_TITLE)


def _from_words(group: Group, driving: Seen) -> str:
    if driving.what == "timeout":
        return f"Give long work a smaller step: the clock ran out on {group.detector}."
    if driving.what == "stop":
        return f"Stop for a person before it comes to this: {driving.text}"
    if driving.what == "check" and driving.text.startswith(_FAILS):
        return f"Before you hand in, see to it that this passes: {driving.text[len(_FAILS) :]}"
    if group.detector == "findings" and (rules := dict.fromkeys(_ADDED.findall(_words(driving)))):
        where = f" in {group.file}" if group.file else ""
        return f"Before you hand in, scan what you changed: no new finding of {', '.join(rules)}{where}"
    return f"Before you hand in, rule this out: {driving.text}"


def _why(group: Group, driving: Seen) -> str:
    tickets = list(group.tickets)
    more = f" and {len(tickets) - MAX_NAMED} more" if len(tickets) > MAX_NAMED else ""
    where = f" in {', '.join(tickets[:MAX_NAMED])}{more}" if tickets else ""
    if group.person:
        return plain(f"A person wrote it{where} on {driving.at:%Y-%m-%d}: {driving.text}", limit=1_500)
    files = sorted(group.files)
    about = f" about {group.file}" if group.file else f" about {', '.join(files)} and others" if len(files) > 1 else ""
    cost = ", ".join(
        part for part in (_seconds(group.seconds), f"{group.tokens:,} tokens" if group.tokens else "") if part
    )  # fmt: skip
    who = _VERBS.get(group.kind) or _VERBS.get(driving.what, "was seen")
    times = "once" if group.count == 1 else f"{group.count} times"
    spent = f"; it cost {cost}" if cost else ""
    unsolved = "; it was never solved" if group.sign_times else ""
    judge = _SPOKEN.get(group.detector, group.detector)
    return plain(f"{judge} {who} {times}{about}{where}{spent}{unsolved}: {_words(driving)}", limit=1_500)


def _words(one: Seen) -> str:
    return one.more or one.text


def _seconds(seconds: float) -> str:
    return f"{seconds:,.0f} s" if seconds >= 1 else ""


def _evidence(group: Group, said: Iterable[str]) -> tuple[str, ...]:
    lines = [_line(one) for one in group.quoted]
    more = group.count - len(lines)
    rest = [f"and {more} more"] if more > 0 else []
    return (*lines[:MAX_LINES], *rest, *list(said)[: max(MAX_LINES - len(lines), 0)])


def _line(one: Seen) -> str:
    run = f" · run {one.run}" if one.run else ""
    who = f" · {one.who}" if one.who else ""
    file = f" · {one.file}" if one.file else ""
    return f"{one.at:%Y-%m-%d %H:%M} UTC{run}{who} · {one.detector or 'person'}{file}: {one.text}"
