"""Chunks: one theme's findings in some files. The (rule, path) pairs of two chunks never meet."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from linestop.audit.priority import priority, theme_of
from linestop.audit.rules import Theme
from linestop.findings import Finding
from linestop.plans import Chunk

MAX_CHUNK_FILES = 40
MAX_CHUNK_FINDINGS = 120
_WHY = {
    Theme.BUGS: "The code does something else than it says, or breaks under conditions that tests seldom meet.",
    Theme.SECURITY: "An attacker who reaches this code may get further than the author meant.",
    Theme.PERFORMANCE: "The code does needless work each time it runs.",
    Theme.DEAD_CODE: "What nobody uses is still read, tested and kept working by everybody.",
    Theme.MODERNISATION: "Older spellings hide what the supported Python versions say more plainly.",
}
_DEED = {  # a chunk's title is the first line of its commit
    Theme.BUGS: "Mend likely bugs in",
    Theme.SECURITY: "Close security weaknesses in",
    Theme.PERFORMANCE: "Save needless work in",
    Theme.DEAD_CODE: "Remove dead code from",
    Theme.MODERNISATION: "Use current spellings in",
}


@dataclass(frozen=True)
class Cut:
    """A chunk with the findings it stands for."""

    chunk: Chunk
    findings: tuple[Finding, ...]

    @property
    def priority(self) -> float:
        """Return the sum of its findings' priorities."""
        return sum(map(priority, self.findings))


def cut_chunks(findings: Iterable[Finding], *, where: str) -> tuple[tuple[Cut, ...], tuple[str, ...]]:
    """Return the chunks, most pressing first, and the reasons why some findings fit in none."""
    groups: dict[tuple[Theme, str], list[Finding]] = defaultdict(list)
    for finding in findings:
        groups[theme_of(finding), finding.source].append(finding)
    cuts, refused = list[Cut](), list[str]()
    for (theme, source), group in sorted(groups.items()):
        parts, too_large = _parts(group)
        refused += too_large
        names = _names(theme, source, len(parts))
        cuts += [_chunk(part, name, theme, source, where) for part, name in zip(parts, names, strict=True)]
    return tuple(sorted(cuts, key=lambda cut: -cut.priority)), tuple(refused)


def _parts(findings: Sequence[Finding]) -> tuple[list[list[Finding]], list[str]]:
    """Pack files into parts; a file with too many findings is cut by rule, a rule with too many is refused."""
    whole, by_rule, refused = list[list[Finding]](), list[list[Finding]](), list[str]()
    files = 0
    for path, in_file in _grouped(findings, by="path"):
        if len(in_file) > MAX_CHUNK_FINDINGS:
            more, no = _by_rule(path, in_file)
            by_rule += more
            refused += no
            continue
        if not whole or files >= MAX_CHUNK_FILES or len(whole[-1]) + len(in_file) > MAX_CHUNK_FINDINGS:
            whole.append([])
            files = 0
        whole[-1] += in_file
        files += 1
    return whole + by_rule, refused


def _by_rule(path: str, findings: Sequence[Finding]) -> tuple[list[list[Finding]], list[str]]:
    parts, refused = list[list[Finding]](), list[str]()
    for rule, of_rule in _grouped(findings, by="rule"):
        if len(of_rule) > MAX_CHUNK_FINDINGS:
            refused.append(f"{len(of_rule)} findings of {rule} in {path}: a chunk holds at most {MAX_CHUNK_FINDINGS}")
        elif parts and len(parts[-1]) + len(of_rule) <= MAX_CHUNK_FINDINGS:
            parts[-1] += of_rule
        else:
            parts.append(list(of_rule))
    return parts, refused


def _grouped(findings: Iterable[Finding], *, by: str) -> list[tuple[str, list[Finding]]]:
    groups: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        groups[getattr(finding, by)].append(finding)
    return sorted(groups.items())


def _names(theme: Theme, source: str, count: int) -> list[str]:
    stem = theme.value if source == "ruff" else f"{theme.value}-{_slug(source)}"
    return [stem] if count == 1 else [f"{stem}-{number}" for number in range(1, count + 1)]


def _slug(source: str) -> str:
    return "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in source.lower())[:20].strip(
        "-"
    )


def _chunk(findings: list[Finding], name: str, theme: Theme, source: str, where: str) -> Cut:
    paths = sorted({finding.path for finding in findings})
    title = f"{_DEED[theme]} {paths[0] if len(paths) == 1 else f'{len(paths)} files of {where}'}"
    chunk = Chunk(
        id=name, title=title[:120], source=source, rules=tuple(sorted({finding.rule for finding in findings})),
        paths=tuple(paths), findings=len(findings), text=_text(findings, theme),
    )  # fmt: skip
    return Cut(chunk, tuple(findings))


def _text(findings: Sequence[Finding], theme: Theme) -> str:
    """Say why, then what: one line a rule with its first message."""
    counts = Counter(finding.rule for finding in findings)
    first = {finding.rule: finding.message for finding in reversed(findings)}
    lines = [
        f"- {rule}, {count} time{'s' * (count > 1)}: {first[rule]}".rstrip() for rule, count in counts.most_common()
    ]
    return "\n".join([_WHY[theme], "", *lines])
