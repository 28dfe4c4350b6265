"""Which paths are tests or decide how checks are judged, and which commands verify."""

import pytest

from linestop.checks import is_check_configuration, is_test_path, is_verification


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        pytest.param("tests/test_a.py", True, id="test-folder"),
        pytest.param("tests/data/rows.csv", True, id="test-data"),
        pytest.param("src/pkg/tests/helpers.py", True, id="tests-inside-a-package"),
        pytest.param("test/a.c", True, id="test-folder-of-any-language"),
        pytest.param("pkg/test_a.py", True, id="test-file-beside-the-code"),
        pytest.param("pkg/a_test.py", True, id="suffix"),
        pytest.param("conftest.py", True, id="conftest"),
        pytest.param("app/tests.py", True, id="django-tests-module"),
        pytest.param("web/a.spec.ts", True, id="typescript-spec"),
        pytest.param("src/jinja2/tests.py", False, id="a-product-module-named-tests"),
        pytest.param("click/testing.py", False, id="testing-is-product"),
        pytest.param("src/contest.py", False, id="contest"),
        pytest.param("tests", False, id="a-file-named-as-the-folder"),
        pytest.param("latest/a.py", False, id="latest"),
        pytest.param("", False, id="empty"),
    ],
)
def test_is_test_path(path: str, *, answer: bool) -> None:
    assert is_test_path(path) is answer


def test_the_policy_adds_test_globs() -> None:
    assert is_test_path("checks/a.py", ("checks/*",))
    assert is_test_path("src/pkg/tests.py", ("src/pkg/tests.py",))
    assert not is_test_path("src/a.py", ("checks/*",))


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        pytest.param("pyproject.toml", True, id="pyproject"),
        pytest.param("sub/pytest.ini", True, id="nested"),
        pytest.param("tests/conftest.py", True, id="conftest"),
        pytest.param(".ruff.toml", True, id="lint"),
        pytest.param("mypy.ini", True, id="types"),
        pytest.param("src/sitecustomize.py", True, id="runs-before-the-runner"),
        pytest.param("src/evil.pth", True, id="path-file"),
        pytest.param("pytest.py", True, id="shadows-the-runner"),
        pytest.param("_pytest/main.py", True, id="shadows-the-runners-package"),
        pytest.param("src/pytest.py", True, id="shadows-the-runner-in-src"),
        pytest.param("src/pkg/pytest.py", False, id="a-module-of-a-package"),
        pytest.param("src/pkg/config.py", False, id="code"),
        pytest.param("README.md", False, id="prose"),
    ],
)
def test_is_check_configuration(path: str, *, answer: bool) -> None:
    assert is_check_configuration(path) is answer


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        pytest.param("pytest -q tests", True, id="pytest"),
        pytest.param("/x/bin/python -m pytest", True, id="module"),
        pytest.param("python -m unittest discover", True, id="unittest"),
        pytest.param("uv run pytest", True, id="wrapper"),
        pytest.param("timeout 60 make test", True, id="make-test"),
        pytest.param("ruff check .", True, id="ruff-check"),
        pytest.param("npm test", True, id="npm"),
        pytest.param("make build", False, id="make-build"),
        pytest.param("ruff format .", False, id="format"),
        pytest.param("pytest --version", False, id="only-a-version"),
        pytest.param("pytest --collect-only", False, id="only-collects"),
        pytest.param("pip install pytest", False, id="install"),
        pytest.param("grep pytest setup.cfg", False, id="grep"),
        pytest.param("", False, id="empty"),
    ],
)
def test_is_verification(words: str, *, answer: bool) -> None:
    assert is_verification(words.split()) is answer


@pytest.mark.parametrize(
    ("script", "answer"),
    [
        pytest.param("cd /x && pytest tests/test_a.py::test_b", True, id="after-cd"),
        pytest.param("echo pytest", False, id="echo"),
        pytest.param("cat 'unclosed", False, id="no-shell-words"),
    ],
)
def test_a_shell_line_is_looked_into(script: str, *, answer: bool) -> None:
    assert is_verification(["bash", "-lc", script]) is answer
