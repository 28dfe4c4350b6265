"""Reads a brief back, strictly: headings outside of fences, fences by their exact closing line.

What linestop/scenarios recognises a dispatch by, and what the tests of hostile content hold a brief against.
"""

import re
from dataclasses import dataclass

_FENCE = re.compile(r"~{4,}")
_WHO = re.compile(
    r"^Plan `([a-z0-9][a-z0-9-]*)`, chunk `([a-z0-9][a-z0-9-]*)`, attempt (\d{1,6}), role ([^\n]*)\.$", re.MULTILINE
)


@dataclass(frozen=True)
class Piece:
    """A stretch of a brief: a line that linestop wrote (`fenced` False), or all that stands in one fence."""

    text: str
    fenced: bool = False


@dataclass(frozen=True)
class Section:
    """A block as it reads: its heading, empty for what stands before the first, and its pieces."""

    heading: str
    pieces: tuple[Piece, ...]

    @property
    def quoted(self) -> tuple[str, ...]:
        """The texts in fences."""
        return tuple(piece.text for piece in self.pieces if piece.fenced)

    @property
    def said(self) -> tuple[str, ...]:
        """The lines outside of fences."""
        return tuple(piece.text for piece in self.pieces if not piece.fenced and piece.text)


def pieces(text: str) -> list[Piece]:
    """Return the pieces of a text; a fence that is never closed holds the rest."""
    found: list[Piece] = []
    inside, fence = list[str](), ""
    for line in text.split("\n"):
        if fence and line == fence:
            found.append(Piece("\n".join(inside), fenced=True))
            inside, fence = [], ""
        elif fence:
            inside.append(line)
        elif _FENCE.fullmatch(line):
            fence = line
        else:
            found.append(Piece(line))
    return [*found, Piece("\n".join(inside), fenced=True)] if fence else found


def sections(text: str) -> list[Section]:
    """Return the sections of a brief, in order."""
    found: list[tuple[str, list[Piece]]] = [("", [])]
    for piece in pieces(text):
        if not piece.fenced and piece.text.startswith("## "):
            found.append((piece.text.removeprefix("## "), []))
        else:
            found[-1][1].append(piece)
    return [Section(heading, tuple(inside)) for heading, inside in found]


def brief_in(text: str) -> str:
    """Return a brief that stands somewhere in a text, from its first line on; empty where there is none."""
    found = _WHO.search(text)
    return text[found.start() :] if found else ""
