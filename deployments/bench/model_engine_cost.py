"""What a step of ModelEngine costs, side by side with mini-swe-agent: same scripted server, same command.

A step is one model call and one command. Its cost is the difference of a long and a short run, so that starting up
counts on neither side. `LINESTOP_MINI` names the environment that mini-swe-agent is installed in.
"""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from linestop.blocks.model_engine.engine import ModelEngine
from linestop.blocks.prices import GenaiPrices
from linestop.blocks.sandboxes.bubblewrap_sandbox import BubblewrapSandbox
from linestop.blocks.sandboxes.plain_sandbox import PlainSandbox
from linestop.deployments.bench import mini_steps
from linestop.deployments.bench.pairs import Measure, measure, timed
from linestop.engines import Endpoint, ModelSettings
from linestop.errors import InfraError, LinestopError, ToolError
from linestop.plans import ChecksPass, Chunk, Plan
from linestop.policy import SandboxPolicy
from linestop.ports import Dispatch, Limits, Sandbox
from linestop.verdicts import CheckReport
from linestop.watch import LiveLog

SHORT, LONG = 5, 55  # steps
MINI = "LINESTOP_MINI"
GOAL, NOISE = "not slower", 1.1  # a tenth is the noise of a machine that does other things too
_SCENARIO = "name: steps\nturns:\n  - calls: [{do: run, command: 'echo step {n}'}]\n    times: 10000\n"


def model_engine_cost(pairs: int) -> list[Measure]:
    """Return the seconds of a step in each sandbox, ours over mini-swe-agent's where that is there.

    mini-swe-agent runs its commands as they are, or in a bubblewrap of its own, which shares network and processes
    with the machine and has no limits.
    """
    logging.getLogger("linestop.blocks.sandboxes.plain_sandbox").setLevel(logging.ERROR)  # it warns at each dispatch
    with TemporaryDirectory(prefix="linestop-steps-") as folder, _server(Path(folder)) as url:
        scratch = Path(folder)
        return [_measured(sandbox, url, scratch, pairs) for sandbox in (PlainSandbox(), BubblewrapSandbox())]


def _measured(sandbox: Sandbox, url: str, scratch: Path, pairs: int) -> Measure:
    name = f"a step of ModelEngine ({sandbox.name})"
    _ours(sandbox, url, scratch, 2)  # loads what is lazy
    mini = _mini_python()
    if mini is None:
        found = [_a_step(sandbox, url, scratch) for _ in range(pairs)]
        note = f"mini-swe-agent is not here: set {MINI} to an environment that has it"
        return Measure(name=name, ours=sorted(found)[len(found) // 2], bare=None, ratio=None, pairs=pairs, note=note)
    both = [(_a_step(sandbox, url, scratch), _a_step_of_mini(mini, sandbox.name, url, scratch)) for _ in range(pairs)]
    compared = measure(f"{name} over one of mini-swe-agent", both)
    return compared.model_copy(update={"goal": GOAL, "met": (compared.ratio or 0) <= NOISE})


def _a_step(sandbox: Sandbox, url: str, scratch: Path) -> float:
    short = timed(lambda: _ours(sandbox, url, scratch, SHORT))
    long = timed(lambda: _ours(sandbox, url, scratch, LONG))
    return (long - short) / (LONG - SHORT)


def _a_step_of_mini(python: Path, sandbox: str, url: str, scratch: Path) -> float:
    argv = [str(python), mini_steps.__file__, url, str(scratch), sandbox, str(SHORT), str(LONG)]
    env = {**os.environ, "TMPDIR": str(scratch)}
    ran = subprocess.run(
        argv, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, cwd=scratch, env=env
    )
    if ran.returncode:
        raise ToolError("mini-swe-agent failed", found=ran.stderr[-500:], todo=f"see whether {python} can run it")
    short, long = json.loads(ran.stdout.splitlines()[-1])
    return float(long - short) / (LONG - SHORT)


def _ours(sandbox: Sandbox, url: str, scratch: Path, steps: int) -> None:
    workspace, record = scratch / "workspace", scratch / "events.jsonl"
    workspace.mkdir(exist_ok=True)
    record.unlink(missing_ok=True)
    engine = ModelEngine(
        ModelSettings(model="scripted-1", endpoint="it", turns=10_000, window=1_000_000),
        name="measured",
        endpoint=Endpoint(url=f"{url}/v1"),
        sandbox=sandbox,
        policy=SandboxPolicy(),
        mcp={},
        prices=GenaiPrices({}),
    )
    chunk = Chunk(id="c", title="Do it", source="bench", rules=("none",), paths=("a.py",))
    plan = Plan(id="p", title="Steps", purpose="to measure", scope=("**",), chunks=(chunk,), goal=(ChecksPass(),))
    limits = Limits(turns=steps)
    order = Dispatch(ticket="t", role="maker", attempt=1, plan=plan, chunk=chunk, brief="Do it.", limits=limits)
    with LiveLog(record) as events:
        work = engine.dispatch(order, workspace, checks=_unchecked, events=events)
    if f"{steps} of {steps}" not in work.broke_off:
        raise InfraError("the bench's dispatch ended early", found=work.broke_off or work.summary, todo="run it again")


def _unchecked(_: Path) -> CheckReport:
    return CheckReport(runs=())


def _mini_python() -> Path | None:
    """Return the interpreter of the environment that mini-swe-agent is in, None where there is none.

    Raises:
        LinestopError: an environment is named and has no interpreter.
    """
    named = os.environ.get(MINI, "")
    if not named:
        return None
    python = Path(named) / "bin" / "python"
    if not python.is_file():
        raise LinestopError(
            f"{MINI} names no environment", found=named, todo="name the folder of a virtual environment"
        )
    return python


@contextmanager
def _server(folder: Path) -> Iterator[str]:
    """Yield the URL of a scripted server in a process of its own: in ours it would slow down only us."""
    scenario = folder / "steps.yaml"
    scenario.write_text(_SCENARIO, encoding="utf-8")
    argv = [str(Path(sys.executable).with_name("linestop")), "lab", "serve", str(scenario)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            yield (process.stdout.readline() if process.stdout else "").strip()
        finally:
            process.terminate()
