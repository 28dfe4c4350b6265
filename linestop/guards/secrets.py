"""secrets: no key, token or password enters the history. Only added lines are looked at, and none is ever quoted.

Well-known shapes (linestop/events/token_shapes.py), and assignments of long random values to names that say secret;
conservative, since a guard that cries wolf gets switched off.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator

from linestop.changes import Change
from linestop.events.token_shapes import SHAPES
from linestop.guards.sight import Sight, lines, violation
from linestop.verdicts import Violation

_ASSIGNED = re.compile(
    r"(?:secret|token|passw(?:or)?d|passphrase|api_?key|access_?key|private_?key|client_?secret|auth)[\w-]*[\"']?\]?"
    r"\s*(?::\s*\w+\s*)?[:=]\s*[rbu]?[\"'](?P<value>[A-Za-z0-9+/=_.~-]{20,})[\"']",
    re.IGNORECASE,
)
_MIN_ENTROPY_BITS = 3.8  # a character: random base64 of 20+ has above 3.9, words and dotted names below 3.7
_HARMLESS = re.compile(
    r"example|placeholder|changeme|change-me|your[-_]|dummy|x{6,}|0{8,}|1234567|abcdef", re.IGNORECASE
)
_MAX_LINE = 20_000  # characters; a pattern over a minified file of one line is not worth its time


def secrets(sight: Sight) -> Iterator[Violation]:
    """Object to each kind of secret in the lines that a file gains."""
    for change in sight.written():
        for what, place in _found(change):
            yield violation(
                "secrets", change.path, f"line {place} looks like {what}; take it out, it must not be committed"
            )


def _found(change: Change) -> Iterator[tuple[str, int]]:
    before = Counter(lines(change.before))
    named = set[str]()
    for place, line in enumerate(lines(change.after), start=1):
        if before[line] > 0:
            before[line] -= 1
            continue
        for what in _kinds(line[:_MAX_LINE]):
            if what not in named:
                named.add(what)
                yield what, place


def _kinds(line: str) -> Iterator[str]:
    for what, shape in SHAPES:
        match = shape.search(line)
        if match and not _HARMLESS.search(match.group()):
            yield what
            return
    for match in _ASSIGNED.finditer(line):
        value = match["value"]
        if _is_random(value) and not _HARMLESS.search(value):
            yield "a secret that is assigned"
            return


def _is_random(value: str) -> bool:
    """Return whether a value mixes letters and digits and has the entropy of a generated one."""
    mixed = any(char.isdigit() for char in value) and any(char.isalpha() for char in value)
    counts = Counter(value).values()
    entropy = -sum(count / len(value) * math.log2(count / len(value)) for count in counts)
    return mixed and entropy >= _MIN_ENTROPY_BITS
