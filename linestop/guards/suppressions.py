"""suppressions: a diff hides no problem: no `# noqa`, `# type: ignore`, `pytest.skip` more than were there.

What a suppression is in a file is hush.py; this rule compares before and after.
"""

from collections import Counter
from collections.abc import Iterator

from linestop.guards.hush import EVERYTHING, Hush, hushes
from linestop.guards.sight import Sight, violation
from linestop.verdicts import Violation

_TODO = "mend the problem instead, or say that you could not"


def suppressions(sight: Sight) -> Iterator[Violation]:
    """Object to each kind that grew in a file; a new file may hold those that left another one with their code."""
    counts = [(one, hushes(one.path, one.before), hushes(one.path, one.after)) for one in sight.changes]
    total = Counter[Hush]()
    for _, before, after in counts:
        total.update(after)
        total.subtract(before)
    for change, before, after in counts:
        gained = after - before
        many = gained.total()
        grown = (hush for hush in gained if not change.added or total[hush] > 0)
        for kind in sorted({hush.kind for hush in grown if not _narrowed(hush, many, before, after)}):
            yield violation("suppressions", change.path, f"adds `{kind}`; {_TODO}")


def _narrowed(hush: Hush, gained: int, before: Counter[Hush], after: Counter[Hush]) -> bool:
    """Return whether `# type: ignore[x]` is new only because a bare `# type: ignore` says now what it ignores."""
    bare = Hush(hush.kind, EVERYTHING)
    return hush != bare and gained <= before[bare] - after[bare]
