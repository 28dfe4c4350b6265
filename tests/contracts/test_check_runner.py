"""Every runner of checks says the same of the same repository: what passed, failed, is flaky or proves nothing."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from linestop.blocks.interpreter import own_base
from linestop.blocks.repository_checks import RepositoryChecks, checks_for
from linestop.checks import regressions
from linestop.errors import InfraError, PolicyError, RepositoryError
from linestop.paths import Layout
from linestop.policy import ChecksPolicy, Policy
from linestop.ports import CheckRunner
from linestop.verdicts import CheckReport

Make = Callable[[dict[str, str]], tuple[CheckRunner, Path]]

GREEN = """
    import unittest
    from shop import price
    class Prices(unittest.TestCase):
        def test_one(self): self.assertEqual(price(), 1)
        def test_two(self): pass
        @unittest.skip("later")
        def test_three(self): pass
"""
SHOP = {"src/shop/__init__.py": "def price():\n    return 1\n", "tests/test_shop.py": GREEN}
# The plugins of our own environment, which every one of these runs would load, take most of its time.
INI = "[pytest]\naddopts = --disable-plugin-autoload -p pytest_cov.plugin\n"
PYTEST_SHOP = {**SHOP, "pytest.ini": INI}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def write(root: Path, files: dict[str, str]) -> Path:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(dedent(text), encoding="utf-8")
    return root


def checks(root: Path, **policy: object) -> RepositoryChecks:
    return checks_for(Layout(root), Policy(checks=ChecksPolicy.model_validate(policy)), root)


@pytest.fixture(params=["pytest", "unittest"])
def make(request: pytest.FixtureRequest, tmp_path: Path, home: Path) -> Make:
    def build(files: dict[str, str]) -> tuple[CheckRunner, Path]:
        extra = {"pytest.ini": INI} if request.param == "pytest" else {}
        root = write(tmp_path / "target", {**files, **extra})
        return checks(root, python=sys.executable, timeout_seconds=60), root

    return build


def outcomes(report: CheckReport) -> dict[str, str]:
    return {case.id.rpartition("::")[2]: case.outcome for case in report.tests}


def test_a_green_repository_is_green_test_by_test(make: Make) -> None:
    runner, root = make(SHOP)
    report = runner.run(root)
    assert report.green, report.runs
    assert outcomes(report) == {"test_one": "passed", "test_two": "passed", "test_three": "skipped"}


def test_the_checkout_under_test_is_what_is_tested(make: Make, tmp_path: Path) -> None:
    runner, root = make(SHOP)
    other = write(tmp_path / "candidate", {**SHOP, "src/shop/__init__.py": "def price():\n    return 2\n"})
    base, candidate = runner.run(root), runner.run(other)
    assert base.green
    assert not candidate.green
    assert [name.split("::")[-1] for name in regressions(base, candidate)] == ["test_one (fails)"]


def test_a_run_leaves_the_checkout_as_it_was(make: Make) -> None:
    runner, root = make(SHOP)
    before = sorted(root.rglob("*"))
    runner.run(root)
    assert sorted(root.rglob("*")) == before


def test_only_narrows_to_the_tests_that_were_named(make: Make) -> None:
    runner, root = make(SHOP)
    every = runner.run(root)
    one = next(case.id for case in every.tests if case.id.endswith("test_two"))
    assert outcomes(runner.run(root, only=[one])) == {"test_two": "passed"}


FLAKY = """
    import pathlib, unittest
    class Flaky(unittest.TestCase):
        def test_flaky(self):
            marker = pathlib.Path({marker!r})
            tries = len(marker.read_text()) if marker.exists() else 0
            marker.write_text("x" * (tries + 1))
            self.assertGreaterEqual(tries, 2)
        def test_red(self): self.fail("always")
"""


def test_a_flaky_test_is_named_and_no_pass(make: Make, tmp_path: Path) -> None:
    runner, root = make({"tests/test_flaky.py": FLAKY.format(marker=str(tmp_path / "marker"))})
    report = runner.run(root)
    assert [name.rpartition("::")[2] for name in report.flaky] == ["test_flaky"]
    assert outcomes(report) == {"test_flaky": "failed", "test_red": "failed"}
    assert not report.green
    assert len(report.runs) == 4  # once, and three times what had failed


CASE = "class A(unittest.TestCase):\n  def test_a(self): "


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"import os, unittest\n{CASE}os._exit(0)", id="exits-0-without-a-report"),
        pytest.param(f"import unittest\n@unittest.skip('x')\n{CASE}pass", id="all-skipped"),
        pytest.param(f"import unittest, gone_module\n{CASE}pass", id="does-not-import"),
    ],
)
def test_exit_code_0_without_a_test_that_passed_is_not_green(text: str, make: Make) -> None:
    runner, root = make({"tests/test_a.py": text})
    report = runner.run(root)
    assert not report.green
    assert report.runs[-1].output


def test_tests_that_hang_are_stopped(tmp_path: Path, home: Path) -> None:
    text = "import time, unittest\nclass A(unittest.TestCase):\n  def test_a(self): time.sleep(600)"
    root = write(tmp_path / "target", {"tests/test_a.py": text})
    report = checks(root, python=sys.executable, timeout_seconds=2).run(root)
    assert report.runs[-1].timed_out
    assert regressions(report, report) == ("`python -m unittest discover -s tests` ran out of time after 2 s",)


def test_any_other_command_is_judged_by_its_exit_code(tmp_path: Path, home: Path) -> None:
    root = write(tmp_path / "target", {"check": "x"})
    assert checks(root, command="test -f check").run(root).green
    assert not checks(root, command="test -f gone").run(root).green


OWN_NAMES = """
    import importlib.util, os, sys, unittest
    class Own(unittest.TestCase):
        def test_own_modules(self):
            import blocks, flows, linestop, tasks
            for module in (blocks, flows, linestop, tasks):
                self.assertEqual(module.OWNER, "target")
        def test_nothing_of_ours(self):
            for name in ("linestop.deployments", "prefect", "linestop.policy"):
                try:
                    self.assertIsNone(importlib.util.find_spec(name), name)
                except ModuleNotFoundError:
                    pass
        def test_no_secret(self):
            names = [n for n in os.environ if n.startswith(("LINESTOP_", "PREFECT_", "GITHUB_"))]
            self.assertEqual(names, [])
"""


def test_a_target_with_our_folder_names_tests_its_own_code_and_finds_none_of_ours(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "secret")
    own = dict.fromkeys(("tasks.py", "flows/__init__.py", "blocks.py", "linestop/__init__.py"), 'OWNER = "target"\n')
    root = write(tmp_path / "target", {**own, "tests/test_own.py": OWN_NAMES})
    report = checks(root, python=str(own_base())).run(root)
    assert report.green, [run.output for run in report.runs]
    assert len(report.tests) == 3


def test_nothing_of_the_target_runs_in_our_process(tmp_path: Path, home: Path) -> None:
    marker = tmp_path / "ran"
    boom = f"import os\nopen({str(marker)!r}, 'a').write(str(os.getpid()) + chr(10))\n"
    names = ("setup.py", "conftest.py", "noxfile.py", "sitecustomize.py", "tasks.py", "pip.py", "venv.py")
    root = write(tmp_path / "target", {**dict.fromkeys(names, boom), **SHOP})
    checks(root, python=str(own_base())).run(root)
    import os  # noqa: PLC0415

    ran = marker.read_text().split() if marker.exists() else []
    assert str(os.getpid()) not in ran


def test_reports_of_other_commands_or_environments_are_never_mixed_up(tmp_path: Path, home: Path) -> None:
    root = write(tmp_path / "target", SHOP)
    one = checks(root, python=sys.executable)
    assert one.key == checks(root, python=sys.executable).key
    assert one.key != checks(root, python=sys.executable, command="pytest").key
    assert one.key != checks(root, python=str(own_base())).key
    assert "unittest" in one.description


def test_a_python_that_is_none_is_a_policy_error(tmp_path: Path, home: Path) -> None:
    root = write(tmp_path / "target", SHOP)
    with pytest.raises(PolicyError, match=r"checks\.python"):
        checks(root, python="/bin/false")


def test_an_environment_that_is_gone_is_nobodys_red_test(tmp_path: Path, home: Path) -> None:
    root = write(tmp_path / "shop", SHOP)
    runner = checks(root)
    assert runner.run(root).green
    shutil.rmtree(home / "environments")
    with pytest.raises(InfraError, match="environment of the checks is gone"):
        runner.run(root)
    assert checks(root).run(root).green


def test_a_repository_without_tests_gets_a_clear_stop(tmp_path: Path, home: Path) -> None:
    with pytest.raises(RepositoryError, match="no tests were found"):
        checks(write(tmp_path / "target", {"a.py": "x = 1"}))


WHERE = """
    import pathlib, pytest, tempfile
    @pytest.mark.parametrize("path", [str(pathlib.Path(__file__)), tempfile.gettempdir()])
    def test_it(path):
        fails = pathlib.Path(__file__).with_name("fails-" + str(path == __file__))
        if fails.exists():
            fails.unlink()
            raise AssertionError("once")
"""


def test_a_test_whose_parameter_is_a_path_has_one_name_in_every_checkout(tmp_path: Path, home: Path) -> None:
    files = {"pytest.ini": INI, "tests/test_paths.py": WHERE}
    root, other = write(tmp_path / "target", files), write(tmp_path / "other", files)
    runner = checks(root, python=sys.executable, timeout_seconds=60)
    assert regressions(runner.run(root), runner.run(other)) == ()
    write(other / "tests", {"fails-True": "", "fails-False": ""})
    report = runner.run(other)
    assert len(report.failed) == 2
    assert report.flaky == report.failed  # under those names they were found again
    assert len(runner.run(root, only=report.failed).tests) == 2
