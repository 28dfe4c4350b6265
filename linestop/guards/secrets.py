"""secrets: no key, token or password enters the history. Only added lines are looked at, and none is ever quoted.

Well-known shapes, and assignments of long random values to names that say secret; conservative, since a guard that
cries wolf gets switched off.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator

from linestop.changes import Change
from linestop.guards.sight import Sight, lines, violation
from linestop.verdicts import Violation

_SHAPES = (
    ("a private key", re.compile(r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----")),
    ("an AWS access key", re.compile(r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b")),
    ("a GitHub token", re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{60,})")),
    ("a GitLab token", re.compile(r"\bgl(?:pat|ptt|dt|rt|cbt|ft|soat)-[A-Za-z0-9_-]{20,}")),
    ("a Slack token", re.compile(r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}|\bxapp-\d-[A-Za-z0-9-]{20,}")),
    ("a Slack webhook", re.compile(r"hooks\.slack\.com/services/T[A-Za-z0-9]+/B[A-Za-z0-9]+/[A-Za-z0-9]{20,}")),
    ("an Anthropic key", re.compile(r"\bsk-ant-[A-Za-z0-9_-]{20,}")),
    ("an OpenAI key", re.compile(r"\bsk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9_-]{0,60}[A-Za-z0-9]{32,}")),
    ("a Google key", re.compile(r"\bAIza[A-Za-z0-9_-]{35}\b")),
    ("a Stripe key", re.compile(r"\b[rs]k_live_[A-Za-z0-9]{20,}")),
    ("an npm token", re.compile(r"\bnpm_[A-Za-z0-9]{36}\b")),
    ("a PyPI token", re.compile(r"\bpypi-AgE[A-Za-z0-9_-]{50,}")),
    ("a Hugging Face token", re.compile(r"\bhf_[A-Za-z]{34}\b")),
    ("a SendGrid key", re.compile(r"\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}")),
    ("a Telegram token", re.compile(r"\b\d{8,10}:AA[A-Za-z0-9_-]{33}\b")),
    ("a JSON web token", re.compile(r"\beyJ[A-Za-z0-9_-]{15,}\.eyJ[A-Za-z0-9_-]{15,}\.[A-Za-z0-9_-]{20,}")),
    ("a password in a URL", re.compile(r"(?i)\b[a-z][a-z0-9+.-]*://[^\s/:@'\"{}<$%]+:[^\s/:@'\"{}<$%]{6,}@[^\s/'\"]+\.[a-z]")),
)  # fmt: skip
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
    for what, shape in _SHAPES:
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
