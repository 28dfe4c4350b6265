"""The rules ruff is asked for: real problems only, each with its theme, impact, effort and how it may be mended.

`fix` is "safe" where ruff's own safe fixes may be applied, "proven" where ruff calls its fix unsafe and we argue below
that it keeps behaviour (the checks verify it again), None where a person or a model must think. A rule that is not in
the table was left out on purpose: style (E501, D, Q, RSE, RET, SIM1xx), taste (PLR0913, B904, PLW2901) or too many
false alarms (S105, S310, B008, B905, ERA001, RUF012, PLE0605), measured on 14 well-kept packages.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Fix = Literal["safe", "proven"]


class Theme(StrEnum):
    """What a finding is about; a chunk has one theme."""

    BUGS = "bugs"
    SECURITY = "security"
    PERFORMANCE = "performance"
    DEAD_CODE = "dead-code"
    MODERNISATION = "modernisation"


@dataclass(frozen=True)
class Rule:
    """One ruff rule. `impact` and `effort` run from 1 (small) to 3 (large)."""

    code: str
    theme: Theme
    impact: int
    effort: int
    fix: Fix | None


SYNTAX = "invalid-syntax"  # ruff's code for a file that does not parse: every other rule is blind there
UNSUPPORTED = "unsupported-syntax"  # ours for what ruff reports alike: syntax newer than the oldest declared Python
UNSELECTABLE = frozenset((SYNTAX, UNSUPPORTED))  # ruff reports them always and knows no such rules

_BUGS_3 = (
    "F402 F404 F406 F407 F501 F502 F503 F505 F506 F507 F508 F509 F521 F524 F525 F621 F622 F631 F633 F634 F701 "
    "F702 F704 F706 F707 F821 F823 PLE0100 PLE0101 PLE0115 PLE0116 PLE0117 PLE0118 PLE0237 PLE0302 PLE0303 "
    "PLE0304 PLE0305 PLE0307 PLE0308 PLE0309 PLE0604 PLE0643 PLE0704 PLE1132 PLE1142 PLE1205 PLE1206 "
    "PLE1300 PLE1307 PLE1310 PLE1507 PLE1700 B002 B003 B005 B012 B016 B020 B023 B025 B029 B030 B031 B035 B039 "
    "PLW0129 PLW0177 PLW0711 RUF008 RUF016 G101"
)
_BUGS_2 = (
    "E721 E722 F601 F602 F811 F822 B004 B006 B015 B018 B021 B022 B032 B034 C415 PIE794 PIE796 PLR0124 PLR0133 "
    "PLR0206 PLR1708 PLR1722 PLW0127 PLW0128 PLW0131 PLW0133 PLW0211 PLW0245 PLW0406 PLW0602 PLW0604 PLW1501 "
    "PLW1507 PLW1508 PLW1509 PLW2101 RUF006 RUF009 RUF018 RUF024 RUF026 RUF030 RUF032 RUF033 RUF034 RUF040 "
    "RUF048 RUF049 RUF060 RUF071 SIM115 SIM220 SIM221 SIM222 SIM223 LOG001 LOG002 LOG007 LOG014 YTT101 YTT102 "
    "YTT103 YTT203 YTT301 YTT302 YTT303 INT001 INT002 INT003 ASYNC100 ASYNC105"
)
_BUGS_FIXED_3 = "F632"  # `is` with a literal: a SyntaxWarning today, wrong by implementation detail
_BUGS_FIXED_2 = "F504 F522 F523 W605 B013 B014 B033 E713 E714 PLE0241 PLE2510 PLE2512 PLE2513 PLE2514 PLE2515 RUF068"
_BUGS_FIXED_1 = "F541"
_BUGS_1 = "E711 DTZ003 DTZ004"
_SECURITY_3 = "S102 S202 S301 S302 S306 S307 S501 S502 S503 S506 S507 S602 S605 S608 S609 S612 S701 S702 PLE2502"
_SECURITY_2 = "S103 S113 S201 S304 S305 S312 S321 S323 S324 S504 S505 S508 S509 S601 S604 S610 S611 S704"
_SECURITY_1 = "S104 S108"
_PERFORMANCE_2 = "B019 RUF017 ASYNC210 ASYNC212 ASYNC221 ASYNC222 ASYNC251"
_PERFORMANCE_1 = "PERF102 PERF401 PERF402 PERF403 C414 C419 FURB192"
_PERFORMANCE_FIXED = (
    "FURB110 PLC1802 PERF101 C409 C410 C411 C413 C420 FURB122 FURB129 FURB161 PLR1733 PLR1736 PLC0207 PLC0208 "
    "RUF019 SIM118 ASYNC115"
)
_DEAD_CODE_FIXED_2 = "F401"
_DEAD_CODE_FIXED_1 = "PIE790"
_DEAD_CODE_1 = "F842"
_MODERN_FIXED = (
    "UP003 UP004 UP005 UP006 UP007 UP008 UP009 UP010 UP011 UP012 UP015 UP017 UP018 UP019 UP020 UP021 UP023 "
    "UP024 UP025 UP026 UP029 UP032 UP033 UP035 UP037 UP039 UP041 UP044 UP045 UP050 FURB188 LOG009 G010"
)
_MODERN = "UP036"

# Unsafe by ruff's word, kept in behaviour by our argument:
_PROVEN = {
    # Only the name goes: a right-hand side that may have an effect stays as a statement. Seen from outside only through
    # locals() and a debugger.
    "F841": (Theme.DEAD_CODE, 2),
    # list(x for …), set(x for …), set([x for …]), dict([(k, v) for …]) and set([1, 2]) become the comprehension or
    # literal that builds the same object from the same iteration. Unsafe for ruff: a comment inside could be lost.
    "C400": (Theme.PERFORMANCE, 1),
    "C401": (Theme.PERFORMANCE, 1),
    "C403": (Theme.PERFORMANCE, 1),
    "C404": (Theme.PERFORMANCE, 1),
    "C405": (Theme.PERFORMANCE, 1),
}


def _table() -> Mapping[str, Rule]:
    groups: tuple[tuple[str, Theme, int, int, Fix | None], ...] = (
        (_BUGS_3, Theme.BUGS, 3, 2, None),
        (_BUGS_2, Theme.BUGS, 2, 2, None),
        (_BUGS_1, Theme.BUGS, 1, 1, None),
        (_BUGS_FIXED_3, Theme.BUGS, 3, 1, "safe"),
        (_BUGS_FIXED_2, Theme.BUGS, 2, 1, "safe"),
        (_BUGS_FIXED_1, Theme.BUGS, 1, 1, "safe"),
        (_SECURITY_3, Theme.SECURITY, 3, 3, None),
        (_SECURITY_2, Theme.SECURITY, 2, 2, None),
        (_SECURITY_1, Theme.SECURITY, 1, 2, None),
        (_PERFORMANCE_2, Theme.PERFORMANCE, 2, 2, None),
        (_PERFORMANCE_1, Theme.PERFORMANCE, 1, 1, None),
        (_PERFORMANCE_FIXED, Theme.PERFORMANCE, 1, 1, "safe"),
        (_DEAD_CODE_FIXED_2, Theme.DEAD_CODE, 2, 1, "safe"),
        (_DEAD_CODE_FIXED_1, Theme.DEAD_CODE, 1, 1, "safe"),
        (_DEAD_CODE_1, Theme.DEAD_CODE, 1, 1, None),
        (_MODERN_FIXED, Theme.MODERNISATION, 1, 1, "safe"),
        (_MODERN, Theme.MODERNISATION, 1, 2, None),
        (SYNTAX, Theme.BUGS, 3, 2, None),
        (UNSUPPORTED, Theme.BUGS, 2, 2, None),
    )
    rules = {
        code: Rule(code, theme, impact, effort, fix)
        for codes, theme, impact, effort, fix in groups
        for code in codes.split()
    }
    rules |= {code: Rule(code, theme, impact, 1, "proven") for code, (theme, impact) in _PROVEN.items()}
    return rules


RULES: Mapping[str, Rule] = _table()

_THEME_BY_PREFIX = {
    "S": Theme.SECURITY,
    "PERF": Theme.PERFORMANCE,
    "ERA": Theme.DEAD_CODE,
    "UP": Theme.MODERNISATION,
    "FURB": Theme.MODERNISATION,
    "C": Theme.PERFORMANCE,
}


def rule_for(code: str) -> Rule:
    """Return the table's rule; for one that only the policy asks for, small impact and ruff's safe fixes."""
    if code in RULES:
        return RULES[code]
    prefix = re.match(r"[A-Z]*", code)
    return Rule(code, _THEME_BY_PREFIX.get(prefix.group() if prefix else "", Theme.BUGS), 1, 1, "safe")


def allow_list() -> tuple[str, ...]:
    """Return the codes ruff is asked for by default, sorted."""
    return tuple(sorted(RULES.keys() - UNSELECTABLE))
