"""The finish line in words: how briefs, the goal-checker and the pages call each of its items."""

from linestop.plans import FindingsGone, GoalItem


def describe(item: GoalItem) -> str:
    """Return a finish line item as one line of text."""
    if isinstance(item, FindingsGone):
        allowed = f"at most {item.at_most}" if item.at_most else "no"
        places = item.paths[0] if len(item.paths) == 1 else f"{len(item.paths)} files"
        noun = "findings" if item.at_most > 1 else "finding"
        return f"{item.source} reports {allowed} {noun} of {', '.join(item.rules)} in {places}"
    if item.kind == "command":
        return f"`{' '.join(item.argv)}` exits 0"
    return "the repository's own checks pass"
