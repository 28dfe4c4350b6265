"""scope: a diff touches nothing outside the globs of its plan."""

from collections.abc import Iterator

from linestop.audit.globs import matches_any
from linestop.guards.sight import Sight, violation
from linestop.text import plain
from linestop.verdicts import Violation

_NAMED = 5


def scope(sight: Sight) -> Iterator[Violation]:
    """Object to each path out of scope; from `max_out_of_scope` on to the plan itself (SPEC.md section 7)."""
    outside = [change.path for change in sight.changes if not matches_any(change.path, sight.plan.scope)]
    if len(outside) < sight.max_out_of_scope:
        for path in outside:
            yield violation("scope", path, "is outside the plan's scope; take the change back")
        return
    names = ", ".join(plain(path, limit=80) for path in outside[:_NAMED])
    yield Violation(
        rule="scope",
        path=plain(outside[0]),
        message=f"{len(outside)} files are outside the plan's scope ({names}, …): the work is rolled back and the plan"
        f" needs a review; either its scope is wrong or the work is",
    )
