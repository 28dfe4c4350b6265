"""A dispatch whose whole process is killed with -9 while its agent works: the record says so, and nothing is left."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from linestop.blocks.claims import claim
from linestop.blocks.dispatches import Post, dispatch
from linestop.blocks.line import Line
from linestop.blocks.station import Station
from linestop.briefs import bare_brief
from linestop.events import EventKind
from linestop.paths import Layout
from linestop.records import RunRecord, holder
from linestop.runs import RecordedRun, find_run, follow, read_run
from linestop.runs.files import is_over
from linestop.tickets import Ticket
from linestop.verdicts import CheckReport
from tests.flows.small_shop import CONFIG, small_shop, unused_imports

pytestmark = pytest.mark.live
Until = Callable[[Callable[[], bool], float, str], float]
NAP = "293.7131"  # seconds: a command that no other process of the machine has
SCENARIO = f"""
schema: 1
name: sleeper
turns:
  - think: The build has to run first.
    calls:
      - {{do: run, command: "touch started; sleep {NAP} & sleep {NAP}", seconds: 600}}
"""
ENGINE = '[engines.sleeper]\nkind = "scripted"\nscenario = ".linestop/sleeper.yaml"\n'


@pytest.fixture
def layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Layout]:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "home"))
    root = small_shop(tmp_path / "shop")
    (root / ".linestop" / "sleeper.yaml").write_text(SCENARIO)
    (root / ".linestop" / "config.toml").write_text(CONFIG + ENGINE)
    yield Layout(root)
    for process in sleepers():
        process.kill()


def sleepers() -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        words = process.info["cmdline"] or []
        if NAP in " ".join(words) and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(process)
    return found


def recorded(layout: Layout) -> RecordedRun:
    """Return the record of a dispatch that went well."""
    line, plan = Line(layout.root), unused_imports("stock", "shop/stock.py")
    line.tracker.file(Ticket(id="stock", batch="b", title="t", plan=plan))
    ticket = claim(line, "stock", holder=holder())
    assert ticket
    record = RunRecord(layout, "ticket", ticket="stock")
    station, chunk = Station(line, ticket, record), plan.chunks[0]
    brief = bare_brief(plan, chunk, attempt=1, corrections=())
    post = Post(
        role="maker", engine=line.engine, workspace=station.worktree, chunk=chunk, attempt=1, brief=brief
    )  # fmt: skip
    done = dispatch(station, post, checks=lambda _: CheckReport(runs=()))
    assert not isinstance(done, str)
    done.finish("candidate", summary="")
    station.close()
    record.finish("done")
    return read_run(layout, done.record.folder)


def test_a_dispatch_killed_with_its_agent_at_work_says_so_and_leaves_nothing(layout: Layout, until: Until) -> None:
    first = recorded(layout)
    words = [Path(sys.executable).with_name("linestop"), "lab", "rerun", first.run_id, "--engine", "sleeper"]
    rerun = subprocess.Popen(words, cwd=layout.root, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    assert rerun.stderr
    announced = next(line for line in rerun.stderr if line.startswith("rerun "))
    folder = find_run(layout, announced.split()[1].rstrip(";"))
    for event in follow(folder, over=lambda: is_over(folder)):
        if event.kind == EventKind.TOOL_CALL:
            break
    until(lambda: bool(sleepers()), 120, "the agent's command runs")
    os.kill(rerun.pid, signal.SIGKILL)
    rerun.communicate()
    run = read_run(layout, folder)
    assert (run.outcome, run.calls, run.outcomes, run.parameter("rerun_of")) == ("killed", 1, {}, first.run_id)
    assert "sleep" in run.last or "shell" in run.last
    until(lambda: not sleepers(), 120, "its agent's processes are gone")
    shown = subprocess.run(
        [words[0], "run", "show", folder.name, "--follow"], cwd=layout.root, capture_output=True, text=True, check=False
    )
    assert (shown.returncode, "it was killed" in shown.stderr) == (1, True)


def test_the_next_rerun_removes_the_workspace_that_a_killed_one_left(layout: Layout) -> None:
    first = recorded(layout)
    lost = RunRecord(layout, "dispatch", rerun_of=first.run_id)
    lost.events.close()
    inputs = (lost.folder / "inputs.json").read_text().replace(holder(), f"{holder().partition(':')[0]}:1:0.00")
    (lost.folder / "inputs.json").write_text(inputs)
    line = Line(layout.root)
    left = [line.workspaces.checkout(f"{lost.id}.{use}", "main") for use in ("rerun", "rerun-base")]
    done = subprocess.run(
        [Path(sys.executable).with_name("linestop"), "lab", "rerun", first.run_id],
        cwd=layout.root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert [path for path in left if path.exists()] == []
    assert line.workspaces.git.run("worktree", "list").count("\n") == 1
