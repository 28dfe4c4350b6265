"""What any file says about itself, whatever its language: size, lines, its first comment or heading."""

import posixpath
import re

from linestop.wiki.python_facts import ModuleFacts
from linestop.wiki.source import SourceFile

_LINE_COMMENTS = {
    "//": "c cc cpp cs cxx dart go h hpp java js jsx kt mjs php proto rs scala swift ts tsx zig",
    "#": "bash cfg cmake conf dockerfile ex fish gitignore ini jl makefile mk nix pl ps1 r rb sh tcl toml txt yaml yml",
    "--": "hs lua sql elm ada",
    ";": "asm clj el ini lisp",
    "%": "erl tex",
}
_STARTS = {
    ending: mark for mark, endings in _LINE_COMMENTS.items() for ending in endings.split()
}  # ".ini" has both; the last one wins, and "#" is tried for every file anyway
_PREPROCESSED = frozenset(["c", "cc", "cpp", "cs", "cxx", "h", "hpp"])  # there `#` begins an order to the compiler
_LEGAL = re.compile(r"copyright|licen[sc]e|spdx|all rights reserved|-\*-|vim?:|eslint|prettier", re.IGNORECASE)
_BLOCK = re.compile(r"/\*+!?(.*?)\*/|<!--(.*?)-->|\{-(.*?)-\}", re.DOTALL)
_LOOKED_AT = 4000  # characters; a comment further down is not the file's introduction


def introduction(file: SourceFile, python: ModuleFacts | None = None) -> str:
    """Return what a file says it is, raw text of at most a paragraph; empty where it says nothing."""
    if file.content is None or file.binary:
        return ""
    if python is not None:
        return python.doc
    text = file.text[:_LOOKED_AT]
    ending = _ending(file.path)
    if ending in _PREPROCESSED:
        text = re.sub(r"(?m)^[ \t]*#.*$", "code", text)
    if ending in ("md", "markdown", "rst"):
        return _heading(text)
    return _block_comment(text) or _line_comment(text, _STARTS.get(ending, "#"))


def _ending(path: str) -> str:
    name = posixpath.basename(path).lower()
    return name.rpartition(".")[2]


def _heading(text: str) -> str:
    """Return the first heading; a document without one says its first line."""
    lines = [line.strip() for line in text.splitlines()]
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if match := re.match(r"#{1,6}\s+(.+?)\s*#*$", line):
            return match[1]
        if line and re.fullmatch(r"([=\-~^*#])\1{2,}", following):
            return line
    return next((line for line in lines if re.match(r"[A-Za-z]", line)), "")


def _block_comment(text: str) -> str:
    for match in _BLOCK.finditer(text):
        if text[: match.start()].count("\n") > 3:  # noqa: PLR2004  # further down it is about something else
            return ""
        inner = next(group for group in match.groups() if group is not None)
        body = "\n".join(line.strip().lstrip("*").strip() for line in inner.splitlines()).strip()
        if body and not _LEGAL.search(body):
            return body
    return ""


def _line_comment(text: str, mark: str) -> str:
    """Return the first run of comment lines before any code; legal and editor lines are skipped."""
    kept: list[str] = []
    for line in text.splitlines():
        bare = line.strip()
        if bare.startswith("#!") or (not bare and not kept):
            continue
        if not bare.startswith((mark, "#")):
            break
        words = bare.lstrip(mark[0] + "#!/").strip()
        if not words and kept:
            break
        if re.search(r"\w", words) and not _LEGAL.search(words):
            kept.append(words)
    return " ".join(kept)


def size(file: SourceFile) -> str:
    """Return the size for a reader: lines of text, bytes of anything else."""
    if file.kind != "file":
        return file.kind
    if file.content is None:
        return "large, not read"
    return f"{len(file.content):,} bytes" if file.binary else f"{file.lines:,} line{'s' * (file.lines != 1)}"
