"""A repository that wants to run its own code in linestop's process, or to write where it may not."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from linestop.blocks.git_commands import GitCommands
from tests.live.linestop_command import linestop, machine, reported

pytestmark = pytest.mark.live

BOMB = """import os, pathlib, sys
if any(name.startswith("linestop") or name == "prefect" for name in sys.modules):
    pathlib.Path({mark!r}).joinpath(__name__ + "-in-linestop").write_text(repr(sys.argv))
if any(name.startswith(("PREFECT_", "LINESTOP_")) or "SECRET" in name for name in os.environ):
    pathlib.Path({mark!r}).joinpath(__name__ + "-environment").write_text("\\n".join(os.environ))
"""
SHADOWS = (
    "tasks.py", "blocks.py", "flows/__init__.py", "flows/audit.py", "linestop/__init__.py", "prefect.py", "ruff.py",
    "vulture.py", "sitecustomize.py", "usercustomize.py", "deployments/__init__.py", "pydantic/__init__.py", "git.py",
)  # fmt: skip
HOOKS = ("post-checkout", "pre-commit", "commit-msg", "post-commit", "reference-transaction", "post-index-change")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with machine(tmp_path_factory.mktemp("home")) as home:
        yield home


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    """Return the folder in which hostile code leaves its mark."""
    (tmp_path / "mark").mkdir()
    return tmp_path / "mark"


@pytest.fixture
def target(tmp_path: Path, mark: Path) -> Path:
    root = tmp_path / "-a hostile\ttarget ☠"
    bomb = BOMB.format(mark=str(mark))
    files = dict.fromkeys(SHADOWS, bomb)
    files |= {
        "shop/__init__.py": "import os\n\n\ndef one():\n    return 1\n",
        "shop/-dash and space\nnewline.py": "import os\n",
        "tests/test_shop.py": "from shop import one\n\n\ndef test_one():\n    assert one() == 1\n",
        "conftest.py": bomb + f"pathlib.Path({str(mark.parent / 'ran')!r}).write_text(__name__)\n",
        "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\n[tool.setuptools]\npackages = ["shop"]\n',
        "prefect.toml": '[api]\nurl = "http://127.0.0.1:9/api"\n',
        ".env": "PREFECT_API_URL=http://127.0.0.1:9/api\nLINESTOP_HOME=/nowhere\n",
        ".gitattributes": "*.py filter=bomb\n",
        ".gitmodules": '[submodule "x"]\n\tpath = x\n\turl = ext::sh -c "touch ' + str(mark / "submodule") + '"\n',
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (root / "outside").symlink_to(mark)
    git = GitCommands(root / ".git", root)
    git.run("init", "--quiet", "--initial-branch=main")
    git.run("add", "--all", ".")
    git.run("commit", "--quiet", "-m", "start")
    for hook in HOOKS:
        path = root / ".git" / "hooks" / hook
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\ntouch '{mark}/hook-{hook}'\n")
        path.chmod(0o755)
    for setting in ("smudge", "clean", "process"):
        git.run("config", f"filter.bomb.{setting}", f"touch '{mark}/filter-{setting}'; cat")
    git.run("config", "core.fsmonitor", f"touch '{mark}/fsmonitor'")
    return root


def test_nothing_of_the_target_runs_in_linestop_or_sees_its_environment(home: Path, target: Path, mark: Path) -> None:
    reports = reported(home, "run", ".", cwd=target)
    assert [path.name for path in mark.iterdir()] == []
    assert reports["audit"]["findings"]
    assert [ticket["state"] for ticket in reports["execution"]["tickets"] if ticket["commits"]] == ["done"], reports
    assert (mark.parent / "ran").read_text() == "conftest"  # the trap was stepped on, in the checks and nowhere else
    for words in (("doctor",), ("history",), ("insight",), ("ticket", "list"), ("oracle",)):
        linestop(home, *words, cwd=target)
    assert [path.name for path in mark.iterdir()] == []
