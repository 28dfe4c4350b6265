"""startup-code: files that Python or a shell runs by itself, before and beside whatever was asked for."""

from collections.abc import Iterator

from linestop.guards.sight import Sight, named, violation
from linestop.verdicts import Violation

FILES = (
    "sitecustomize.py", "usercustomize.py", "sitecustomize/__init__.py", "*/sitecustomize/__init__.py",
    "usercustomize/__init__.py", "*/usercustomize/__init__.py", "*.pth", "*._pth", "pyvenv.cfg", "*.pyc", "*.pyo",
    ".envrc", ".pdbrc", ".pythonrc*", ".vscode/tasks.json", ".vscode/settings.json", ".idea/*", ".devcontainer/*",
)  # fmt: skip


def startup_code(sight: Sight) -> Iterator[Violation]:
    """Object to such a file where it is new or changed; removing one is no danger."""
    for change in sight.written():
        if named(change.path, FILES):
            yield violation("startup-code", change.path, "is run by itself, unasked; take it out")
