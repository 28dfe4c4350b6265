"""What a target's tests need installed, from its own declarations. Parsing only; the order is docs/checks.md's."""

import ast
from collections.abc import Callable, Iterator
from typing import Any

from packaging.utils import canonicalize_name
from pydantic import BaseModel, ConfigDict

from linestop.checks.project_files import ProjectFiles, lines, parse_ini, words
from linestop.checks.python_calls import called, literals, setup_keyword
from linestop.errors import PolicyError

NAMES = ("tests", "test", "testing", "unittests", "dev", "development")
FILES = (
    "requirements/tests.txt", "requirements/test.txt", "requirements/testing.txt", "requirements-tests.txt",
    "requirements-test.txt", "requirements_test.txt", "requirements_tests.txt", "test-requirements.txt",
    "test_requirements.txt", "tests/requirements.txt", "test/requirements.txt", "requirements/dev.txt",
    "requirements-dev.txt", "requirements_dev.txt", "dev-requirements.txt", "requirements.txt",
)  # fmt: skip
_NOT_FOR_TESTS = frozenset({"doc", "docs", "lint", "linting", "typing", "types", "release", "benchmark", "benchmarks"})
_UNUSABLE = frozenset("{}$")  # substitutions of tox
_SESSIONS = ("tests", "test", "pytest", "unit", "unittest", "unit_tests")


class Needs(BaseModel):
    """Requirements (PEP 508), requirement files (POSIX paths), extras of the project itself, and where they stand."""

    model_config = ConfigDict(frozen=True)

    requirements: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    why: str = ""

    def __bool__(self) -> bool:
        return bool(self.requirements or self.files or self.extras)

    @property
    def words(self) -> tuple[str, ...]:
        """Return them as `checks.setup` of the policy takes them."""
        extras = (f".[{','.join(self.extras)}]",) if self.extras else ()
        return (*extras, *(f"-r {path}" for path in self.files), *self.requirements)


def needs_of_policy(project: ProjectFiles, setup: tuple[str, ...]) -> Needs:
    """Return what `checks.setup` asks for: requirements, and `-r file` or `.[extra]` of the repository.

    Raises:
        PolicyError: it names a requirement file that is not there.
    """
    special = [word for word in setup if word.startswith(("-r", ".["))]
    said = [part for word in special for part in word.split(maxsplit=1)]
    found = _from_words(project, said, why="checks.setup of the policy")
    files = [word for word in special if word.startswith("-r")]
    if len(files) != len(found.files):
        raise PolicyError(
            "checks.setup can't be used", found=f"{', '.join(files)}: not all are files", todo="correct or remove them"
        )
    return found.model_copy(update={"requirements": tuple(word for word in setup if word not in special)})


def declared_needs(project: ProjectFiles) -> Needs:
    """Return the first declaration that says what the tests need; empty where none does."""
    for source in _SOURCES:
        found = source(project)
        if found:
            return found
    return Needs()


def _groups(project: ProjectFiles) -> Needs:
    groups = project.table("dependency-groups")
    name = next((name for name in NAMES if name in groups), None)
    if name is None:
        return Needs()
    return Needs(requirements=tuple(_group(groups, name, ())), why=f"pyproject.toml [dependency-groups] {name}")


def _group(groups: dict[str, Any], name: str, above: tuple[str, ...]) -> Iterator[str]:
    table = {canonicalize_name(key): value for key, value in groups.items()}
    for item in table.get(canonicalize_name(name)) or ():
        if isinstance(item, str):
            yield item
        elif (
            isinstance(item, dict)
            and isinstance(other := item.get("include-group"), str)
            and other not in (*above, name)
        ):
            yield from _group(groups, other, (*above, name))


def _extras(project: ProjectFiles) -> Needs:
    options = project.ini("setup.cfg")
    tables = {
        "pyproject.toml [project.optional-dependencies]": set(project.table("project", "optional-dependencies")),
        "setup.cfg [options.extras_require]": set(
            options.options("options.extras_require") if options.has_section("options.extras_require") else ()
        ),
        "setup.py extras_require": set(setup_keyword(project, "extras_require") or {}),
    }
    for where, names in tables.items():
        name = next((name for name in NAMES if name in names), None)
        if name:
            return Needs(extras=(name,), why=f"{where} {name}")
    return Needs()


def _tox(project: ProjectFiles) -> Needs:
    legacy = project.table("tool", "tox").get("legacy_tox_ini")
    found = _tox_ini(project, project.text("tox.ini") or (legacy if isinstance(legacy, str) else ""))
    return found or _tox_toml(project)


def _tox_ini(project: ProjectFiles, text: str) -> Needs:
    parser = parse_ini(text)
    if not parser.has_section("testenv"):
        return Needs()
    section = parser["testenv"]
    deps = [
        line for line in lines(section.get("deps")) if not line.split()[0].endswith(":")
    ]  # `py38: x` is conditional
    groups = project.table("dependency-groups")
    named = [name for name in _names(section.get("dependency_groups")) if name in groups]
    return _from_words(
        project,
        [word for line in deps for word in line.split(maxsplit=1 if line.startswith("-") else 0)],
        extras=_names(section.get("extras")),
        more=tuple(item for name in named for item in _group(groups, name, ())),
        why="tox.ini [testenv]",
    )


def _tox_toml(project: ProjectFiles) -> Needs:
    table = project.table("tool", "tox", "env_run_base")
    groups = project.table("dependency-groups")
    more = [item for name in words(table.get("dependency_groups")) for item in _group(groups, name, ())]
    return _from_words(
        project, list(words(table.get("deps"))), extras=words(table.get("extras")), more=tuple(more),
        why="pyproject.toml [tool.tox]",
    )  # fmt: skip


def _nox(project: ProjectFiles) -> Needs:
    tree = project.python("noxfile.py")
    sessions = [node for node in (tree.body if tree else []) if isinstance(node, ast.FunctionDef)]
    for name in _SESSIONS:
        for session in sessions:
            if session.name == name:
                calls = [node for node in ast.walk(session) if isinstance(node, ast.Call)]
                said = [word for call in calls if called(call.func) == "install" for word in literals(call)]
                return _from_words(project, said, why=f"noxfile.py session {name}")
    return Needs()


def _hatch(project: ProjectFiles) -> Needs:
    for name in ("hatch-test", *NAMES, "default"):
        table = project.table("tool", "hatch", "envs", name)
        found = (*words(table.get("dependencies")), *words(table.get("extra-dependencies")))
        if found or table.get("features"):
            return _from_words(
                project,
                list(found),
                extras=words(table.get("features")),
                why=f"pyproject.toml [tool.hatch.envs.{name}]",
            )
    return Needs()


def _poetry(project: ProjectFiles) -> Needs:
    poetry = project.table("tool", "poetry")
    pdm = project.table("tool", "pdm", "dev-dependencies")
    for name in NAMES:
        table = project.table("tool", "poetry", "group", name, "dependencies") or (
            poetry.get("dev-dependencies") if name == "dev" else None
        )
        if isinstance(table, dict) and table:
            return Needs(requirements=tuple(_poetry_items(table)), why=f"pyproject.toml [tool.poetry] group {name}")
        if words(pdm.get(name)):
            return _from_words(project, list(words(pdm[name])), why=f"pyproject.toml [tool.pdm] {name}")
    return Needs()


def _poetry_items(table: dict[str, Any]) -> Iterator[str]:
    """Yield names with the lower bound that a caret or tilde means; other forms pass as they are."""
    for name, value in table.items():
        version = value.get("version", "*") if isinstance(value, dict) else value
        extras = words(value.get("extras")) if isinstance(value, dict) else ()
        if name == "python" or not isinstance(version, str):
            continue
        bound = f">={version[1:]}" if version[:1] in "^~" and version != "*" else version.replace("*", "")
        bound = f"=={bound}" if bound[:1].isdigit() else bound
        yield name + (f"[{','.join(extras)}]" if extras else "") + bound


def _files(project: ProjectFiles) -> Needs:
    found = next((path for path in FILES if project.is_file(path)), None)
    return Needs(files=(found,), why=found) if found else Needs()


def _all_extras(project: ProjectFiles) -> Needs:
    """Return every optional feature: tests cover them too, and where nothing is declared nobody says which."""
    found = [name for name in project.table("project", "optional-dependencies") if name.lower() not in _NOT_FOR_TESTS]
    return Needs(extras=tuple(found), why="pyproject.toml [project.optional-dependencies], all")


def _tests_require(project: ProjectFiles) -> Needs:
    found = setup_keyword(project, "tests_require")
    said = [found] if isinstance(found, str) else found if isinstance(found, list) else []
    return Needs(requirements=tuple(item for item in said if isinstance(item, str)), why="setup.py tests_require")


def _from_words(
    project: ProjectFiles, said: list[str], *, extras: tuple[str, ...] = (), more: tuple[str, ...] = (), why: str
) -> Needs:
    """Sort the words of a pip command line: `-r file`, `.[extra]` and requirements; other options are left out."""
    requirements, files, found = list(more), list[str](), list(extras)
    takes: str | None = None
    for word in said:
        if takes in {"-r", "--requirement"}:
            files += [word.strip()] if project.is_file(word.strip()) else []
            takes = None
        elif word.startswith("-r") and len(word) > len("-r"):
            files += [word[2:].strip()] if project.is_file(word[2:].strip()) else []
        elif word in {"-r", "--requirement", "-c", "--constraint"}:
            takes = word
        elif takes:
            takes = None
        elif word.startswith(".["):
            found += [part.strip() for part in word[2:].partition("]")[0].split(",")]
        elif not word.startswith(("-", ".", "/")) and not _UNUSABLE & set(word) and "://" not in word:
            requirements.append(word)
    return Needs(requirements=tuple(requirements), files=tuple(files), extras=tuple(found), why=why)


def _names(text: object) -> tuple[str, ...]:
    return tuple(word.strip(",") for line in lines(text) for word in line.replace(",", " ").split())


_SOURCES: tuple[Callable[[ProjectFiles], Needs], ...] = (
    _groups, _extras, _tox, _nox, _hatch, _poetry, _files, _tests_require, _all_extras,
)  # fmt: skip
