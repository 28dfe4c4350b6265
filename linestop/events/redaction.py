"""Takes secrets out of texts before they are written: values of secret environment variables, and shapes of tokens.

Applied at writing (`EventLog.append`), never only at reading. The shapes are those of token_shapes.py, which the guard
of diffs uses too.
"""

import base64
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import quote, quote_plus, unquote

from linestop.events.token_shapes import HINTS

HIDDEN = "[redacted]"
MIN_CHARS = 8  # of a secret value; shorter ones would blank out ordinary words
_SECRET_NAME = re.compile(
    r"(?:^|_)(?:API_?)?(?:KEY|TOKEN|PAT)$|_(?:AUTH|PASS|PWD)$|SECRET|PASSW(?:OR)?D|PASSPHRASE|CREDENTIAL", re.IGNORECASE
)
_LOGIN = re.compile(r"://[^\s/:@]*:(?P<word>[^\s/@]+)@")
_HARMLESS_VALUE = re.compile(r"^(?:/|https?://[^@]*$|true$|false$|none$|null$|disabled$)", re.IGNORECASE)
_SHORTEST_TOKEN = 15  # characters, its surroundings included
_MAX_DEPTH = 32  # levels of nested arguments that are kept
_MAX_NAME = 400  # characters of a field's name
_OVERLAP = 4_000  # characters beyond a cut that are looked at: a token may lie across it
_told: set[str] = set()  # values that a part of linestop read as secrets, whatever their variables are called


@dataclass(slots=True)
class Room:
    """How much of a value is kept: characters of its texts, and parts."""

    chars: int = 64_000
    nodes: int = 20_000

    @property
    def left(self) -> bool:
        """Whether anything more is kept."""
        return self.chars > 0 and self.nodes > 0


class Redactor:
    """Hides a fixed set of values and all known shapes of tokens. Fast where there is nothing to hide."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        forms = {form for value in values if len(value) >= MIN_CHARS for form in _forms(value)}
        longest = sorted(forms, key=len, reverse=True)
        self._values = re.compile("|".join(map(re.escape, longest))) if longest else None
        self._anchors = tuple(forms)

    def text(self, text: str) -> str:
        """Return a text with every secret replaced by HIDDEN; a lone surrogate becomes a question mark."""
        if not text.isascii():
            text = text.encode("utf-8", "replace").decode("utf-8")
        if self._values and any(anchor in text for anchor in self._anchors):
            text = self._values.sub(HIDDEN, text)
        if len(text) < _SHORTEST_TOKEN:
            return text
        for hint, shapes in HINTS:
            if hint in text if isinstance(hint, str) else hint.search(text):
                for shape in shapes:
                    text = shape.sub(_hidden, text)
        return text

    def value(self, value: Any, room: Room | None = None) -> Any:
        """Return a JSON value with every text in it redacted, names of fields included; cut where it is too large."""
        return self._value(value, room or Room(), 0)

    def start(self, text: str, chars: int) -> str:
        """Return the redacted beginning of a text, at most `chars` long; a token at the cut is hidden all the same."""
        return self.text(text[: chars + _OVERLAP])[:chars]

    def _value(self, value: Any, room: Room, depth: int) -> Any:
        room.nodes -= 1
        if isinstance(value, str):
            kept = self.start(value, max(room.chars, 0))
            room.chars -= len(value)
            return kept
        if isinstance(value, bytes | bytearray):
            return self._value(value.decode("utf-8", "replace"), room, depth)
        if value is None or isinstance(value, int | float) or not isinstance(value, Mapping | list | tuple):
            return value
        if depth >= _MAX_DEPTH:
            return "…"
        if isinstance(value, Mapping):
            return {
                self.start(str(name), _MAX_NAME): self._value(one, room, depth + 1)
                for name, one in value.items()
                if room.left
            }
        return [self._value(one, room, depth + 1) for one in value if room.left]


def _hidden(match: re.Match[str]) -> str:
    """Return what stands in place of a token: its `keep` part, such as a URL's user, stays."""
    return f"{match.groupdict().get('keep') or ''}{HIDDEN}{match.groupdict().get('rest') or ''}"


def _forms(value: str) -> set[str]:
    """Return a value as it is, and as JSON (also JSON in JSON), Python, a URL and base64 write it."""
    inner = [json.dumps(value, ensure_ascii=ascii_)[1:-1] for ascii_ in (True, False)]
    quoted = [repr(value)[1:-1], quote(value, safe=""), quote(value), quote_plus(value)]
    return {value, *inner, *(json.dumps(one)[1:-1] for one in inner), *quoted, *_encoded(value.encode())}


def _encoded(value: bytes) -> set[str]:
    """Return what stands in base64 of any text that holds a value: it depends on where among three bytes it begins."""
    forms = set[str]()
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + value).decode().rstrip("=")
        inside = whole[(before * 8 + 5) // 6 : (before + len(value)) * 8 // 6]  # its neighbours have no bit in these
        if len(inside) >= MIN_CHARS:
            forms |= {inside, inside.replace("+", "-").replace("/", "_")}
    return forms


def secret_values(environment: Mapping[str, str]) -> frozenset[str]:
    """Return what is secret of an environment: values of variables whose names say so, passwords in URLs."""
    values = {name: value.strip() for name, value in environment.items()}
    named = {value for name, value in values.items() if _SECRET_NAME.search(name) and not _HARMLESS_VALUE.match(value)}
    words = {match["word"] for value in values.values() for match in _LOGIN.finditer(value)}
    return frozenset(one for one in named | words | set(map(unquote, words)) if len(one) >= MIN_CHARS)


def hide_from_now_on(*values: str) -> None:
    """Have these values redacted by every log of this process: a key whose variable's name doesn't say secret."""
    _told.update(value for value in values if len(value) >= MIN_CHARS)


def told() -> int:
    """Return how many values were told; a redactor that was made before the last of them is out of date."""
    return len(_told)


def redactor() -> Redactor:
    """Return the redactor of this process: its environment's secrets, and what it was told."""
    return _redactor(secret_values(os.environ) | _told)


@lru_cache(maxsize=8)
def _redactor(values: frozenset[str]) -> Redactor:
    return Redactor(values)


def redacted(text: str) -> str:
    """Return a text without this process's secrets: for briefs, diffs, whatever else is written beside the events."""
    return redactor().text(text)
