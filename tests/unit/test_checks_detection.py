"""The test command and what it needs are found in a target's own files, in a fixed order."""

from pathlib import Path
from textwrap import dedent

import pytest

from linestop.checks.detection import Detection, detect
from linestop.checks.needs import Needs, declared_needs
from linestop.checks.project_files import ProjectFiles
from linestop.checks.sources import packages, source_root
from linestop.errors import LinestopError, PolicyError, RepositoryError
from linestop.policy import ChecksPolicy

PYTEST = "def test_a():\n    assert True\n"
UNITTEST = "import unittest\nclass A(unittest.TestCase):\n    def test_a(self): pass\n"


def project(root: Path, files: dict[str, str]) -> ProjectFiles:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(dedent(text), encoding="utf-8")
    return ProjectFiles(root)


def found(root: Path, files: dict[str, str], **policy: object) -> Detection:
    return detect(project(root, files), ChecksPolicy.model_validate(policy))


TOX = "[testenv]\ncommands =\n    coverage run -m pytest {posargs:tests} -q\n"
NOX = "def tests(session):\n    session.install('-r', 'r.txt', 'mock', '.[x]')\n    session.run('pytest', 'tests')\n"


@pytest.mark.parametrize(
    ("files", "command"),
    [
        pytest.param({"pyproject.toml": "[tool.pytest.ini_options]\ntestpaths = ['tests']", "tests/test_a.py": PYTEST},
                     "python -m pytest", id="pyproject-names-the-paths"),
        pytest.param({"pytest.ini": "[pytest]\n", "tests/test_a.py": PYTEST},
                     "python -m pytest tests", id="pytest-ini"),
        pytest.param({"setup.cfg": "[tool:pytest]\n", "test/test_a.py": PYTEST},
                     "python -m pytest test", id="setup-cfg"),
        pytest.param({"tox.ini": TOX, "tests/test_a.py": UNITTEST}, "python -m pytest tests", id="tox-runs-pytest"),
        pytest.param({"tox.ini": "[testenv]\ncommands = python -m unittest discover -s t\n", "t/test_a.py": UNITTEST},
                     "python -m unittest discover -s t", id="tox-runs-unittest"),
        pytest.param({"noxfile.py": NOX, "tests/test_a.py": PYTEST}, "python -m pytest tests", id="nox"),
        pytest.param({"Makefile": "test: build\n\tpytest tests\n", "tests/test_a.py": PYTEST},
                     "python -m pytest tests", id="make-runs-pytest"),
        pytest.param({"tests/test_a.py": PYTEST}, "python -m pytest tests", id="pytest-style"),
        pytest.param({"test_a.py": PYTEST}, "python -m pytest", id="beside-the-code"),
        pytest.param({"tests/test_a.py": UNITTEST}, "python -m unittest discover -s tests", id="unittest-style"),
        pytest.param({"tests/__init__.py": "", "tests/test_a.py": UNITTEST},
                     "python -m unittest discover -s tests -t .", id="unittest-package"),
        pytest.param({"tests/test_a.py": UNITTEST, "tests/test_b.py": PYTEST}, "python -m pytest tests", id="mixed"),
        pytest.param({"Makefile": "test:\n\t./check.sh\n", "a.c": ""}, "make test", id="make-of-any-language"),
    ],
)  # fmt: skip
def test_the_command_is_found(files: dict[str, str], command: str, tmp_path: Path) -> None:
    assert " ".join(found(tmp_path, files).command) == command


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({}, id="empty"),
        pytest.param({"README.md": "x"}, id="no-python"),
        pytest.param({"pkg/__init__.py": "", "setup.py": ""}, id="no-tests"),
        pytest.param({"pkg/a.py": "", "pytest.ini": "[pytest]\ntestpaths = tests\n"}, id="configured-but-not-there"),
        pytest.param(
            {"pkg/a.py": "", "tox.ini": "[testenv]\ncommands = pytest {posargs}\n"}, id="in-tox-but-not-there"
        ),
        pytest.param({"Makefile": "build:\n\tcc a.c\n"}, id="make-without-test"),
        pytest.param({"tests/test_a.py": "x = 1\n"}, id="a-test-file-without-a-test"),
    ],
)
def test_no_tests_is_a_clear_stop(files: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(RepositoryError, match="no tests were found") as caught:
        found(tmp_path, files)
    assert "checks.command" in caught.value.todo


@pytest.mark.parametrize(
    ("command", "runner", "arguments"),
    [
        pytest.param("pytest -x 'a b'", "pytest", ("-x", "a b"), id="pytest"),
        pytest.param("python3 -m pytest t", "pytest", ("t",), id="module"),
        pytest.param("python -m unittest", "unittest", (), id="unittest"),
        pytest.param("make check", "command", ("make", "check"), id="any-other"),
    ],
)
def test_the_policy_wins(command: str, runner: str, arguments: tuple[str, ...], tmp_path: Path) -> None:
    detection = found(tmp_path, {"tests/test_a.py": UNITTEST}, command=command)
    assert (detection.runner, detection.arguments) == (runner, arguments)


@pytest.mark.parametrize("command", ["", "pytest && rm -rf /", "pytest 'open", "a | b", "a ; b"])
def test_a_command_that_needs_a_shell_is_refused(command: str, tmp_path: Path) -> None:
    if not command:
        assert found(tmp_path, {"tests/test_a.py": PYTEST}, command=command).runner == "pytest"
        return
    with pytest.raises(PolicyError, match=r"checks\.command"):
        found(tmp_path, {}, command=command)


GROUPS = """
    [dependency-groups]
    base = ["pytest"]
    tests = [{include-group = "base"}, "mock>=5", {include-group = "tests"}]
    dev = ["ruff"]
"""


@pytest.mark.parametrize(
    ("files", "needs"),
    [
        pytest.param({"pyproject.toml": GROUPS, "requirements.txt": "x"},
                     {"requirements": ("pytest", "mock>=5")}, id="groups-come-first-and-may-not-loop"),
        pytest.param({"pyproject.toml": "[project.optional-dependencies]\ntest = ['x']"},
                     {"extras": ("test",)}, id="extra"),
        pytest.param({"setup.cfg": "[options.extras_require]\ntesting =\n  x\n"},
                     {"extras": ("testing",)}, id="setup-cfg"),
        pytest.param({"setup.py": "E = {'dev': ['x']}\nsetup(extras_require=E)"}, {"extras": ("dev",)}, id="setup-py"),
        pytest.param({"tox.ini": "[testenv]\nextras = a, b\ndeps =\n  -rr.txt\n  six  # why\n  py38: old\n  {env:X}\n",
                      "r.txt": "y"}, {"requirements": ("six",), "files": ("r.txt",), "extras": ("a", "b")}, id="tox"),
        pytest.param({"noxfile.py": NOX, "r.txt": "y"},
                     {"requirements": ("mock",), "files": ("r.txt",), "extras": ("x",)}, id="nox"),
        pytest.param({"pyproject.toml": "[tool.poetry.group.test.dependencies]\npython='^3'\nmock='^5.1'\nsix='*'"},
                     {"requirements": ("mock>=5.1", "six")}, id="poetry"),
        pytest.param({"pyproject.toml": "[tool.hatch.envs.default]\ndependencies=['six']"},
                     {"requirements": ("six",)}, id="hatch"),
        pytest.param({"requirements-dev.txt": "x"}, {"files": ("requirements-dev.txt",)}, id="requirement-file"),
        pytest.param({"setup.py": "setup(tests_require=['six'])"}, {"requirements": ("six",)}, id="tests-require"),
        pytest.param({"pyproject.toml": "[project.optional-dependencies]\nhttp2=['h2']\ndocs=['d']"},
                     {"extras": ("http2",)}, id="every-feature-where-nobody-says"),
        pytest.param({"noxfile.py": "def tests(session):\n  session.install('-r', '../../etc/passwd', 'git+https://x')"},
                     {}, id="nothing-from-outside"),
        pytest.param({"pyproject.toml": "broken ["}, {}, id="broken-toml"),
        pytest.param({"setup.py": "setup(tests_require=__import__('os').system('touch ran'))"},
                     {}, id="code-is-not-run"),
    ],
)  # fmt: skip
def test_what_the_tests_need_is_read_from_the_first_place_that_says_it(
    files: dict[str, str], needs: dict[str, tuple[str, ...]], tmp_path: Path
) -> None:
    said = declared_needs(project(tmp_path, files))
    assert said.model_dump(exclude={"why"}) == Needs.model_validate(needs).model_dump(exclude={"why"})
    assert bool(said.why) or not needs
    assert not (tmp_path / "ran").exists()


def test_the_runner_its_plugins_and_well_known_imports_are_added(tmp_path: Path) -> None:
    files = {
        "pyproject.toml": "[tool.pytest.ini_options]\nasyncio_mode='auto'\naddopts='-n auto --cov'",
        "tests/test_a.py": "import trio, os, unheard_of\n" + PYTEST,
    }
    assert found(tmp_path, files).needs.requirements == (
        "pytest",
        "pytest-asyncio",
        "pytest-cov",
        "pytest-xdist",
        "trio",
    )


def test_checks_setup_replaces_what_was_detected(tmp_path: Path) -> None:
    detection = found(tmp_path, {"requirements.txt": "x", "tests/test_a.py": PYTEST}, setup=("pytest==9.*",))
    assert detection.needs.requirements == ("pytest==9.*",)
    assert detection.needs.files == ()


def test_a_link_out_of_the_repository_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside.toml").write_text("[tool.pytest.ini_options]\n")
    (tmp_path / "repo").mkdir()
    (tmp_path / "repo" / "pyproject.toml").symlink_to(tmp_path / "outside.toml")
    assert ProjectFiles(tmp_path / "repo").pyproject == {}


@pytest.mark.parametrize("path", ["../x", "a\0b", "/etc/passwd", "loop"])
def test_a_hostile_path_reads_as_nothing(path: str, tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    assert ProjectFiles(tmp_path).text(path) is None


@pytest.mark.parametrize(
    ("files", "root", "tops"),
    [
        pytest.param({"src/a/__init__.py": ""}, "src", ("a",), id="src"),
        pytest.param({"a/__init__.py": "", "tests/__init__.py": ""}, ".", ("a",), id="flat"),
        pytest.param({"lib/a/__init__.py": ""}, "lib", ("a",), id="lib"),
        pytest.param({"py/a/__init__.py": "", "pyproject.toml": "[tool.setuptools.packages.find]\nwhere=['py']"},
                     "py", ("a",), id="setuptools-where"),
        pytest.param({"src/a/__init__.py": "", "src/b/__init__.py": "", "pyproject.toml": "[project]\nname='B'"},
                     "src", ("b",), id="the-one-named-as-the-project"),
        pytest.param({"one.py": "", "pyproject.toml": "[project]\nname='one'"}, ".", ("one",), id="single-module"),
        pytest.param({"../escape/a/__init__.py": "", "pyproject.toml": "[tool.setuptools.packages.find]\nwhere=['..']"},
                     ".", (), id="outside"),
    ],
)  # fmt: skip
def test_the_source_root_is_found(files: dict[str, str], root: str, tops: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "repo").mkdir()
    there = project(tmp_path / "repo", files)
    assert source_root(there) == root
    assert packages(there, root) == tops


def test_reading_never_raises_anything_but_our_errors(tmp_path: Path) -> None:
    files = {
        name: "\0\udcff[[[".encode("utf-8", "replace").decode() for name in ("pyproject.toml", "tox.ini", "setup.py")
    }
    with pytest.raises(LinestopError):
        found(tmp_path, {**files, "noxfile.py": "(" * 5000, "setup.cfg": "x", "tests/test_a.py": "def ("})
