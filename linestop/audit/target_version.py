"""The oldest Python a repository supports: going beyond it would break its users. Read as text, never executed."""

import re
import tomllib
from pathlib import Path

from linestop.audit.source_files import read_text_safely

OLDEST, NEWEST = 7, 14  # minor versions of Python 3 that ruff knows
UNDECLARED = "py310"  # ruff's own default: every older Python has reached its end of life


def target_version(root: Path) -> str:
    """Return ruff's name (`py39`) of the lowest Python that pyproject.toml, setup.cfg or setup.py declare."""
    declared = _from_pyproject(root) or _from_text(root, "setup.cfg") or _from_text(root, "setup.py")
    lowest = _lowest(declared) if declared else None
    return UNDECLARED if lowest is None else f"py3{min(max(lowest, OLDEST), NEWEST)}"


def _from_pyproject(root: Path) -> str:
    try:
        document = tomllib.loads(read_text_safely(root, "pyproject.toml"))
    except (tomllib.TOMLDecodeError, RecursionError):
        return ""
    project, tool = document.get("project"), document.get("tool")
    declared = project.get("requires-python") if isinstance(project, dict) else None
    poetry = tool.get("poetry") if isinstance(tool, dict) else None
    dependencies = poetry.get("dependencies") if isinstance(poetry, dict) else None
    declared = declared or (dependencies.get("python") if isinstance(dependencies, dict) else None)
    return declared if isinstance(declared, str) else ""


def _from_text(root: Path, name: str) -> str:
    found = re.search(r"python_requires\s*=\s*[\"']?([^\"'\n#]+)", read_text_safely(root, name))
    return found.group(1) if found else ""


def _lowest(declared: str) -> int | None:
    """Read the lower bound of `>=3.8,<4`, `^3.9`, `~=3.10`, `>3.6`, `==3.11.*`; None where there is none."""
    bounds: list[int] = [
        int(minor) + (operator == ">") for operator, minor in re.findall(r"(>=|~=|==|\^|~|>)\s*3\.(\d{1,2})", declared)
    ]
    if bounds:
        return max(bounds)
    return OLDEST if re.search(r"(>=|~=|==|\^|~|>)\s*3\b", declared) else None
