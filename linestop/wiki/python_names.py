"""Which Python files are modules, and what they are called when somebody imports them.

Covers flat and src layouts, several projects in one repository, and namespace packages (folders without `__init__.py`
below `src/`, or which some file of the repository imports). Everything else is a script, described at file level.
"""

import posixpath
import re
from collections.abc import Mapping

from linestop.wiki.python_facts import ModuleFacts

_ROOTS = ("src", "lib", "python")
_TOOLING = frozenset(("setup.py", "noxfile.py", "conftest.py", "tasks.py", "fabfile.py", "manage.py", "dodo.py"))
_TEST_FOLDERS = frozenset(("tests", "test", "testing_suite"))
_NO_PACKAGES = frozenset(("docs", "doc", "examples", "example", "benchmarks", "bench", "scripts", "tools"))


def is_test(path: str) -> bool:
    """Return whether a file is a test or serves only tests, by where it lies and how it is called."""
    folders, name = path.split("/")[:-1], path.rpartition("/")[2]
    if _TEST_FOLDERS & set(folders) or name == "conftest.py":
        return True
    return bool(re.fullmatch(r"test_.*\.py|.*_test\.py|tests?\.py", name))


def module_names(facts: Mapping[str, ModuleFacts]) -> dict[str, str]:
    """Return path → importable name for each Python file that is a module; a name that is there twice gets `@root`."""
    paths = [path for path in facts if not is_test(path)]
    packages = {posixpath.dirname(path) for path in facts if path.endswith("__init__.py")}
    imported = {one.module.partition(".")[0] for path in facts for one in facts[path].imports if not one.level}
    named = {path: found for path in paths if (found := _name(path, packages, imported))}
    owners: dict[str, list[str]] = {}
    for path, (name, _) in named.items():
        owners.setdefault(name, []).append(path)
    return {
        path: name if len(owners[name]) == 1 or not root else f"{name}@{root}" for path, (name, root) in named.items()
    }


def _name(path: str, packages: set[str], imported: set[str]) -> tuple[str, str] | None:
    """Return (importable name, folder that must be on sys.path), or None for a script."""
    folder = posixpath.dirname(path)
    root = folder
    while root in packages and root:
        root = posixpath.dirname(root)
    found = _source_root(root, imported, in_package=folder in packages)
    if found is None or (folder not in packages and not _is_loose_module(path, folder, found)):
        return None
    parts = posixpath.relpath(path, found or ".").removesuffix(".py").split("/")
    if parts[-1] == "__init__":
        parts.pop()
    if not parts or not all(part.isidentifier() for part in parts):
        return None
    return ".".join(parts), found


def _source_root(root: str, imported: set[str], *, in_package: bool) -> str | None:
    """Return the folder that names start below: `src/` where the path runs through one, else as found."""
    parts = root.split("/") if root else []
    for index, part in enumerate(parts):
        if part in _ROOTS:
            return "/".join(parts[: index + 1])
        if part in imported and part not in _NO_PACKAGES and part.isidentifier():
            return "/".join(parts[:index])
    return root if in_package or not parts else None


def _is_loose_module(path: str, folder: str, root: str) -> bool:
    """Return whether a file outside every package is a module: below a source root, or at the repository's own."""
    return path not in _TOOLING if not folder else folder != root or folder.rpartition("/")[2] in _ROOTS


def is_public(name: str) -> bool:
    """Return whether no part of a module's name is private."""
    return not any(part.startswith("_") and not part.startswith("__") for part in name.partition("@")[0].split("."))
