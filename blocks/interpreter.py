"""What linestop knows of a Python interpreter that is not its own: asked in a subprocess, never imported from."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name
from pydantic import BaseModel, ConfigDict, ValidationError

from linestop.blocks.processes import capture, clean_environment

PROBE_SECONDS = 60
_CODE = """
import json, site, sys
from importlib.metadata import distributions
print(json.dumps({
    "version": "%d.%d" % sys.version_info[:2],
    "base": getattr(sys, "_base_executable", None) or sys.executable,
    "site_packages": site.getsitepackages(),
    "installed": {one.metadata["Name"]: one.version for one in distributions() if one.metadata["Name"]},
}))
"""


class Interpreter(BaseModel):
    """A Python: `base` is the executable behind a virtual environment, `installed` maps names to versions."""

    model_config = ConfigDict(frozen=True)

    version: str
    base: Path
    site_packages: tuple[str, ...]
    installed: dict[str, str] = {}

    def missing(self, requirements: Sequence[str]) -> tuple[str, ...]:
        """Return the requirements that are not installed, or not in a version they allow."""
        there = {canonicalize_name(name): version for name, version in self.installed.items()}
        return tuple(item for item in requirements if not _met(item, there))


def probe(python: Path) -> Interpreter | None:
    """Return what an interpreter says about itself, None where it can't be run."""
    argv = [str(python), "-I", "-c", _CODE]
    run, stdout = capture(argv, cwd=Path("/"), env=clean_environment(), timeout_seconds=PROBE_SECONDS)
    try:
        return Interpreter.model_validate(json.loads(stdout)) if run.ok else None
    except (ValueError, ValidationError):
        return None


def own_base() -> Path:
    """Return the interpreter behind linestop's own: environments are built from it, never from linestop's."""
    return Path(getattr(sys, "_base_executable", sys.executable)).resolve()


def _met(item: str, there: Mapping[NormalizedName, str]) -> bool:
    try:
        wanted = Requirement(item)
    except InvalidRequirement:
        return False
    if wanted.marker and not wanted.marker.evaluate({"extra": ""}):
        return True
    version = there.get(canonicalize_name(wanted.name))
    return version is not None and wanted.specifier.contains(version, prereleases=True)
