"""ruff's fixes, applied one by one where needed: which of them, in rounds, until nothing is left to apply.

Fixes are applied here and not by `ruff --fix`, since only so can single ones be left out. A file's text depends only on
the fixes allowed in that file, so each outcome is kept and never computed twice.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from linestop.blocks.chunk_files import SourceFile, write_file
from linestop.fixes.edits import Edit, Fix, Lines, apply_edits, choose, origin
from linestop.fixes.leftovers import UNUSED_IMPORT, without_name
from linestop.fixes.ruff_json import SYNTAX, Reported

MAX_ROUNDS = 100  # as ruff's own; fixes that undo each other never settle
SAFE, UNSAFE = "safe", "unsafe"


class FixKey(NamedTuple):
    """One fix, the same in every trial. `line` and `place`, an offset, say where it starts in the original file."""

    rule: str
    path: str
    line: int
    place: int

    def __str__(self) -> str:
        return f"{self.rule} {self.path}:{self.line}"


@dataclass(frozen=True)
class Mended:
    """A file's outcome.

    `followed`: the rules of findings that the fixes brought up and that were fixed as well; `refused`: fixes that leave
    no valid Python; `unfixed`: the chunk's findings without a fix; `problems`: why a checker would reject the file.
    """

    content: bytes
    applied: tuple[FixKey, ...] = ()
    followed: tuple[str, ...] = ()
    refused: tuple[FixKey, ...] = ()
    unfixed: tuple[FixKey, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass
class _Work:
    """One file on its way through the rounds."""

    file: SourceFile
    allowed: frozenset[FixKey] | None
    text: str
    history: list[tuple[Edit, ...]] = field(default_factory=list)
    applied: dict[FixKey, None] = field(default_factory=dict)
    followed: list[str] = field(default_factory=list)
    refused: set[FixKey] = field(default_factory=set)
    limit: int | None = None
    before: "_Step | None" = None


class _Step(NamedTuple):
    """The last round of a file, to take back where its result does not parse."""

    text: str
    keys: tuple[FixKey, ...]
    applied: dict[FixKey, None]
    followed: tuple[str, ...]


class RuffFixes:
    """The fixes of a chunk's rules in its files. A call leaves the files with exactly the fixes that it allows."""

    def __init__(
        self,
        root: Path,
        files: Sequence[SourceFile],
        *,
        rules: Collection[str],
        proven: Collection[str],
        report: Callable[[Sequence[str]], Mapping[str, list[Reported]]],
    ) -> None:
        self._root, self._report = root, report
        self._files = {file.path: file for file in files}
        self._rules, self._proven = frozenset(rules), frozenset(proven)
        self._lines = {file.path: Lines(file.text) for file in files}
        self._outcomes: dict[tuple[str, frozenset[FixKey] | None], Mended] = {}
        self.baseline = report(tuple(self._files)) if files else {}
        self._counts = {path: Counter(item.rule for item in found) for path, found in self.baseline.items()}
        self._stood = {
            path: {(item.rule, self._lines[path].offset(*item.at)) for item in found}
            for path, found in self.baseline.items()
        }

    def mend(self, allowed: frozenset[FixKey] | None) -> tuple[Mended, ...]:
        """Write the files with the allowed fixes of the chunk's rules (None: all of them) and what follows from them.

        Raises:
            ToolError: ruff broke; InfraError: the disk refused.
        """
        wanted = {path: self._narrowed(path, allowed) for path in self._files}
        missing = [path for path, keys in wanted.items() if (path, keys) not in self._outcomes]
        works = {path: _Work(self._files[path], wanted[path], self._files[path].text) for path in missing}
        self._rounds(works)
        mended = [self._outcomes[path, keys] for path, keys in wanted.items()]
        for path, outcome in zip(wanted, mended, strict=True):
            write_file(self._root, path, outcome.content)
        return tuple(mended)

    def restore(self) -> None:
        """Put the original bytes back."""
        for path, file in self._files.items():
            write_file(self._root, path, file.original)

    def _narrowed(self, path: str, allowed: frozenset[FixKey] | None) -> frozenset[FixKey] | None:
        return None if allowed is None else frozenset(key for key in allowed if key.path == path)

    def _rounds(self, works: dict[str, _Work]) -> None:
        found: Mapping[str, list[Reported]] = self.baseline
        for number in range(MAX_ROUNDS + 1):
            changed = [path for path in works if self._step(works, path, found[path], last=number == MAX_ROUNDS)]
            if not changed:
                return
            works = {path: works[path] for path in changed}
            found = self._report(changed)

    def _step(self, works: dict[str, _Work], path: str, found: list[Reported], *, last: bool) -> bool:
        """Apply what can be applied together; return False where the file is ready and its outcome kept."""
        work = works[path]
        if self._breaks(path, found) and work.before:
            self._take_back(work, work.before)
            return self._write(work)
        lines = Lines(work.text)
        grown = Counter(item.rule for item in found) - self._counts[path]
        offered = [fix for item in found if (fix := self._fix(work, item, lines))]
        wanted = {fix: key for fix in offered if self._allows(work, fix, key := self._key(work, fix), grown)}
        chosen, edits = choose(wanted, limit=work.limit)
        text = apply_edits(work.text, edits)
        if not chosen or last or work.file.encoded(text) is None:
            self._settle(work, found, unsettled=bool(chosen))
            return False
        keys = tuple(wanted[fix] for fix in chosen)
        work.before = _Step(work.text, keys, dict(work.applied), tuple(work.followed))
        work.limit = None if work.limit is None or work.limit > len(chosen) else work.limit * 2
        work.applied.update(dict.fromkeys(key for key in keys if key.rule in self._rules))
        work.followed += [key.rule for key in keys if key.rule not in self._rules]
        work.history.append(edits)
        work.text = text
        return self._write(work)

    def _breaks(self, path: str, found: list[Reported]) -> bool:
        return sum(item.rule == SYNTAX for item in found) > self._counts[path][SYNTAX]

    def _take_back(self, work: _Work, before: _Step) -> None:
        """Undo a round that left no Python; the next tries half of it, and a fix that does so alone is refused."""
        count = len(set(before.keys))
        if count == 1 or work.limit == 1:
            work.refused.update(before.keys)
        work.limit = max(1, count // 2)
        work.text, work.applied, work.followed = before.text, before.applied, list(before.followed)
        work.history.pop()
        work.before = None

    def _write(self, work: _Work) -> bool:
        content = work.file.encoded(work.text)
        if content is not None:
            write_file(self._root, work.file.path, content)
        return True

    def _fix(self, work: _Work, item: Reported, lines: Lines) -> Fix | None:
        good = item.applicability == SAFE or (item.applicability == UNSAFE and item.rule in self._proven)
        if good and item.edits:
            return item.fix(lines, newline=work.file.newline)
        at = lines.offset(*item.at)
        if item.rule == UNUSED_IMPORT and not item.edits and self._brought_up(work, item.rule, at):
            edit = without_name(work.text, at)
            return Fix(item.rule, at, (edit,)) if edit else None
        return None

    def _brought_up(self, work: _Work, rule: str, at: int) -> bool:
        return (rule, origin(at, work.history)) not in self._stood[work.file.path]

    def _key(self, work: _Work, fix: Fix) -> FixKey:
        path = work.file.path
        place = origin(fix.start, work.history)
        return FixKey(fix.rule, path, self._lines[path].row(place), place)

    def _allows(self, work: _Work, fix: Fix, key: FixKey, grown: Mapping[str, int]) -> bool:
        if key in work.refused:
            return False
        if fix.rule in self._rules:
            return work.allowed is None or key in work.allowed
        # Of other rules only what our own fixes brought up, for example an import that nothing needs any more.
        return fix.rule in grown and self._brought_up(work, fix.rule, fix.at)

    def _settle(self, work: _Work, found: list[Reported], *, unsettled: bool) -> None:
        """Keep the outcome; findings beyond those of the original file are problems, a checker would refuse them."""
        path = work.file.path
        more = Counter(item.rule for item in found) - self._counts[path]
        problems = [f"leaves {count} new finding(s) of {rule} in {path}" for rule, count in sorted(more.items())]
        if unsettled:
            problems.append(f"the fixes in {path} never settle, or leave text that its encoding can't hold")
        content = work.file.encoded(work.text)
        mended = Mended(
            content=work.file.original if content is None else content,
            applied=tuple(sorted(work.applied)),
            followed=tuple(work.followed),
            refused=tuple(sorted(work.refused)),
            unfixed=self._unfixed(work, found),
            problems=tuple(problems),
        )
        self._outcomes[path, work.allowed] = mended
        self._outcomes.setdefault((path, frozenset(work.applied)), mended)

    def _unfixed(self, work: _Work, found: list[Reported]) -> tuple[FixKey, ...]:
        lines, path = Lines(work.text), work.file.path
        left = [item for item in found if item.rule in self._rules and not self._fix(work, item, lines)]
        places = [(item.rule, origin(lines.offset(*item.at), work.history)) for item in left]
        return tuple(FixKey(rule, path, self._lines[path].row(place), place) for rule, place in places)
