"""git-attributes: files that change what git itself does to others: filters, drivers, hidden diffs, submodule URLs.

`.gitignore` is none of them: it only keeps files out of the diff, and whether it is in scope is the scope rule's.
"""

from collections.abc import Iterator

from linestop.guards.sight import Sight, named, violation
from linestop.verdicts import Violation

FILES = (".gitattributes", ".gitmodules", ".lfsconfig", ".gitconfig", ".mailmap")


def git_attributes(sight: Sight) -> Iterator[Violation]:
    """Object to any change of a file that git takes instructions from."""
    for change in sight.changes:
        if named(change.path, FILES):
            yield violation("git-attributes", change.path, "instructs git; take the change back, a person does it")
