"""Builds the virtual environment of a target's checks and keeps it in $LINESTOP_HOME/environments/<key>.

The target's build code runs here, as a subprocess with the clean environment plus pip's own settings (index, proxy,
certificates), from a throw-away copy of the base. Builders of the same key wait for each other; a half-built one has
no `complete.json` and is never used.
"""

import hashlib
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from linestop.blocks.interpreter import Interpreter, own_base, probe
from linestop.blocks.processes import clean_environment, run_command
from linestop.blocks.project_install import Installed, adopt, pretend_version, without_self_installs
from linestop.checks.detection import Detection
from linestop.checks.project_files import ProjectFiles, words
from linestop.errors import InfraError, ToolError
from linestop.home import workplace
from linestop.locks import locked
from linestop.verdicts import CommandRun

RECIPE = 1  # raised when the way of building changes: older environments are not used again
INSTALL_SECONDS = 1200
_PIP_SETTINGS = (
    "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX", "PIP_CERT", "PIP_CLIENT_CERT",
    "PIP_TRUSTED_HOST", "PIP_DEFAULT_TIMEOUT", "PIP_RETRIES", "PIP_PROXY", "PIP_CONFIG_FILE", "PIP_CONSTRAINT",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
)  # fmt: skip
_METADATA = ("pyproject.toml", "setup.py", "setup.cfg", "PKG-INFO")
_NATIVE = (".c", ".h", ".cc", ".cpp", ".hpp", ".pyx", ".pxd", ".rs")


class Built(BaseModel):
    """complete.json: the environment is whole and may be used."""

    model_config = ConfigDict(frozen=True)

    key: str
    interpreter: Interpreter
    project: Installed | None = None
    notes: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        """Return where it is kept."""
        return environments() / self.key


def environments() -> Path:
    """Return the folder of all built environments."""
    return workplace() / "environments"


def built_environment(project: ProjectFiles, detection: Detection) -> Built:
    """Return the environment of a base checkout, built if there is none yet.

    Raises:
        ToolError: pip can't install what the tests need; carries the end of its output and what to set.
        InfraError: the disk refused.
    """
    key = _key(project, detection)
    folder = environments() / key
    found = _complete(folder)
    if found:
        return found
    try:
        with locked(folder.with_suffix(".lock")):
            return _complete(folder) or _build(project, detection, key, folder)
    except OSError as error:
        raise InfraError(f"can't build {folder}", found=str(error), todo="free disk space, run it again") from error


def _complete(folder: Path) -> Built | None:
    try:
        return Built.model_validate_json((folder / "complete.json").read_text(encoding="utf-8"))
    except (OSError, ValidationError):
        return None


def _key(project: ProjectFiles, detection: Detection) -> str:
    """Return the hash of all that decides what gets installed: what is needed, by whom, and compiled sources."""
    parts = [
        str(RECIPE),
        platform.python_version(),
        platform.platform(),
        str(own_base()),
        detection.needs.model_dump_json(),
    ]
    parts += [f"{path}\n{project.text(path)}" for path in (*detection.needs.files, *_METADATA)]
    if detection.installable:
        parts += [f"{path}\n{digest}" for path, digest in project.digests(_NATIVE)]
    return hashlib.sha256("\0".join(parts).encode(errors="replace")).hexdigest()[:24]


def _build(project: ProjectFiles, detection: Detection, key: str, folder: Path) -> Built:
    shutil.rmtree(folder, ignore_errors=True)
    python = folder / "venv" / "bin" / "python"
    _must([str(own_base()), "-I", "-m", "venv", "--without-pip", str(folder / "venv")], cwd=folder.parent)
    with tempfile.TemporaryDirectory(prefix="linestop-build-") as scratch:
        copy = Path(scratch) / "project"
        shutil.copytree(project.root, copy, symlinks=True, ignore=shutil.ignore_patterns(".git", ".venv", ".linestop"))
        without_self_installs(copy)
        notes = _install(project, detection, python, copy)
        interpreter = probe(python)
        if interpreter is None:
            raise ToolError(f"{python} can't be run", found="a fresh environment", todo="check the Python installation")
        installed = adopt(copy, project, interpreter, folder / "generated")
    if installed and installed.native:
        notes = (*notes, "compiled parts are those of the base: a candidate that changes them is not tested")
    built = Built(key=key, interpreter=interpreter, project=installed, notes=notes)
    (folder / "complete.part").write_text(built.model_dump_json(indent=2), encoding="utf-8")
    (folder / "complete.part").replace(folder / "complete.json")
    return built


def _install(project: ProjectFiles, detection: Detection, python: Path, copy: Path) -> tuple[str, ...]:
    """Install the needs together with the project, else with its declared dependencies; return what to tell."""
    wanted = [*detection.needs.requirements, *(word for path in detection.needs.files for word in ("-r", path))]
    extras = f"[{','.join(detection.needs.extras)}]" if detection.needs.extras else ""
    target = [f"{copy}{extras}"] if detection.installable else []
    if not wanted and not target:
        return ()
    env = _pip_environment(pretend_version(project))
    first = _pip([*wanted, *target], python, copy, env)
    if first.ok:
        return ()
    if not target:
        raise _failed(first)
    declared = [*words(project.table("project").get("dependencies"))]
    for extra in detection.needs.extras:
        declared += words(project.table("project", "optional-dependencies").get(extra))
    second = _pip([*wanted, *declared], python, copy, env) if wanted or declared else first
    if not second.ok:
        raise _failed(first)
    return ("the project itself can't be installed: its metadata, entry points and compiled parts are missing",)


def _pip(words: Sequence[str], python: Path, cwd: Path, env: dict[str, str]) -> CommandRun:
    # -P: pip is ours, and the folder it runs in is the target's
    argv = [sys.executable, "-P", "-m", "pip", "--python", str(python), "install", "--no-input", "--quiet", *words]
    return run_command(argv, cwd=cwd, env=env, timeout_seconds=INSTALL_SECONDS)


def _pip_environment(version: dict[str, str]) -> dict[str, str]:
    settings = {name: os.environ[name] for name in _PIP_SETTINGS if name in os.environ}
    for path in (Path.home() / ".config" / "pip" / "pip.conf", Path.home() / ".pip" / "pip.conf"):
        if path.is_file():
            settings.setdefault("PIP_CONFIG_FILE", str(path))
    cache = {"PIP_CACHE_DIR": str(workplace() / "cache" / "pip"), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    return clean_environment(**settings, **cache, **version)


def _must(argv: Sequence[str], *, cwd: Path) -> None:
    run = run_command(argv, cwd=cwd, env=clean_environment(), timeout_seconds=INSTALL_SECONDS)
    if not run.ok:
        raise ToolError(
            "a virtual environment can't be made", found=run.output[-1500:], todo="install Python's venv module"
        )


def _failed(run: CommandRun) -> ToolError:
    how = f"ran out of time after {run.seconds:.0f} s" if run.timed_out else f"exit code {run.exit_code}"
    return ToolError(
        "the environment of the checks can't be built",
        found=f"pip {how}: {run.output[-1500:].strip()}",
        todo="in .linestop/config.toml set checks.setup (what to install) or checks.python (one that has it all)",
    )
