"""What a project says about itself: its metadata, how its tests are run, the conventions found in its files."""

import configparser
import json
import re
import tomllib
from dataclasses import dataclass
from typing import Any

from linestop.wiki.python_facts import ModuleFacts
from linestop.wiki.python_names import is_test
from linestop.wiki.source import Source

MIN_COMMITS = 5  # fewer show no habit
_CHECK_GROUP = re.compile(r"tests?|testing|dev(elop(ment)?)?", re.IGNORECASE)
_README = re.compile(r"readme(\.(md|rst|txt|markdown))?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Project:
    """Metadata; `src` is the file that says so."""

    name: str
    description: str = ""
    python: str = ""
    dependencies: tuple[str, ...] = ()
    entry_points: tuple[tuple[str, str], ...] = ()
    src: str = ""
    error: str = ""


def read_project(source: Source) -> Project:
    """Return what pyproject.toml, setup.cfg or package.json say; else the repository's name alone."""
    for path, reader in (("pyproject.toml", _pyproject), ("setup.cfg", _setup_cfg), ("package.json", _package_json)):
        file = source.get(path)
        if file is None or file.content is None:
            continue
        try:
            found = reader(source.name, file.text)
        except (ValueError, TypeError, AttributeError, configparser.Error, RecursionError) as error:
            return Project(source.name, src=path, error=f"{type(error).__name__}: {error}")
        if found:
            return found
    return Project(source.name)


def _pyproject(name: str, text: str) -> Project | None:
    tables = tomllib.loads(text)
    poetry = tables.get("tool", {}).get("poetry", {})
    project = tables.get("project") or poetry
    if not project:
        return None
    points = {**_texts(project.get("scripts")), **_texts(project.get("gui-scripts"))}
    for group, entries in (project.get("entry-points") or {}).items():
        points |= {f"{group}: {key}": value for key, value in _texts(entries).items()}
    needs = project.get("dependencies") or ()
    return Project(
        str(project.get("name") or name), str(project.get("description") or ""),
        str(project.get("requires-python") or ""), tuple(str(need) for need in needs), tuple(sorted(points.items())),
        "pyproject.toml",
    )  # fmt: skip


def _texts(table: Any) -> dict[str, str]:
    return {str(key): str(value) for key, value in table.items()} if isinstance(table, dict) else {}


def _setup_cfg(name: str, text: str) -> Project | None:
    parser = configparser.RawConfigParser(strict=False)
    parser.read_string(text)
    if not parser.has_section("metadata"):
        return None
    meta, options = dict(parser["metadata"]), dict(parser["options"]) if parser.has_section("options") else {}
    scripts = parser.get("options.entry_points", "console_scripts", fallback="")
    points = [line.partition("=") for line in scripts.splitlines() if "=" in line]
    needs = tuple(line.strip() for line in options.get("install_requires", "").splitlines() if line.strip())
    return Project(
        meta.get("name", name), meta.get("description", ""), options.get("python_requires", ""), needs,
        tuple(sorted((key.strip(), value.strip()) for key, _, value in points)), "setup.cfg",
    )  # fmt: skip


def _package_json(name: str, text: str) -> Project | None:
    package = json.loads(text)
    scripts = {f"npm run {key}": value for key, value in _texts(package.get("scripts")).items()}
    return Project(
        str(package.get("name") or name), str(package.get("description") or ""), "",
        tuple(sorted(_texts(package.get("dependencies")))), tuple(sorted(scripts.items())), "package.json",
    )  # fmt: skip


def readme(source: Source) -> tuple[str, str]:
    """Return (path, first real paragraph) of the README at the root; empty where there is none."""
    paths = sorted(path for path in (file.path for file in source.files) if _README.fullmatch(path))
    for path in paths:
        file = source.get(path)
        if file and not file.binary:
            return path, _first_words(file.text[:20_000])
    return "", ""


def _first_words(text: str) -> str:
    """Return the first paragraph that is prose: no heading, badge, HTML, directive, list or code."""
    for paragraph in re.split(r"\n\s*\n", text):
        lines = [line.strip() for line in paragraph.strip().splitlines()]
        if not lines or any(re.fullmatch(r"([=\-~^*#`])\1{2,}", line) for line in lines):
            continue
        if re.match(r"[A-Za-z*_`\[]", lines[0]) and not re.match(r"\[!|\[\]|\.\.|\*\s", lines[0]):
            words = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", " ".join(lines))
            words = re.sub(r"\[([^\]]+)\]\[[^\]]*\]", r"\1", words).replace("**", "").strip()
            if len(words) > 20:  # noqa: PLR2004  # shorter is a badge or a slogan's rest
                return words
    return ""


def check_commands(source: Source) -> list[tuple[str, str]]:
    """Return (command, where it was found), the repository's own order of preference first."""
    found: list[tuple[str, str]] = []
    policy = _toml(source, ".linestop/config.toml").get("checks", {})
    if isinstance(policy, dict) and policy.get("command"):
        found.append((str(policy["command"]), ".linestop/config.toml"))
    make = source.get("Makefile")
    if make and re.search(r"^test\s*:", make.text, re.MULTILINE):
        found.append(("make test", "Makefile"))
    tool = _toml(source, "pyproject.toml").get("tool", {})
    pytest = "pytest" in tool if isinstance(tool, dict) else False
    configured = next((path for path in ("pytest.ini", "conftest.py", "tests/conftest.py") if source.get(path)), None)
    tests = [file.path for file in source.files if file.path.endswith(".py") and is_test(file.path)]
    if pytest or configured or tests:
        found.append(("python -m pytest", "pyproject.toml" if pytest else configured or tests[0]))
    known = {"tox.ini": "tox", "noxfile.py": "nox", "Cargo.toml": "cargo test", "go.mod": "go test ./..."}
    found += [(command, path) for path, command in known.items() if source.get(path)]
    package = source.get("package.json")
    if package and '"test"' in package.text:
        found.append(("npm test", "package.json"))
    return found


def check_needs(source: Source) -> list[str]:
    """Return how the things that tests need are installed, as pyproject.toml names them."""
    tables = _toml(source, "pyproject.toml")
    project, groups = tables.get("project"), tables.get("dependency-groups")
    extras = project.get("optional-dependencies") if isinstance(project, dict) else None
    found = [f"pip install -e '.[{name}]'" for name in _texts(extras) if _CHECK_GROUP.fullmatch(name)]
    return found + [f"pip install --group {name}" for name in _texts(groups) if _CHECK_GROUP.fullmatch(name)]


def _toml(source: Source, path: str) -> dict[str, Any]:
    file = source.get(path)
    try:
        return tomllib.loads(file.text) if file else {}
    except (ValueError, RecursionError):
        return {}


def conventions(source: Source, facts: dict[str, ModuleFacts], modules: dict[str, str]) -> list[str]:
    """Return what the files show of the house's habits, in words coarse enough to hold from commit to commit."""
    own = [facts[path] for path in modules if not facts[path].error]
    found: list[str] = []
    if own:
        typed = sum(one.annotated[0] for one in own) / (sum(one.annotated[1] for one in own) or 1)
        told = sum(bool(one.doc) for one in own) / len(own)
        found.append(f"Functions with a return annotation: {_share(typed)}. Modules with a docstring: {_share(told)}.")
        root = "src layout" if any(path.startswith("src/") for path in modules) else "packages at the root"
        exports = "`__all__` is used" if any(one.exports is not None for one in own) else "no `__all__`"
        found.append(f"Layout: {root}; {exports}.")
    tools = _tools(source)
    if tools:
        found.append(f"Tools that are configured: {', '.join(tools)}.")
    if len(source.commits) >= MIN_COMMITS and _conventional(source) >= 0.6:  # noqa: PLR2004  # most of them
        found.append("Commit subjects follow Conventional Commits (`feat: …`, `fix(area): …`).")
    return found


def _share(value: float) -> str:
    names = ((0.95, "nearly all"), (0.6, "most"), (0.25, "some"), (0.02, "few"))
    return next((name for floor, name in names if value >= floor), "none")


def _tools(source: Source) -> list[str]:
    tables = _toml(source, "pyproject.toml").get("tool", {})
    known = {"ruff", "mypy", "black", "isort", "pyright", "flake8", "pylint", "coverage", "tox", "hatch", "towncrier"}
    found = {str(name) for name in tables} & known if isinstance(tables, dict) else set()
    files = {"ruff.toml": "ruff", ".flake8": "flake8", "mypy.ini": "mypy", "tox.ini": "tox", "noxfile.py": "nox",
             ".pre-commit-config.yaml": "pre-commit", "eslint.config.js": "eslint"}  # fmt: skip
    return sorted(found | {tool for path, tool in files.items() if source.get(path)})


def _conventional(source: Source) -> float:
    recent = source.commits[:100]
    kind = re.compile(r"(feat|fix|docs|chore|refactor|test|build|ci|perf|style)(\([^)]*\))?!?: ")
    return sum(bool(kind.match(commit.subject)) for commit in recent) / len(recent)
