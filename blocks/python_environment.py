"""The interpreter a target's checks run with: the policy's, the repository's own, or one that linestop builds.

Owns the choice. Building is environment_build.py; making a checkout win over an installed copy is check_folder.py.
"""

import hashlib
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from linestop.blocks.check_folder import CheckFolder
from linestop.blocks.environment_build import built_environment
from linestop.blocks.interpreter import Interpreter, probe
from linestop.blocks.processes import run_command
from linestop.checks.detection import Detection
from linestop.checks.project_files import ProjectFiles, lines, words
from linestop.checks.sources import packages, source_root
from linestop.errors import PolicyError
from linestop.paths import Layout
from linestop.policy import ChecksPolicy

OWN = (".venv", "venv")
_IMPORT_SECONDS = 120
_WHERE = "import importlib, sys; m = importlib.import_module(sys.argv[1]); print(m.__file__ or [*m.__path__][0])"


class PythonEnvironment(BaseModel):
    """Where checks run. `root` is the folder of a checkout that is imported from; `generated` is laid over a copy."""

    model_config = ConfigDict(frozen=True)

    interpreter: Interpreter
    root: str
    generated: Path | None = None
    key: str
    origin: str
    notes: tuple[str, ...] = ()

    def has(self, distribution: str) -> bool:
        """Return whether a distribution is installed there."""
        return not self.interpreter.missing((distribution,))

    @property
    def lost(self) -> bool:
        """Whether it was removed since it was found or built: what fails then is nobody's fault."""
        sites = self.interpreter.site_packages
        return not self.interpreter.base.exists() or not any(Path(site).is_dir() for site in sites)

    def folder(self, checkout: Path) -> CheckFolder:
        """Return a throw-away folder that runs this environment on a checkout."""
        return CheckFolder(checkout, interpreter=self.interpreter, root=self.root, generated=self.generated)


def python_environment(
    layout: Layout, policy: ChecksPolicy, project: ProjectFiles, detection: Detection
) -> PythonEnvironment:
    """Return the environment for the checks of a base checkout.

    Raises:
        PolicyError: `checks.python` can't be run.
        ToolError, InfraError: as `built_environment`.
    """
    if policy.python:
        return _configured(policy.python, layout, project)
    notes: list[str] = []
    for name in OWN:
        python = layout.root / name / "bin" / "python"
        if python.is_file():
            found, problem = _own(python, name, project, detection)
            if found:
                return found
            notes.append(f"{name} of the repository is not used: {problem}")
    built = built_environment(project, detection)
    return PythonEnvironment(
        interpreter=built.interpreter,
        root=built.project.root if built.project else source_root(project),
        generated=built.folder / "generated" if built.project and built.project.generated else None,
        key=built.key,
        origin=f"built by linestop ({built.folder})",
        notes=(*notes, *built.notes),
    )


def _configured(python: str, layout: Layout, project: ProjectFiles) -> PythonEnvironment:
    path = Path(python).expanduser()
    path = path if path.is_absolute() else layout.root / path
    interpreter = probe(path)
    if interpreter is None:
        raise PolicyError(
            f"checks.python can't be used: {python}",
            found=f"{path} is no Python that runs",
            todo="correct or remove it",
        )
    return _as_is(interpreter, project, f"checks.python of the policy ({path})")


def _own(python: Path, name: str, project: ProjectFiles, detection: Detection) -> tuple[PythonEnvironment | None, str]:
    """Return the repository's own environment, or why it can't be used."""
    interpreter = probe(python)
    if interpreter is None:
        return None, "it can't be run"
    missing = interpreter.missing((*detection.needs.requirements, *_also_needed(project, detection)))
    if missing:
        return None, f"it lacks {', '.join(missing[:5])}"
    found = _as_is(interpreter, project, f"{name} of the repository")
    strange = _not_from_checkout(found, project)
    return (None, strange) if strange else (found, "")


def _as_is(interpreter: Interpreter, project: ProjectFiles, origin: str) -> PythonEnvironment:
    text = interpreter.model_dump_json()
    key = hashlib.sha256(text.encode()).hexdigest()[:24]
    return PythonEnvironment(interpreter=interpreter, root=source_root(project), key=key, origin=origin)


def _also_needed(project: ProjectFiles, detection: Detection) -> tuple[str, ...]:
    """Return the project's own dependencies and those of requirement files and extras, as far as they can be read."""
    found = list(words(project.table("project").get("dependencies")))
    for extra in detection.needs.extras:
        found += words(project.table("project", "optional-dependencies").get(extra))
    for path in detection.needs.files:
        found += [line.split(";")[0].strip() for line in lines(project.text(path)) if line[0].isalnum()]
    return tuple(found)


def _not_from_checkout(environment: PythonEnvironment, project: ProjectFiles) -> str:
    """Return what is wrong where the checkout's own modules are not what gets imported."""
    for name in packages(project, environment.root):
        with environment.folder(project.root) as folder:
            argv = [str(folder.python), "-c", _WHERE, name]
            run = run_command(argv, cwd=folder.scratch, env=folder.environment, timeout_seconds=_IMPORT_SECONDS)
        last = run.output.strip().rpartition("\n")[2]
        if not run.ok:
            return f"{name} can't be imported: {last[:200]}"
        if not Path(last).resolve().is_relative_to(project.root):
            return f"{name} comes from {last[:200]}, not from the checkout"
    return ""
