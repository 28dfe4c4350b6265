"""Text of strangers made fit for one line: what a repository, an agent or a payload says before a person reads it.

Owns the terminal's and the log's safety only; markup of rich, markdown or HTML is escaped where it is written.
"""

import re
import unicodedata

MAX_CHARS = 200
_ELLIPSIS = "…"
# CSI, OSC (ended by BEL or ST, or torn), and the two-character escapes of ECMA-48; 8-bit forms as well.
_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f]).*?(?:\x07|\x1b\\|\x9c|$)"
    r"|\x1b[ -/]*[0-~]?",
    re.DOTALL,
)
_UNSEEN = frozenset({"Cc", "Cf", "Cn", "Co"})  # controls, formats (bidi, zero width), unassigned, private


def plain(text: str, limit: int = MAX_CHARS) -> str:
    r"""Return `text` as one line of at most `limit` characters, with no escape sequence, control or bidi character.

    White space is folded to single blanks; a byte that was no UTF-8 is shown as `\xNN`.
    """
    piece = text[: limit * 20 + 10_000]
    if not (piece.isascii() and piece.isprintable()):  # most lines are, and cost next to nothing
        piece = _visible(_ESCAPES.sub("", piece))
    folded = " ".join(piece.split())
    return folded if len(folded) <= limit else folded[: max(limit - 1, 0)] + _ELLIPSIS


def without_escapes(text: str) -> str:
    """Return a text without the escape sequences of terminals; its lines and all else stay."""
    return _ESCAPES.sub("", text)


def plain_lines(text: str, limit: int = 8_000) -> str:
    """Return the last `limit` characters of `text` with its lines kept, each as harmless as `plain` makes it."""
    return "\n".join(_visible(_ESCAPES.sub("", line)).rstrip() for line in text[-limit:].splitlines())


def _visible(text: str) -> str:
    return text if text.isascii() and text.isprintable() else "".join(map(_shown, text))


def _shown(char: str) -> str:
    if char in "\t\n\r\v\f\x85\u2028\u2029":
        return " "
    if "\ud800" <= char <= "\udfff":
        return f"\\x{ord(char) - 0xDC00:02x}" if "\udc80" <= char <= "\udcff" else "?"
    return "" if unicodedata.category(char) in _UNSEEN else char
