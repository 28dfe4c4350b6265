"""Dispatches a scripted agent a hundred times in a sandbox, every tenth one with a daemon that it leaves behind.

Prints what the process has left at its end, as JSON. Run by test_mixed_batch.py in a process of its own.
"""

import json
import subprocess
import sys
from pathlib import Path

import psutil

from linestop.blocks.dispatching import dispatched
from linestop.blocks.sandboxes.choice import sandbox_for
from linestop.blocks.scripted_engine.engine import ScriptedEngine
from linestop.plans import ChecksPass, Chunk, Plan
from linestop.policy import SandboxPolicy
from linestop.ports import Dispatch, Limits
from linestop.scenarios import Scenario
from linestop.verdicts import CheckReport
from linestop.watch import LiveLog

DAEMON = "setsid sh -c 'sleep 600 & sleep 600' >/dev/null 2>&1 & echo left"
CHUNK = Chunk(id="c", title="t", source="ruff", rules=("F401",), paths=("a.py",))
PLAN = Plan(id="p", title="t", purpose="p", scope=("a.py",), chunks=(CHUNK,), goal=(ChecksPass(),))


def scenario(number: int) -> Scenario:
    command = DAEMON if number % 10 == 0 else "echo x >> a.py"
    turns = [{"calls": [{"do": "run", "command": command}]}, {"calls": [{"do": "finish", "summary": "done"}]}]
    return Scenario.model_validate({"schema": 1, "name": "one", "turns": turns})


def main(folder: Path) -> None:
    workspace = folder / "workspace"
    workspace.mkdir()
    subprocess.run(["git", "init", "-q", str(workspace)], check=True)
    policy = SandboxPolicy()
    sandbox, me, count = sandbox_for(policy), psutil.Process(), 0
    before = (0, 0)
    for number in range(100):
        order = Dispatch(
            ticket="t", role="maker", attempt=1, plan=PLAN, chunk=CHUNK, brief="go", limits=Limits(wall_seconds=60)
        )
        with LiveLog(folder / f"{number}" / "events.jsonl") as events:
            engine = ScriptedEngine(scenario(number), sandbox=sandbox, policy=policy)
            ended = dispatched(engine, order, workspace, checks=lambda _: CheckReport(runs=()), events=events)
        count += not ended.fault
        if number == 9:  # what is made once and kept, is there by now
            before = (me.num_threads(), me.num_fds())
    sleepers = [one for one in psutil.process_iter(["cmdline"]) if one.info["cmdline"] == ["sleep", "600"]]
    left = {
        "dispatched": count,
        "children": len(me.children(recursive=True)) + len(sleepers),
        "threads_more": me.num_threads() - before[0],
        "files_more": me.num_fds() - before[1],
    }
    sys.stdout.write(json.dumps(left))


main(Path(sys.argv[1]))
