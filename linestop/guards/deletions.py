"""deletions: a finding is mended, not thrown away with the file that it is in."""

import ast
from collections.abc import Iterator

from linestop.changes import Change
from linestop.guards.sight import Sight, violation
from linestop.verdicts import Violation

_TODO = "mend what is in it; if it should go, petition: say so and why, a person decides"


def deletions(sight: Sight) -> Iterator[Violation]:
    """Object where a file that the plan names is deleted, moved away, or loses every definition that it had."""
    named = {path for chunk in sight.plan.chunks for path in chunk.paths}
    for change in sight.changes:
        if change.path not in named:
            continue
        if change.deleted:
            yield violation("deletions", change.path, f"is deleted or moved away; {_TODO}")
        elif change.path.endswith((".py", ".pyi")) and _hollowed(change):
            yield violation("deletions", change.path, f"defines nothing any more; {_TODO}")


def _hollowed(change: Change) -> bool:
    return bool(change.before) and _defines(change.before or b"") and not _defines(change.after or b"")


def _defines(source: bytes) -> bool:
    """Return whether a module defines a name at its top level; what can't be parsed is taken to."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return True
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign)
    return any(isinstance(node, kinds) for node in tree.body)
