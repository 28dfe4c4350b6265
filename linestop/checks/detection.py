"""Finds a repository's test command and what it needs, and says why. The order is written down in docs/checks.md.

Reads files as data only. Which interpreter runs it is blocks/python_environment.py.
"""

import ast
import sys
from collections.abc import Iterator

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from pydantic import BaseModel, ConfigDict

from linestop.checks.commands import Runner, recognise, recognise_in_script, split_command
from linestop.checks.known import IMPORTS, OPTIONS, SETTINGS
from linestop.checks.needs import Needs, declared_needs, needs_of_policy
from linestop.checks.project_files import ProjectFiles
from linestop.checks.scripts import make_recipe, script_lines
from linestop.errors import RepositoryError
from linestop.policy import ChecksPolicy

TODO = (
    'set checks.command in .linestop/config.toml, for example command = "pytest tests"; where there are none, what'
    ' else must pass: command = "python -m compileall -q src"'
)
_FOLDERS = ("tests", "test", "testing")


class Detection(BaseModel):
    """The checks of a repository as found or set. `arguments` follow the runner; for `command` they are all words."""

    model_config = ConfigDict(frozen=True)

    runner: Runner
    arguments: tuple[str, ...] = ()
    needs: Needs = Needs()
    installable: bool = False
    python: bool = True
    why: tuple[str, ...] = ()

    @property
    def command(self) -> tuple[str, ...]:
        """Return the words a person would type."""
        return self.arguments if self.runner == "command" else ("python", "-m", self.runner, *self.arguments)


def detect(project: ProjectFiles, policy: ChecksPolicy) -> Detection:
    """Return the checks of a checkout.

    Raises:
        RepositoryError: no tests were found; says where was looked and what to set.
        PolicyError: `checks.command` can't be used.
    """
    if policy.command:
        runner, arguments = recognise(split_command(policy.command))
        why = "checks.command of the policy"
    else:
        runner, arguments, why = _find(project)
    installable = _installable(project)
    needs = _needs(project, policy, runner)
    said = (why, needs.why) if needs.why else (why,)
    python = runner != "command" or installable or bool(needs)
    return Detection(runner=runner, arguments=arguments, needs=needs, installable=installable, python=python, why=said)


def _find(project: ProjectFiles) -> tuple[Runner, tuple[str, ...], str]:
    there = _has_tests(project)
    configured = _pytest_configuration(project) if there else ""
    for where, words in script_lines(project):
        found = recognise_in_script(words)
        if found and (there or any(_is_path(project, word) for word in found[1])):
            runner, arguments = found
            if runner == "unittest" and not configured:
                return "unittest", _usable(arguments) or _unittest_arguments(project), where
            return "pytest", _pytest_arguments(project, arguments), where
    if configured:
        return "pytest", _pytest_arguments(project, ()), configured
    style, example = _style(project)
    if style == "pytest":
        return "pytest", _pytest_arguments(project, ()), f"tests written for pytest, as {example}"
    if style == "unittest":
        return "unittest", _unittest_arguments(project), f"tests written for unittest, as {example}"
    if make_recipe(project.text("Makefile") or "", "test"):
        return "command", ("make", "test"), "Makefile target test"
    raise _nothing(project)


def _has_tests(project: ProjectFiles) -> bool:
    """Return whether pytest would find any test: files named so, other names that it is told, or doctests."""
    return bool(project.test_files or _setting(project, "python_files") or "doctest" in _setting(project, "addopts"))


def _nothing(project: ProjectFiles) -> RepositoryError:
    kind = "Python files but no test among them" if project.has_python else "no Python file"
    return RepositoryError(
        f"no tests were found in {project.name}",
        found=f"{kind}; looked at pyproject.toml, pytest.ini, setup.cfg, tox.ini, noxfile.py, Makefile and test files",
        todo=TODO,
    )


def _pytest_configuration(project: ProjectFiles) -> str:
    """Return where pytest is configured, empty where it isn't."""
    places = {
        "pyproject.toml [tool.pytest]": bool(project.table("tool", "pytest")),
        "pytest.ini": project.is_file("pytest.ini") or project.is_file(".pytest.ini"),
        "setup.cfg [tool:pytest]": project.ini("setup.cfg").has_section("tool:pytest"),
        "tox.ini [pytest]": project.ini("tox.ini").has_section("pytest"),
    }
    return next((where for where, there in places.items() if there), "")


def _pytest_arguments(project: ProjectFiles, words: tuple[str, ...]) -> tuple[str, ...]:
    """Return the paths to collect: those of the script, nothing where the configuration names them, else the folder."""
    paths = tuple(word for word in words if _is_path(project, word))
    if paths or _setting(project, "testpaths"):
        return paths
    folder = next((name for name in _FOLDERS if project.is_folder(name)), None)
    return (folder,) if folder and any(path.startswith(f"{folder}/") for path in project.test_files) else ()


def _is_path(project: ProjectFiles, word: str) -> bool:
    if word.startswith(("-", "/")) or ".." in word.split("/"):
        return False
    return project.is_folder(word) or project.is_file(word.partition("::")[0])


def _setting(project: ProjectFiles, name: str) -> str:
    """Return a value of pytest's configuration as text, empty where it isn't set."""
    tables = (project.table("tool", "pytest", "ini_options"), project.table("tool", "pytest"))
    found = next((table[name] for table in tables if name in table), None)
    if found is not None:
        return " ".join(map(str, found)) if isinstance(found, list) else str(found)
    for path, section in (
        ("pytest.ini", "pytest"),
        (".pytest.ini", "pytest"),
        ("tox.ini", "pytest"),
        ("setup.cfg", "tool:pytest"),
    ):
        ini = project.ini(path)
        if ini.has_option(section, name):
            return ini.get(section, name) or ""
    return ""


def _usable(arguments: tuple[str, ...]) -> tuple[str, ...]:
    return () if any("{" in word or "$" in word for word in arguments) else arguments


def _unittest_arguments(project: ProjectFiles) -> tuple[str, ...]:
    for name in _FOLDERS:
        if any(path.startswith(f"{name}/") for path in project.test_files):
            top = ("-t", ".") if project.is_file(f"{name}/__init__.py") else ()
            pattern = ("-p", "*_test.py") if _all_end(project, name, "_test.py") else ()
            return ("discover", "-s", name, *top, *pattern)
    return ("discover",)


def _all_end(project: ProjectFiles, folder: str, suffix: str) -> bool:
    return all(path.endswith((suffix, "__init__.py")) for path in project.test_files if path.startswith(f"{folder}/"))


def _style(project: ProjectFiles) -> tuple[Runner | None, str]:
    """Return what the test files are written for, and one that shows it; what unittest wouldn't run makes it pytest."""
    found: tuple[Runner | None, str] = (None, "")
    for path in project.test_files:
        for node in _body(project, path):
            if _is_for_pytest(node):
                return "pytest", path
            if isinstance(node, ast.ClassDef) and any("TestCase" in ast.unparse(base) for base in node.bases):
                found = "unittest", path
    return found


def _is_for_pytest(node: ast.stmt) -> bool:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return node.name.startswith("test")
    if isinstance(node, ast.ClassDef):
        return not node.bases and node.name.startswith("Test")
    return "pytest" in _imported(node)


def _needs(project: ProjectFiles, policy: ChecksPolicy, runner: Runner) -> Needs:
    """Return what is declared (or set), the runner, the plugins its configuration asks for and well-known imports."""
    if policy.setup is not None:
        return needs_of_policy(project, policy.setup)
    declared = declared_needs(project)
    wanted = {"pytest"} if runner == "pytest" else set[str]()
    if runner == "pytest":
        told = f"{_setting(project, 'addopts')} {_setting(project, 'required_plugins')} "
        wanted |= {plugin for option, plugin in OPTIONS.items() if option in told}
        wanted |= {plugin for setting, plugin in SETTINGS.items() if _setting(project, setting)}
    wanted |= _known_imports(project)
    missing = sorted(wanted - {_distribution(item) for item in declared.requirements})
    return declared.model_copy(update={"requirements": (*declared.requirements, *missing)})


def _distribution(requirement: str) -> str:
    try:
        return canonicalize_name(Requirement(requirement).name)
    except InvalidRequirement:
        return ""


def _known_imports(project: ProjectFiles) -> set[str]:
    """Return the well-known distributions that the test files import at their top: without them none is collected."""
    names = {name for path in project.test_files for node in _body(project, path) for name in _imported(node)}
    own = {
        canonicalize_name(
            str(project.table("project").get("name") or project.ini("setup.cfg").get("metadata", "name", fallback=""))
        )
    }
    local = {
        name
        for name in names
        if project.is_folder(name) or project.is_folder(f"src/{name}") or project.is_file(f"{name}.py")
    }
    found = {IMPORTS[name] for name in names - local - set(sys.stdlib_module_names) if name in IMPORTS}
    return found - own


def _body(project: ProjectFiles, path: str) -> list[ast.stmt]:
    tree = project.python(path)
    return tree.body if tree else []


def _imported(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name.partition(".")[0] for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        yield node.module.partition(".")[0]


def _installable(project: ProjectFiles) -> bool:
    ini = project.ini("setup.cfg")
    return (
        "project" in project.pyproject
        or "build-system" in project.pyproject
        or bool(project.table("tool", "poetry").get("name"))
        or project.is_file("setup.py")
        or ini.has_section("metadata")
    )
