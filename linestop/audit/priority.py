"""What a finding is about and how much it matters: priority = impact x severity / effort."""

from linestop.audit.rules import Theme, rule_for
from linestop.audit.sarif_writing import vulture_impact
from linestop.findings import Finding, Severity

_IMPACT = {Severity.NOTE: 1, Severity.WARNING: 2, Severity.ERROR: 3}


def theme_of(finding: Finding) -> Theme:
    """Return the theme: ruff's from the table, another source's from what it says, else bugs."""
    if finding.source == "ruff":
        return rule_for(finding.rule).theme
    try:
        return Theme(finding.theme)
    except ValueError:
        return Theme.BUGS


def impact(finding: Finding) -> int:
    """Return 1 to 3; a source that has no table of impacts is taken at its severity."""
    if finding.source == "ruff":
        return rule_for(finding.rule).impact
    if finding.source == "vulture":
        return vulture_impact(finding.rule)
    return _IMPACT[finding.severity]


def effort(finding: Finding) -> int:
    """Return 1 to 3; what no table knows is taken for middling."""
    if finding.source == "ruff":
        return rule_for(finding.rule).effort
    return 1 if finding.source == "vulture" else 2


def priority(finding: Finding) -> float:
    """Return impact x severity weight / effort: 27 for a bad bug that a tool mends, 0.3 for a note."""
    return impact(finding) * finding.severity.weight / effort(finding)
