"""A dispatch that is killed at any point leaves a record that can be read and says so. Real processes, real kill -9."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from linestop.deployments.cli.run_show import show
from linestop.insight import history
from linestop.paths import Layout
from linestop.runs import RecordedRun, find_run, read_run

# One process that forks a child for each point and says which record it left; the child kills itself there.
CODE = """
import json, os, signal, sys
from pathlib import Path
from pydantic import BaseModel, model_serializer
from linestop.events import EventKind, Outcome
from linestop.paths import Layout
from linestop.records import RunRecord
from linestop.watch import Firing, LiveLog, Rung

def now(): os.kill(os.getpid(), signal.SIGKILL)

class Bomb(BaseModel):
    @model_serializer
    def burst(self): now()

class AfterInputs(LiveLog):
    def __init__(self, path): now()

def opened(**words):
    return RunRecord(layout, "dispatch", role="maker", ticket="t1", chunk="c1", attempt=1, engine="e", **words)

def working():
    record = opened()
    record.write("brief.md", "Mend it.")
    record.events.append(EventKind.TOOL_CALL, tool="shell", action="run", args={"command": "make"})
    return record

def torn(record):
    with record.events.path.open("a") as file:
        file.write('{"v":1,"kind":"mess')
    now()

POINTS = {
    "before inputs": lambda: opened(bomb=Bomb()),
    "before events": lambda: opened(open_log=AfterInputs),
    "before brief": lambda: (opened(), now()),
    "in a call": lambda: (working(), now()),
    "torn line": lambda: torn(working()),
    "before result": lambda: working().finish("candidate", bomb=Bomb()),
}
layout, said = Layout(Path(sys.argv[1])), {}
layout.ensure()
for name, point in POINTS.items():
    before = set(layout.runs.iterdir())
    if not (child := os.fork()):
        point()
        os._exit(1)
    _, status = os.waitpid(child, 0)
    (left,) = set(layout.runs.iterdir()) - before
    said[name] = [os.WTERMSIG(status), left.name]
print(json.dumps(said))
"""
POINTS = ("before inputs", "before events", "before brief", "in a call", "torn line", "before result")


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Layout, dict[str, str]]:
    root = tmp_path_factory.mktemp("killed") / "shop"
    (root / ".git").mkdir(parents=True)
    done = subprocess.run([sys.executable, "-c", CODE, str(root)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert {signal for signal, _ in said.values()} == {9}
    return Layout(root), {point: run_id for point, (_, run_id) in said.items()}


def read(killed: tuple[Layout, dict[str, str]], point: str) -> RecordedRun:
    layout, runs = killed
    return read_run(layout, find_run(layout, runs[point]))


@pytest.mark.parametrize("point", POINTS)
def test_it_reads_as_killed_wherever_it_was(killed: tuple[Layout, dict[str, str]], point: str) -> None:
    run = read(killed, point)
    if point != "before inputs":
        assert run.outcome == "killed"
    assert (run.kind, run.started is None) == ("dispatch", False)


@pytest.mark.parametrize("point", POINTS[1:])
def test_its_page_says_that_it_was_killed(
    killed: tuple[Layout, dict[str, str]], point: str, capsys: pytest.CaptureFixture[str]
) -> None:
    layout, runs = killed
    assert show(runs[point], repo=layout.root) == 0
    out = capsys.readouterr().out
    assert "maker c1 #1  killed" in out
    assert "killed: its process ended without a result" in out


def test_one_that_said_nothing_yet_is_killed_once_it_can_not_be_starting_any_more(
    killed: tuple[Layout, dict[str, str]],
) -> None:
    layout, runs = killed
    folder = layout.runs / runs["before inputs"]
    assert read(killed, "before inputs").outcome == "running", "it may be a start that is going on"
    age(folder)
    run = read(killed, "before inputs")
    assert run.outcome == "killed"
    assert "killed before it could write what it was given" in run.problems[0]


def age(folder: Path) -> None:
    """Make a folder look as old as one that nobody is starting."""
    os.utime(folder, (1, 1))


def test_what_it_did_until_then_is_there(killed: tuple[Layout, dict[str, str]]) -> None:
    run = read(killed, "in a call")
    assert (run.brief, run.calls, run.outcomes) == ("Mend it.", 1, {})
    assert "shell" in run.last
    assert run.ended is not None, "its last sign of life"


def test_a_torn_line_is_named_and_costs_nothing_else(killed: tuple[Layout, dict[str, str]]) -> None:
    run = read(killed, "torn line")
    assert run.calls == 1
    assert any("the last line of events.jsonl is torn" in problem for problem in run.problems)


def test_the_history_has_every_one_of_them(killed: tuple[Layout, dict[str, str]]) -> None:
    layout, runs = killed
    age(layout.runs / runs["before inputs"])
    assert {run.run_id: run.outcome for run in history(layout)} == dict.fromkeys(runs.values(), "killed")


@pytest.mark.parametrize("point", POINTS)
def test_following_a_killed_run_ends_and_says_so(
    killed: tuple[Layout, dict[str, str]], point: str, capsys: pytest.CaptureFixture[str]
) -> None:
    layout, runs = killed
    age(layout.runs / runs["before inputs"])
    assert show(runs[point], follow_=True, repo=layout.root) == 1
    assert "it was killed" in capsys.readouterr().err
