"""configuration: which problems are looked for is the owner's: linters, type checkers, formatters, scanners, hooks."""

from collections.abc import Iterator

from linestop.guards.sections import changed_sections, changed_tools
from linestop.guards.sight import Sight, named, violation
from linestop.guards.tests_configuration import SECTIONS as TEST_SECTIONS
from linestop.guards.tests_configuration import TOOLS as TEST_TOOLS
from linestop.verdicts import Violation

FILES = (
    "ruff.toml", ".ruff.toml", "mypy.ini", ".mypy.ini", ".flake8", ".pylintrc", "pylintrc", "pylintrc.toml",
    "pyrightconfig.json", ".bandit", "bandit.y*ml", ".bandit.y*ml", ".pre-commit-config.y*ml", ".isort.cfg",
    ".pydocstyle*", ".pycodestyle", ".style.yapf", ".importlinter", ".vulture_ignore*", "whitelist.py",
    ".semgrepignore", ".semgrep.y*ml", "sonar-project.properties", "codecov.y*ml", ".codecov.y*ml",
    ".gitleaks.toml", ".editorconfig",
    ".eslintrc*", ".eslintignore", "eslint.config.*", "biome.json*", "tsconfig*.json", ".golangci.*", ".rubocop*",
    "clippy.toml", ".clippy.toml", "rustfmt.toml", ".stylelintrc*", ".shellcheckrc", ".yamllint*", ".hadolint.y*ml",
)  # fmt: skip
# Sections of setup.cfg that package the project; all others configure a tool.
_PACKAGING = frozenset({"metadata", "options", "bdist_wheel", "sdist", "build", "build_ext", "egg_info", "aliases"})
_TODO = "take the change back; only a person loosens or tightens what is looked for"


def configuration(sight: Sight) -> Iterator[Violation]:
    """Object to any change of a linter's, type checker's or scanner's file, and of any other `[tool.*]` table."""
    for change in sight.changes:
        if named(change.path, FILES):
            yield violation("configuration", change.path, f"configures a check; {_TODO}")
        elif named(change.path, ("pyproject.toml",)):
            for name in changed_tools(change):
                if name not in TEST_TOOLS:
                    yield violation("configuration", change.path, f"changes [tool.{name}]; {_TODO}")
        elif named(change.path, ("setup.cfg",)):
            for name in changed_sections(change):
                if name.partition(".")[0] not in _PACKAGING and name not in TEST_SECTIONS:
                    yield violation("configuration", change.path, f"changes [{name}]; {_TODO}")
