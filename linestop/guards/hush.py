"""Finds what hushes a check in a source file: comments to linters, type checkers and coverage, and skipped tests.

In Python only real comments count, so that a string that mentions `# noqa` is none; a skip is found in the syntax.
"""

import ast
import io
import re
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import NamedTuple

from linestop.guards.sight import lines

EVERYTHING = "*"  # a suppression that names no rule


class Hush(NamedTuple):
    """A kind of suppression, and one rule that it names, or `EVERYTHING`."""

    kind: str
    rule: str


_COMMENTS = {
    "noqa": r"#\s*(?:(?:flake8|ruff)\s*[:=]\s*)?noqa\b(?:\s*:\s*(?P<codes>[A-Z]+\d+(?:[\s,]+[A-Z]+\d+)*))?",
    "type: ignore": r"#\s*type\s*:\s*ignore\b(?:\s*\[(?P<codes>[^\]]*)\])?",
    "pyright:": r"#\s*pyright\s*:\s*(?:ignore\b(?:\s*\[(?P<codes>[^\]]*)\])?|\w+)",
    "mypy:": r"#\s*mypy\s*:\s*(?P<codes>.*)",
    "pragma: no cover": r"#\s*pragma[:\s]\s*no\s*(?:cover|branch)",
    "nosec": r"#\s*nosec\b(?:\s*:?\s*(?P<codes>B\d+(?:[\s,]+B\d+)*))?",
    "nosemgrep": r"#\s*nosem(?:grep)?\b",
    "pylint: disable": r"\bpylint\s*:\s*(?:disable(?:-\w+)*\s*=?\s*(?P<codes>[-\w, ]*)|skip-file)",
    "ruff:": r"#\s*ruff\s*:\s*(?:disable|ignore|file-ignore)\b\s*(?:\[(?P<codes>[^\]]*)\])?",
    "isort:": r"#\s*(?:ruff\s*:\s*)?isort\s*:\s*(?:skip|off|dont)",
    "fmt: off": r"#\s*(?:fmt|yapf|autopep8)\s*:\s*(?:off|skip|disable)",
    "pyre:": r"#\s*(?:pyre-(?:ignore|fixme|unsafe)|pytype\s*:\s*(?:disable|skip-file)|ty\s*:\s*ignore)",
    "NOSONAR": r"#\s*(?:nosonar|noinspection|lgtm\b|codeql\[|skipcq|nosast)",
}
_PATTERNS = {kind: re.compile(text, re.IGNORECASE) for kind, text in _COMMENTS.items()}
# Other languages, line by line: what their usual tools obey.
_OTHERS = re.compile(
    r"eslint-disable|@ts-(?:ignore|nocheck|expect-error)|istanbul ignore|c8 ignore|biome-ignore|//\s*nolint\b"
    r"|rubocop:disable|@SuppressWarnings|#\[allow\(|#!\[allow\(|\bNOLINT|phpcs:(?:ignore|disable)|shellcheck disable"
    r"|NOSONAR|noinspection|coverage:ignore|\b(?:it|test|describe)\.skip\b|\bx(?:it|describe)\s*\(|t\.Skip\("
    r"|#\[ignore\]|@(?:Disabled|Ignore)\b",
    re.IGNORECASE,
)
_PYTHON = frozenset({".py", ".pyi", ".pyw", ".pyx"})
_PROSE = frozenset({".md", ".rst", ".txt", ".adoc", ".html", ".csv", ".json", ".toml", ".po", ".svg", ""})
_SKIPS = frozenset({"skip", "skipif", "skipIf", "skipUnless", "xfail", "importorskip", "expectedFailure", "SkipTest"})
_HOMES = frozenset({"pytest", "unittest", "mark", "nose"})


def hushes(path: str, data: bytes | None) -> Counter[Hush]:
    """Return how often each suppression stands in a file; nothing for no file. Never raises."""
    suffix = PurePosixPath(path).suffix.casefold()
    if not data:
        return Counter()
    if suffix in _PYTHON or (not suffix and re.match(rb"#!.*python", data)):
        text = "\n".join(lines(data))
        return Counter([*(hush for comment in _comments(text) for hush in _hushed(comment)), *_skips(text)])
    if suffix in _PROSE:
        return Counter()
    return Counter(Hush(match.group().strip(), EVERYTHING) for line in lines(data) for match in _OTHERS.finditer(line))


def _hushed(comment: str) -> Iterator[Hush]:
    for kind, pattern in _PATTERNS.items():
        for match in pattern.finditer(comment):
            codes = match.groupdict().get("codes") or ""
            names = re.findall(r"[-\w]+", codes)
            yield from (Hush(kind, name.casefold()) for name in names or (EVERYTHING,))


def _comments(text: str) -> Iterator[str]:
    """Yield the comments of a Python file; of one that can't be read, each line from its first `#`."""
    try:
        found = [
            token.string
            for token in tokenize.generate_tokens(io.StringIO(text).readline)
            if token.type == tokenize.COMMENT
        ]
    except (tokenize.TokenError, SyntaxError, RecursionError):
        found = [line[line.index("#") :] for line in text.split("\n") if "#" in line]
    yield from found


def _skips(text: str) -> Iterator[Hush]:
    """Yield each way of not running a test that comes from pytest or unittest, by whatever name it was imported."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        yield from (
            Hush("pytest.skip", EVERYTHING) for _ in re.finditer(r"\b(?:pytest|mark|unittest)\.(?:skip|xfail)", text)
        )
        return
    homes, names = _imported(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in _SKIPS and _last(node.value) in homes:
            yield Hush(f"pytest.{node.attr}", EVERYTHING)
        elif isinstance(node, ast.Attribute) and node.attr == "skipTest":
            yield Hush("skipTest", EVERYTHING)
        elif isinstance(node, ast.Name) and node.id in names:
            yield Hush(f"pytest.{names[node.id]}", EVERYTHING)


def _imported(tree: ast.Module) -> tuple[set[str], dict[str, str]]:
    """Return the names that pytest and unittest go by in a file, and those of what is imported from them."""
    homes, names = set(_HOMES), dict[str, str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            homes |= {alias.asname for alias in node.names if alias.asname and alias.name in _HOMES}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in _HOMES:
            names |= {alias.asname or alias.name: alias.name for alias in node.names if alias.name in _SKIPS}
            homes |= {alias.asname for alias in node.names if alias.asname and alias.name in _HOMES}
    return homes, names


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
