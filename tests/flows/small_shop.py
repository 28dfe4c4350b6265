"""A small target repository for flow tests: a package with findings, tests, and checks that need no building."""

import atexit
import shutil
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from linestop.blocks.git_commands import GitCommands
from linestop.blocks.git_workspaces import GitWorkspaces
from linestop.blocks.plan_branch import PlanBranch
from linestop.plans import ChecksPass, Chunk, FindingsGone, Plan

PRICES = """import os
import sys


def total(prices, discount=None):
    if discount == None:
        discount = 0
    return sum(prices) - discount
"""
STOCK = """import json
import math


def count(items):
    return len(list(items))
"""
TESTS = """import json

from shop import prices, stock


def test_total():
    assert prices.total([1, 2]) == 3


def test_count():
    assert stock.count("ab") == 2
"""
# The same in unittest, which starts ten times faster: for tests that are not about what a runner of tests reports.
CASES = """import json
import unittest

from shop import prices, stock


class ShopTest(unittest.TestCase):
    def test_total(self):
        assert prices.total([1, 2]) == 3

    def test_count(self):
        assert stock.count("ab") == 2
"""
PYTEST, UNITTEST = "python -m pytest -q", "python -m unittest discover -s tests"


def _config(command: str) -> str:
    return f'[checks]\ncommand = "{command}"\npython = "{sys.executable}"\n'


CONFIG = _config(PYTEST)


def small_shop(root: Path, *plans: Plan, tests: str = TESTS) -> Path:
    """Make the repository at `root`, with one commit on `main` and the plans on their branch, and return it.

    It is a copy of one that git made once: two dozen starts of git for each test are most of a quick test's time.
    """
    shutil.copytree(_template(plans, tests), root, dirs_exist_ok=True)
    return root


@cache
def _template(plans: tuple[Plan, ...], tests: str) -> Path:
    folder = TemporaryDirectory(prefix="linestop-shop-")
    atexit.register(folder.cleanup)
    root = _made(Path(folder.name) / "shop", tests)
    if plans:
        write_plans(root, *plans)
    for sample in (root / ".git" / "hooks").glob("*.sample"):
        sample.unlink()
    return root


def _made(root: Path, tests: str) -> Path:
    command = UNITTEST if "unittest" in tests else PYTEST
    for name, text in {
        "shop/__init__.py": "",
        "shop/prices.py": PRICES,
        "shop/stock.py": STOCK,
        "tests/test_shop.py": tests,
        "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\n[tool.pytest.ini_options]\npythonpath = ["."]\n',
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (root / ".linestop").mkdir()
    (root / ".linestop" / "config.toml").write_text(_config(command))
    (root / ".linestop" / ".gitignore").write_text("*\n")
    git = GitCommands(root / ".git", root)
    git.run("init", "--quiet", "--initial-branch=main")
    commit_all(root, "start")
    return root


def commit_all(root: Path, message: str) -> None:
    """Commit the main checkout as its owner would."""
    git = GitCommands(root / ".git", root)
    git.run("add", "--all", ".")
    git.run("commit", "--quiet", "-m", message)


def unused_imports(plan_id: str, *paths: str, rules: tuple[str, ...] = ("F401",)) -> Plan:
    """Return a plan that removes the unused imports of some files, a chunk a file."""
    chunks = tuple(
        Chunk(id=f"c{number}", title=f"Unused imports of {path}", source="ruff", rules=rules, paths=(path,))
        for number, path in enumerate(paths)
    )
    goal = tuple(FindingsGone(source="ruff", rules=rules, paths=(path,)) for path in paths)
    return Plan(
        id=plan_id,
        title=f"Unused imports ({plan_id})",
        purpose="Imports that nothing reads cost start time.",
        scope=paths,
        chunks=chunks,
        goal=(*goal, ChecksPass()),
        risks=("an import may have been meant for others",),
    )


def write_plans(root: Path, *plans: Plan) -> None:
    """Put plans on the plans' branch, as the audit does."""
    PlanBranch(GitWorkspaces(root)).write(plans, message="plans")
