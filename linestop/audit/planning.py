"""From findings to plans: what machines can mend by area, what they can't by theme, as many as there is room for."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from linestop.audit.areas import areas
from linestop.audit.chunking import Cut, cut_chunks
from linestop.audit.globs import literal, matches_any
from linestop.audit.plan_words import automatic_words, gated_words
from linestop.audit.priority import impact, priority, theme_of
from linestop.audit.rules import SYNTAX, Theme
from linestop.audit.standing import Standing
from linestop.audit.validation import problems_of
from linestop.findings import Finding
from linestop.plans import MAX_CHUNKS, ChecksPass, FindingsGone, Plan

_ID_LENGTH = 60


@dataclass(frozen=True)
class Draft:
    """A plan and the findings it was made of, for the list in its body."""

    plan: Plan
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Drafts:
    """New plans; `refused` reasons; `waiting` how many findings no plan covers yet."""

    drafts: tuple[Draft, ...] = ()
    refused: tuple[str, ...] = ()
    waiting: int = 0


@dataclass(frozen=True)
class Ground:
    """What plans are drawn on: the base commit, the day, what stands, and every finding as its source reported it.

    `gate_unfixable`: what has no safe fix is planned for a person, not for the maker.
    """

    base: str
    day: date
    standing: Standing
    reported: tuple[Finding, ...]
    gate_unfixable: bool = True


def draft_plans(findings: Sequence[Finding], ground: Ground, *, max_plans: int) -> Drafts:
    """Return as many valid plans as there is room for, machine-made ones by area first, a slot kept for people's."""
    covered = ground.standing.covered | accepted(ground)
    new = [finding for finding in findings if finding.fingerprint not in covered]
    broken = {finding.path for finding in ground.reported if finding.rule == SYNTAX}
    tried = [one for one in new if one.fixable or not ground.gate_unfixable]
    machine = [one for one in tried if one.path not in broken and not _busy(one, ground)]
    people = [one for one in new if ground.gate_unfixable and not one.fixable]
    automatic, refused = _automatic(machine, ground)
    gated, refused_too = _gated(people, ground)
    chosen = _within_limits(automatic, gated, ground, max_plans)
    named, invalid = _named(chosen, ground)
    planned = {finding.fingerprint for draft in named for finding in draft.findings}
    return Drafts(
        drafts=named,
        refused=(*refused, *refused_too, *invalid),
        waiting=sum(finding.fingerprint not in planned for finding in new),
    )


def accepted(ground: Ground) -> frozenset[str]:
    """Return the findings that a person let a merged plan leave: its finish line allows as many as are there."""
    left = set[str]()
    for plan in ground.standing.merged:
        for item in plan.goal:
            if isinstance(item, FindingsGone) and item.at_most:
                there = [finding.fingerprint for finding in ground.reported if _counts_for(finding, item)]
                left |= set(there) & set(plan.fingerprints) if len(there) <= item.at_most else set()
    return frozenset(left)


def _counts_for(finding: Finding, item: FindingsGone) -> bool:
    return finding.source == item.source and finding.rule in item.rules and finding.path in item.paths


def _busy(finding: Finding, ground: Ground) -> bool:
    """Whether an earlier plan's branch still has the file: a second branch would conflict with it."""
    return matches_any(finding.path, ground.standing.busy)


def _automatic(findings: Sequence[Finding], ground: Ground) -> tuple[list[Draft], list[str]]:
    drafts, refused = list[Draft](), list[str]()
    for area in areas(findings):
        cuts, no = cut_chunks(area.findings, where=area.name)
        refused += no
        if cuts:
            words = automatic_words(area, _themes(cuts))
            drafts.append(_draft(f"{area.slug}-{_stem(cuts)}", words, cuts[:MAX_CHUNKS], ground))
    return drafts, refused


def _gated(findings: Sequence[Finding], ground: Ground) -> tuple[list[Draft], list[str]]:
    by_theme: dict[Theme, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_theme[theme_of(finding)].append(finding)
    drafts, refused = list[Draft](), list[str]()
    for theme, group in sorted(by_theme.items(), key=lambda item: _urgency(item[1])):
        cuts, no = cut_chunks(group, where="the repository")
        refused += no
        if cuts:
            drafts.append(_draft(f"{theme.value}-by-hand", gated_words(theme, cuts), cuts[:MAX_CHUNKS], ground))
    return drafts, refused


def _urgency(findings: Sequence[Finding]) -> tuple[int, float]:
    return -max(map(impact, findings)), -sum(map(priority, findings))


def _within_limits(automatic: list[Draft], gated: list[Draft], ground: Ground, max_plans: int) -> list[Draft]:
    """Fill the free slots. Open gated plans never take the last one, so that people's pace does not stop machines."""
    taken = still_needed(ground)
    free = max(max_plans - len(taken), 0)
    open_gated = sum(plan.gated is not None for plan in taken)
    room_for_gated = max(max(max_plans - 1, 1) - open_gated, 0)
    kept = 1 if gated and not open_gated and free > 1 else 0
    first = automatic[: free - kept]
    return first + gated[: min(free - len(first), room_for_gated)]


def still_needed(ground: Ground) -> list[Plan]:
    """Return the open plans but for those whose every finding somebody has mended on the base: they take no slot."""
    there = {finding.fingerprint for finding in ground.reported}
    return [plan for plan in ground.standing.open if not plan.fingerprints or there & set(plan.fingerprints)]


def _draft(stem: str, words: dict[str, object], cuts: Sequence[Cut], ground: Ground) -> Draft:
    findings = tuple(finding for cut in cuts for finding in cut.findings)
    chunks = tuple(cut.chunk for cut in _distinct(cuts))
    plan = Plan.model_validate(
        {
            "id": stem,
            **words,
            "scope": tuple(sorted({literal(path) for chunk in chunks for path in chunk.paths})),
            "chunks": chunks,
            "goal": (*(_gone(cut, ground) for cut in cuts), ChecksPass()),
            "base": ground.base,
            "fingerprints": tuple(sorted({finding.fingerprint for finding in findings})),
        }
    )
    return Draft(plan, findings)


def _distinct(cuts: Sequence[Cut]) -> list[Cut]:
    """Give chunks of one name (two sources may shorten to the same word) names of their own."""
    seen = Counter[str]()
    renamed = []
    for cut in cuts:
        seen[cut.chunk.id] += 1
        again = seen[cut.chunk.id]
        name = cut.chunk.id if again == 1 else f"{cut.chunk.id[:36]}-x{again}"
        renamed.append(replace(cut, chunk=cut.chunk.model_copy(update={"id": name})))
    return renamed


def _gone(cut: Cut, ground: Ground) -> FindingsGone:
    """Ask for no more findings than those of the same rules and files that the chunk was not given to remove."""
    chunk = cut.chunk
    rules, paths = set(chunk.rules), set(chunk.paths)
    there = [f for f in ground.reported if f.source == chunk.source and f.rule in rules and f.path in paths]
    mine = {finding.fingerprint for finding in cut.findings}
    fixable = cut.findings[0].fixable
    left = [f for f in there if f.fixable != fixable or f.fingerprint not in mine]
    return FindingsGone(source=chunk.source, rules=chunk.rules, paths=chunk.paths, at_most=len(left) if fixable else 0)


def _named(drafts: Iterable[Draft], ground: Ground) -> tuple[tuple[Draft, ...], list[str]]:
    """Give each plan a free id that says when and where, and drop what the validator refuses."""
    taken = set(ground.standing.ids)
    good, refused = list[Draft](), list[str]()
    for draft in drafts:
        stem = f"{ground.day.isoformat()}-{draft.plan.id}"[:_ID_LENGTH].strip("-")
        name = next(name for name in _candidates(stem) if name not in taken)
        plan = draft.plan.model_copy(update={"id": name})
        problems = problems_of(plan)
        if problems:
            refused.append(f"the plan {name} breaks a rule: {'; '.join(problems)}")
            continue
        taken.add(name)
        good.append(Draft(plan, draft.findings))
    return tuple(good), refused


def _candidates(stem: str) -> Iterable[str]:
    yield stem
    yield from (f"{stem[: _ID_LENGTH - 4].strip('-')}-{number}" for number in range(2, 1000))


def _themes(cuts: Sequence[Cut]) -> tuple[Theme, ...]:
    return tuple(dict.fromkeys(theme_of(cut.findings[0]) for cut in cuts))


def _stem(cuts: Sequence[Cut]) -> str:
    """Name the one theme of a plan; a plan of several is called after its area alone."""
    themes = _themes(cuts)
    return themes[0].value if len(themes) == 1 else "tidy"
