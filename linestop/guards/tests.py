"""tests: a test that is there stays as it is. A new one may be added: it can only check more."""

from collections.abc import Iterator

from linestop.guards.sight import Sight, violation
from linestop.verdicts import Violation

_TODO = "put it back as it was; if the test is wrong, petition: say so and why, a person decides"


def tests(sight: Sight) -> Iterator[Violation]:
    """Object to every test file that is edited, deleted, moved away, or changes its mode."""
    for change in sight.changes:
        if change.added or not sight.is_test(change.path):
            continue
        how = "deletes or moves" if change.deleted else "changes"
        yield violation("tests", change.path, f"{how} an existing test; {_TODO}")
