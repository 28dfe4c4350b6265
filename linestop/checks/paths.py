"""Which paths are tests, and which decide how tests, lint and types are judged. By name alone: no file is read."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from linestop.audit.globs import matches_any

_TEST_FOLDERS = frozenset({"tests", "test", "__tests__", "__snapshots__"})
_TEST_FILES = (
    "test_*.py", "*_test.py", "test.py", "tests.py", "conftest.py", "test_*.pyi",
    "*.test.[jt]s", "*.test.[jt]sx", "*.spec.[jt]s", "*.spec.[jt]sx", "*_test.go", "*_spec.rb",
)  # fmt: skip
_PRODUCT_FILES = ("src/*/tests.py", "src/*/test.py")  # as in jinja2: below src/ they are modules like any other

_CONFIGURATION = frozenset(
    {
        # the test runner's; sitecustomize and usercustomize run before it
        "pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml", "conftest.py", "tox.ini", "tox.toml", "noxfile.py",
        "setup.cfg", "setup.py", "pyproject.toml", "hatch.toml", ".coveragerc", "sitecustomize.py", "usercustomize.py",
        # lint and types
        "ruff.toml", ".ruff.toml", ".flake8", ".pylintrc", "pylintrc", "mypy.ini", ".mypy.ini", "pyrightconfig.json",
        ".pre-commit-config.yaml", ".bandit", ".isort.cfg", ".pydocstyle", "bandit.yaml", ".style.yapf",
        # what starts them
        "Makefile", "makefile", "GNUmakefile", "justfile", "Justfile", "Taskfile.yml", "runtests.py", "package.json",
        "jest.config.js", "jest.config.ts", "vitest.config.ts", ".mocharc.json", "tsconfig.json",
        ".eslintrc", ".eslintrc.json", ".eslintrc.js", "eslint.config.js",
    }
)  # fmt: skip
_SHADOWS = frozenset({"pytest", "_pytest", "unittest"})  # a module of this name at the root would be the runner


def is_test_path(path: str, extra: Iterable[str] = ()) -> bool:
    """Return whether a POSIX path is a test, a fixture or test data; `extra` are further globs."""
    parts = PurePosixPath(path)
    if any(part in _TEST_FOLDERS for part in parts.parts[:-1]):
        return True
    if any(fnmatchcase(path, glob) for glob in _PRODUCT_FILES):
        return matches_any(path, extra)
    return any(fnmatchcase(parts.name, glob) for glob in _TEST_FILES) or matches_any(path, extra)


def is_check_configuration(path: str) -> bool:
    """Return whether a POSIX path decides how tests, lint or types are run or judged."""
    parts = PurePosixPath(path).parts
    if not parts:
        return False
    return (
        parts[-1] in _CONFIGURATION
        or parts[-1].endswith(".pth")
        or parts[0].removesuffix(".py") in _SHADOWS
        or (len(parts) == 2 and parts[0] == "src" and parts[1].removesuffix(".py") in _SHADOWS)  # noqa: PLR2004
    )
