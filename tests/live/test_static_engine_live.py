"""The static engine on a real package: click's source distribution, with its own tests."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic

import pytest

from linestop.blocks.chunk_files import SourceFile, open_file
from linestop.blocks.ruff_fixes import RuffFixes
from linestop.blocks.ruff_reports import RuffReports
from linestop.blocks.static_engine import StaticEngine
from linestop.events import EventLog
from linestop.plans import ChecksPass, Chunk, Plan
from linestop.ports import Dispatch
from linestop.verdicts import CheckReport, CommandRun

pytestmark = pytest.mark.live
CLICK = "click==8.1.8"
FEW = ("tests/test_imports.py", "tests/test_basic.py", "tests/test_options.py", "tests/test_parser.py")


@pytest.fixture(scope="session")
def click_source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("click")
    words = (
        sys.executable,
        "-m",
        "pip",
        "download",
        "-qq",
        "--no-binary",
        ":all:",
        "--no-deps",
        "-d",
        str(folder),
        CLICK,
    )
    subprocess.run(words, check=True, timeout=600)
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return next(path for path in folder.iterdir() if path.is_dir())


@pytest.fixture
def workspace(click_source: Path, tmp_path: Path) -> Path:
    return shutil.copytree(click_source, tmp_path / "workspace")


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    with EventLog(tmp_path / "events.jsonl") as events:
        yield events


def sources(root: Path) -> tuple[str, ...]:
    return tuple(sorted(path.relative_to(root).as_posix() for path in root.glob("src/**/*.py")))


def stable_rules() -> tuple[str, ...]:
    said = subprocess.run(
        (sys.executable, "-m", "ruff", "rule", "--all", "--output-format=json"),
        capture_output=True,
        check=True,
        text=True,
    )
    rules = json.loads(said.stdout)
    return tuple(rule["code"] for rule in rules if "Stable" in str(rule["status"]) and rule["code"].isalnum())


def checks_of(*paths: str) -> Callable[[Path], CheckReport]:
    def checks(root: Path) -> CheckReport:
        # This click makes warnings errors and was written for an older pytest.
        quiet = ("-W", "ignore::pytest.PytestRemovedIn10Warning", "-p", "no:cacheprovider", "--no-header")
        argv = (sys.executable, "-m", "pytest", "-qq", "-x", *quiet, *paths)
        env = {
            **os.environ,
            "PYTHONPATH": str(root / "src"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        }
        start = monotonic()
        ended = subprocess.run(argv, cwd=root, env=env, capture_output=True, text=True, timeout=300, check=False)
        seconds = monotonic() - start
        output = (ended.stdout + ended.stderr)[-8000:]
        return CheckReport(runs=(CommandRun(argv=argv, exit_code=ended.returncode, seconds=seconds, output=output),))

    return checks


@pytest.mark.parametrize("newline", [b"\n", b"\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("unsafe", [False, True], ids=["safe", "unsafe"])
def test_all_fixes_in_one_go_are_what_ruff_itself_would_do(
    workspace: Path, tmp_path: Path, log: EventLog, *, unsafe: bool, newline: bytes
) -> None:
    for path in sources(workspace):
        (workspace / path).write_bytes((workspace / path).read_bytes().replace(b"\n", newline))
    theirs = shutil.copytree(workspace, tmp_path / "theirs")
    paths, rules = sources(workspace), stable_rules()
    ruff = (
        sys.executable,
        "-I",
        "-m",
        "ruff",
        "check",
        "-qe",
        "--isolated",
        "--no-cache",
        "--target-version=py310",
        "--fix",
    )
    how = ("--unsafe-fixes",) if unsafe else ()
    subprocess.run(
        (*ruff, *how, f"--select={','.join(rules)}", "--", *paths), cwd=theirs, check=True, capture_output=True
    )

    files = [file for path in paths if isinstance(file := open_file(workspace, path), SourceFile)]
    report = RuffReports(workspace, rules, target="py310", seconds=60, events=log).report
    outcomes = RuffFixes(workspace, files, rules=rules, proven=rules if unsafe else (), report=report).mend(None)

    assert sum(len(outcome.applied) for outcome in outcomes) > 200
    different = [path for path in paths if (workspace / path).read_bytes() != (theirs / path).read_bytes()]
    assert different == []


def test_unsafe_fixes_that_break_clicks_import_are_found_and_the_rest_is_green(workspace: Path, log: EventLog) -> None:
    runs, few = Counter[str](), checks_of(*FEW)

    def checks(root: Path) -> CheckReport:
        runs["checks"] += 1
        return few(root)

    rules = tuple(
        rule for rule in stable_rules() if rule.startswith(("PYI", "SIM", "B", "C4", "RET", "UP", "PERF", "F"))
    )
    chunk = Chunk(id="all", title="All of it", source="ruff", rules=rules, paths=sources(workspace))
    plan = Plan(id="p", title="t", purpose="p", scope=("src/**",), chunks=(chunk,), goal=(ChecksPass(),))
    order = Dispatch(
        ticket="t", role="maker", attempt=2, plan=plan, chunk=chunk, brief="", corrections=("checks fail: import",)
    )
    assert few(workspace).green
    work = StaticEngine(proven=rules).dispatch(order, workspace, checks=checks, events=log)

    assert runs["checks"] <= 40
    assert any(line.startswith("PYI034") and "breaks the checks" in line for line in work.could_not)
    assert work.summary.startswith("Applies ")
    assert checks_of("tests")(workspace).green
