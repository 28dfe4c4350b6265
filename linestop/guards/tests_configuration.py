"""test-configuration: what tests run, and how, is the owner's: pytest, tox, nox, coverage, unittest's loaders."""

from collections.abc import Iterator

from linestop.guards.sections import changed_sections, changed_tools
from linestop.guards.sight import Sight, named, violation
from linestop.verdicts import Violation

FILES = (
    "conftest.py", "pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml", "tox.ini", "tox.toml", "noxfile.py",
    ".coveragerc", "jest.config.*", "vitest.config.*", "karma.conf.*", "playwright.config.*", "phpunit.xml*", ".rspec",
)  # fmt: skip
TOOLS = frozenset({"pytest", "coverage", "tox", "nox", "hatch", "pdm", "poe", "taskipy", "unittest", "mutmut"})
SECTIONS = frozenset({"tool:pytest", "coverage:run", "coverage:report", "coverage:paths", "tox", "nosetests", "*"})
_TODO = "take the change back; only a person changes how the tests are run"


def tests_configuration(sight: Sight) -> Iterator[Violation]:
    """Object to any change of a file, table or section that configures the tests."""
    for change in sight.changes:
        if named(change.path, FILES):
            yield violation("test-configuration", change.path, f"configures the tests; {_TODO}")
        elif named(change.path, ("pyproject.toml",)):
            for name in sorted(TOOLS.intersection(changed_tools(change))):
                yield violation("test-configuration", change.path, f"changes [tool.{name}]; {_TODO}")
        elif named(change.path, ("setup.cfg",)):
            for name in sorted(SECTIONS.intersection(changed_sections(change))):
                yield violation("test-configuration", change.path, f"changes [{name}]; {_TODO}")
