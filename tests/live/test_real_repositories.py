"""What linestop is held to on other people's code: source distributions that bring their tests, made repositories."""

import hashlib
import json
import subprocess
import sys
import tarfile
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from linestop.blocks.check_results import read_report
from linestop.blocks.git_commands import GitCommands
from linestop.incidents import IncidentStore
from linestop.paths import Layout
from linestop.tracker import SqliteTracker
from linestop.verdicts import CheckReport, TestCase
from tests.live.linestop_command import environment, linestop, machine, reported

pytestmark = pytest.mark.live

AUDIT_SECONDS = 60  # it takes 1 to 2; the machine may be busy


@dataclass(frozen=True)
class Project:
    """A pinned source distribution, its policy, and a further test that makes its base red on every machine."""

    name: str
    version: str
    policy: str = ""
    red_test: str = ""


NEEDS_NETWORK = """import socket


def test_that_needs_the_network():
    socket.create_connection(("nowhere.invalid", 80), timeout=5)
"""
CLICK = Project("click", "8.1.8", red_test=NEEDS_NETWORK)
MARSHMALLOW = Project("marshmallow", "4.0.1")  # the time of day stands in the names of its tests
# Its suite is slow, so one plan; one test fails on some versions of Python 3.11.
ATTRS = Project("attrs", "26.1.0", policy="""
[audit]
max_plans = 1
[checks]
command = "python -m pytest --deselect tests/test_converters.py::TestPipe::test_wrapped_annotation"
""")  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with machine(tmp_path_factory.mktemp("home")) as home:
        yield home


@pytest.fixture(params=[CLICK, MARSHMALLOW, ATTRS], ids=lambda project: project.name)
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return a git repository of one commit, made of a source distribution."""
    project: Project = request.param
    repository = _unpacked(project, tmp_path) / project.name
    if project.red_test:
        (repository / "tests" / "test_network.py").write_text(project.red_test)
    git = GitCommands(repository / ".git", repository)
    git.run("init", "--quiet", "--initial-branch=main")
    git.run("add", "--all", "--force", ".")
    git.run("commit", "--quiet", "-m", f"{project.name} {project.version}")
    if project.policy:
        Layout(repository).ensure().config.write_text(project.policy)
    return repository


def test_a_real_repository_gets_green_branches_and_is_left_as_it_was(home: Path, root: Path) -> None:
    before = everything(root)
    reports = _run_past_a_red_base(home, root)
    assert reports["audit"]["seconds"] < AUDIT_SECONDS
    assert reports["execution"]["answer"] == "done", reports["execution"]
    done = [ticket for ticket in reports["execution"]["tickets"] if ticket["state"] == "done" and ticket["commits"]]
    assert done, reports["execution"]
    for ticket in done:
        _stays_in_scope(root, ticket["id"], ticket["branch"])
    passing = _passed_on_the_base(root)
    assert passing
    for ticket in done:
        assert passing <= _passing(home, root, ticket["branch"])
    branches = _branches(root)
    again = reported(home, "run", str(root))
    assert (again["audit"]["plans"], again["execution"]["ran"], again["documentation"]["commit"]) == ([], [], None)
    assert _branches(root) == branches
    assert everything(root) == before


def _run_past_a_red_base(home: Path, root: Path) -> Any:
    """Run the main job; where the base is red here, do what the incident says and run it again."""
    reports = reported(home, "run", str(root))
    audit = reports["audit"]
    incidents = [incident for incident in IncidentStore(Layout(root)).list() if incident.scope == "repository"]
    if not incidents:
        return reports
    assert reports["execution"]["answer"] == "not_done"
    assert incidents[-1].id in " ".join(reports["execution"]["reasons"])
    assert not [ticket for ticket in reports["execution"]["tickets"] if ticket["commits"]]
    todo = incidents[-1].todo
    assert todo in _unindented(linestop(home, "incident", "show", incidents[-1].id, cwd=root).stdout)
    config = Layout(root).config
    config.write_text(todo[todo.index("[checks]") :])
    return {**reported(home, "run", str(root)), "audit": audit}


def everything(root: Path) -> dict[str, tuple[str, int, int]]:
    """Return hash, mode and time of change of all but linestop's own state; of .git what a person works with."""
    ours = {".git/index", ".git/HEAD", ".git/config", ".git/refs/heads/main"}
    return {
        name: (_content(path), path.lstat().st_mode, path.lstat().st_mtime_ns)
        for path in sorted(root.rglob("*"))
        if (name := path.relative_to(root).as_posix()).partition("/")[0] not in {".git", ".linestop"} or name in ours
    }


def _content(path: Path) -> str:
    if path.is_symlink():
        return f"-> {path.readlink()}"
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"


def _stays_in_scope(root: Path, ticket: str, branch: str) -> None:
    plan = SqliteTracker(Layout(root).tracker).get(ticket).plan
    touched = set(_git(root).run("diff", "--name-only", f"main...{branch}").splitlines())
    assert touched
    assert touched <= {path for chunk in plan.chunks for path in chunk.paths}


def _passed_on_the_base(root: Path) -> set[str]:
    (path,) = (Layout(root).state / "baselines").glob("*.json")
    return _lasting(CheckReport.model_validate_json(path.read_text()).tests)


def _passing(home: Path, root: Path, ref: str) -> set[str]:
    """Return the tests that pass at a ref: run by ourselves in a clone, with what linestop installed for them."""
    clone = root.parent / "clones" / ref.replace("/", "-")
    subprocess.run(["git", "clone", "--quiet", "--branch", ref, str(root), str(clone)], check=True)
    built = next(json.loads(path.read_text()) for path in _built(home, root.name))
    python = home / "environments" / built["key"] / "venv" / "bin" / "python"
    report = root.parent / f"{clone.name}.xml"
    arguments = _policy(root).get("checks", {}).get("command", "python -m pytest").split()[3:]
    subprocess.run(
        [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", *arguments],
        cwd=clone, env=environment(home) | {"PYTHONPATH": str(clone / "src")}, capture_output=True, check=True,
    )  # fmt: skip
    cases, problem = read_report(report)
    assert not problem
    return _lasting(cases)


def _lasting(cases: Iterable[TestCase]) -> set[str]:
    """Return the names of tests that passed; a time of day in one is another in the next run."""
    return {"".join("#" if char.isdigit() else char for char in case.id) for case in cases if case.outcome == "passed"}


def _built(home: Path, name: str) -> Iterator[Path]:
    for path in (home / "environments").glob("*/complete.json"):
        if json.loads(path.read_text())["project"]["name"] == name:
            yield path


def _unpacked(project: Project, folder: Path) -> Path:
    wanted = f"{project.name}=={project.version}"
    words = ["download", "--quiet", "--no-binary", ":all:", "--no-deps", "--dest", str(folder), wanted]
    run = subprocess.run([sys.executable, "-m", "pip", *words], capture_output=True, text=True, check=False)
    if run.returncode != 0:
        pytest.skip(f"the package index can't be reached for {wanted}: {run.stderr.strip().rpartition('ERROR: ')[2]}")
    with tarfile.open(next(folder.glob("*.tar.gz"))) as archive:
        archive.extractall(folder, filter="data")
    next(path for path in folder.iterdir() if path.is_dir()).rename(folder / project.name)
    return folder


def _policy(root: Path) -> dict[str, Any]:
    config = Layout(root).config
    return tomllib.loads(config.read_text()) if config.is_file() else {}


def _branches(root: Path) -> str:
    return _git(root).run("for-each-ref", "refs/heads")


def _git(root: Path) -> GitCommands:
    return GitCommands(root / ".git", root)


def _unindented(text: str) -> str:
    return "\n".join(line.removeprefix("  ") for line in text.splitlines())
