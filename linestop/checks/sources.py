"""Where a project's modules lie in its checkout, guessed from folders; an installed project knows better."""

from pathlib import PurePosixPath

from packaging.utils import canonicalize_name

from linestop.checks.project_files import ProjectFiles, words

_NO_PACKAGE = frozenset(
    {"tests", "test", "testing", "docs", "doc", "examples", "example", "scripts", "tools", "benchmarks"}
)


def source_root(project: ProjectFiles) -> str:
    """Return the POSIX folder that modules are imported from: what setuptools is told, else src, lib or the root."""
    where = words(project.table("tool", "setuptools", "packages", "find").get("where"))
    told = project.table("tool", "setuptools").get("package-dir")
    moved = told.get("") if isinstance(told, dict) else None
    candidates = [*where, *([moved] if isinstance(moved, str) else []), "src", "lib"]
    for root in candidates:
        if ".." not in PurePosixPath(root).parts and project.is_folder(root) and packages(project, root):
            return root
    return "."


def packages(project: ProjectFiles, root: str) -> tuple[str, ...]:
    """Return the top packages and modules in a folder, the one named as the project alone where there is one."""
    folder = project.root / root
    found = {path.parent.name for path in folder.glob("*/__init__.py") if path.parent.name not in _NO_PACKAGE}
    if root != ".":
        found |= {path.stem for path in folder.glob("*.py")}
    name = canonicalize_name(str(project.table("project").get("name") or ""))
    named = {one for one in found if canonicalize_name(one) == name}
    if not found and (folder / f"{name.replace('-', '_')}.py").is_file():
        return (name.replace("-", "_"),)
    return tuple(sorted(named or found))
