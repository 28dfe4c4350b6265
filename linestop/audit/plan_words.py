"""What a plan says of itself: title, purpose, risks and why a person must do it."""

from collections.abc import Sequence

from linestop.audit.areas import Area
from linestop.audit.chunking import Cut
from linestop.audit.rules import Theme

_RISKS = {
    Theme.BUGS: "A caller may have come to rely on the faulty behaviour.",
    Theme.SECURITY: "A stricter call may refuse what was accepted so far.",
    Theme.PERFORMANCE: "An object that only looks like a list or a dictionary may behave differently.",
    Theme.DEAD_CODE: "Code outside of this repository may import a name that looks unused here.",
    Theme.MODERNISATION: "A Python older than the declared one no longer reads the new spelling.",
}
_TESTS = "Lines that no test runs are changed on the tool's word alone."
_TITLES = {
    Theme.BUGS: "Likely bugs",
    Theme.SECURITY: "Security weaknesses",
    Theme.PERFORMANCE: "Needless work",
    Theme.DEAD_CODE: "Dead code",
    Theme.MODERNISATION: "Outdated spellings",
}


def automatic_words(area: Area, themes: Sequence[Theme]) -> dict[str, object]:
    """Return the words of a plan that a machine can carry out."""
    subject = _listed([_TITLES[theme] if not at else _TITLES[theme].lower() for at, theme in enumerate(themes)])
    count, files = len(area.findings), len(area.paths)
    return {
        "title": f"{subject} in {_short(area.name)}"[:120],
        "purpose": (
            f"Remove {_counted(count, 'finding')} in {_counted(files, 'file')} of {area.name}, each by a fix that "
            "keeps what the code does, and prove by the repository's own checks that nothing else changed."
        ),
        "risks": (*(_RISKS[theme] for theme in themes), _TESTS),
    }


def gated_words(theme: Theme, cuts: Sequence[Cut]) -> dict[str, object]:
    """Return the words of a plan that waits for a person, with the reason."""
    count = sum(len(cut.findings) for cut in cuts)
    rules = sorted({rule for cut in cuts for rule in cut.chunk.rules})
    sources = sorted({cut.chunk.source for cut in cuts})
    each = "it or dismiss it" if count == 1 else "or dismiss each"
    how = f"report{'s' * (len(sources) == 1)} {'it' if len(rules) == 1 else 'them'} without a fix that is safe"
    return {
        "title": f"{_TITLES[theme]}: {_counted(count, 'finding')} for a person",
        "purpose": (
            f"Decide on {_counted(count, 'finding')} that no engine at hand can fix: mend {each}. To dismiss "
            f"{'it' if count == 1 else 'one'}, {_dismissal(sources)}."
        ),
        "risks": (_RISKS[theme], "A finding may be a false alarm: read the code before changing it."),
        "gated": f"no engine at hand can fix {_few(rules)}: {_listed(sources)} {how}",
    }


def _dismissal(sources: Sequence[str]) -> str:
    """Say how a finding is dismissed for good: ruff heeds a comment at the line, the policy silences the others."""
    policy = "ignore its rule or exclude its path in .linestop/config.toml, with the reason beside it"
    if "ruff" not in sources:
        return policy
    return f"write `# noqa: RULE` and the reason at its line{' (ruff)' if len(sources) > 1 else ''}, or {policy}"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _few(rules: Sequence[str], most: int = 6) -> str:
    return _listed(rules) if len(rules) <= most else f"{', '.join(rules[:most])} and {len(rules) - most} more"


def _short(name: str, most: int = 40) -> str:
    return name if len(name) <= most else f"…{name[-most:]}"
