"""Takes a project that pip has installed out of the way, so that the checkout under test is what gets imported.

Its metadata, entry points and dependencies stay. Files that the build made and no checkout holds (a version module,
compiled parts) are kept apart: check_folder.py lays them over a copy of the checkout. What was installed is read by
installed_files.py: a RECORD is the target's own text.
"""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version
from pydantic import BaseModel, ConfigDict

from linestop.blocks.installed_files import installed_files, metadata_folder
from linestop.blocks.interpreter import Interpreter
from linestop.checks.project_files import ProjectFiles
from linestop.errors import ToolError

_SELF = re.compile(r"^\s*(-e\s+|--editable[ =]\s*)?(file:)?\.(\[[^\]]*\])?\s*(#.*)?$", re.MULTILINE)
_SCM = ("setuptools_scm", "setuptools-scm", "hatch-vcs", "versioningit", "versioneer", "pdm-backend", "poetry-dynamic")
_NATIVE = (".so", ".pyd", ".dylib")


class Installed(BaseModel):
    """The project: `root` is the POSIX folder of a checkout that its modules are imported from."""

    model_config = ConfigDict(frozen=True)

    name: str
    root: str
    tops: tuple[str, ...]
    generated: tuple[str, ...] = ()

    @property
    def native(self) -> bool:
        """Whether it has compiled parts."""
        return any(path.endswith(_NATIVE) for path in self.generated)


def without_self_installs(copy: Path) -> None:
    """Take `-e .` and the like out of a copy's requirement files: the project is installed once, not editable."""
    for path in (*copy.glob("*requirements*.txt"), *copy.glob("requirements/*.txt"), *copy.glob("test*/*.txt")):
        if path.is_file() and path.resolve() == copy.resolve() / path.relative_to(copy):  # behind no link of the target
            text = path.read_bytes().decode("utf-8", "surrogateescape")
            path.write_bytes(_SELF.sub("", text).encode("utf-8", "surrogateescape"))


def pretend_version(project: ProjectFiles) -> dict[str, str]:
    """Return the variables that tell a version made from git tags, for the copy has no git directory."""
    said = "\n".join(project.text(path) or "" for path in ("pyproject.toml", "setup.py", "setup.cfg"))
    if project.is_file("PKG-INFO") or not any(word in said for word in _SCM):
        return {}
    version = str(max(_tags(project.root), default=Version("1.0")))
    return {"SETUPTOOLS_SCM_PRETEND_VERSION": version, "PDM_BUILD_SCM_VERSION": version}


def _tags(root: Path) -> Iterator[Version]:
    git = root / ".git"
    if git.is_file():  # a worktree: the tags are in the common directory
        common = Path(git.read_text().removeprefix("gitdir:").strip())
        git = (
            (common / (common / "commondir").read_text().strip()).resolve()
            if (common / "commondir").is_file()
            else common
        )
    packed = git / "packed-refs"
    names = re.findall(r"refs/tags/(\S+)", packed.read_text(errors="replace")) if packed.is_file() else []
    loose = git / "refs" / "tags"
    names += [path.name for path in loose.iterdir()] if loose.is_dir() else []
    for name in names:
        try:
            yield Version(name.rpartition("/")[2].removeprefix("release-").removeprefix("v"))
        except InvalidVersion:
            continue


def adopt(copy: Path, project: ProjectFiles, interpreter: Interpreter, generated: Path) -> Installed | None:
    """Move an installed project's files away and return where its sources are; None where it was not installed.

    Raises:
        ToolError: its modules lie nowhere in the checkout, so that the installed copy would be what gets tested.
    """
    info = metadata_folder(copy, interpreter)
    if info is None:
        return None
    site = info.parent
    paths = installed_files(info)
    modules = [path for path in paths if path.endswith(".py")]
    root = _source_root(project, modules)
    name = info.name.removesuffix(".dist-info").rpartition("-")[0]
    if modules and root is None:
        raise ToolError(
            f"the modules of {name} can't be found in its repository",
            found=f"pip installed {', '.join(modules[:3])}, and no folder holds them under that name",
            todo="set checks.command and checks.python in .linestop/config.toml to a way that tests the sources",
        )
    kept = tuple(path for path in paths if not project.is_file(str(PurePosixPath(root or ".") / path)))
    for path in paths:
        if path in kept:
            (generated / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(site / path, generated / path)
        (site / path).unlink()
    tops = sorted({path.split("/")[0].removesuffix(".py") for path in modules})
    return Installed(name=canonicalize_name(name), root=root or ".", tops=tuple(tops), generated=kept)


def _source_root(project: ProjectFiles, modules: list[str]) -> str | None:
    """Return the folder of the checkout that holds most of the installed modules, None where none holds any."""
    first = {path.split("/")[0] for path in modules}
    found = {str(path.parent.relative_to(project.root)) for top in first for path in project.root.glob(f"*/{top}")}
    candidates = ["src", "lib", ".", *sorted(found)]
    score = {root: sum(project.is_file(str(PurePosixPath(root) / path)) for path in modules) for root in candidates}
    best = max(candidates, key=lambda root: score[root])
    return best if score[best] else None
