"""The agents' command lines that are installed here, and one dispatch of one of them against a scripted model."""

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import psutil
import pytest

from linestop.blocks.command_engine.engine import CommandEngine
from linestop.blocks.prices import GenaiPrices
from linestop.blocks.sandboxes.choice import sandbox_for
from linestop.deployments.lab_server import ScriptedServer
from linestop.engines import CommandSettings, Endpoint, Wire
from linestop.errors import LinestopError, ToolError
from linestop.events import Event, EventKind, read_events
from linestop.plans import ChecksPass, Chunk, Plan
from linestop.policy import SandboxPolicy
from linestop.ports import Dispatch, Limits, Work
from linestop.scenarios import Scenario
from linestop.verdicts import CheckReport
from linestop.watch import LiveLog

KEY_NAME = "AGENTS_TEST_REAL_KEY"
KEY = "sk-the-owners-real-key-0123456789abcdef"
ROOT = Path(__file__).parents[2]
FOLDER = Path(os.environ.get("LINESTOP_AGENTS", ROOT / ".agents"))
WIRES = {"claude": Wire.ANTHROPIC, "gemini": Wire.GEMINI, "codex": Wire.OPENAI_RESPONSES}


def program_of(preset: str) -> Path:
    """Return where an agent is installed; the test is skipped, and says how to install it, where it isn't."""
    if (own := FOLDER / "node-bin").exists() and str(own) not in os.environ["PATH"]:
        os.environ["PATH"] = f"{own}:{os.environ['PATH']}"  # the machine has no node, or an old one
    for folder in ("node_modules/.bin", "mini/bin"):
        if (found := FOLDER / folder / preset).exists():
            return found
    if found_on_path := shutil.which(preset):
        return Path(found_on_path)
    pytest.skip(f"{preset} is not installed: run tests/live/agents/install, or set LINESTOP_AGENTS to its folder")


def endpoint_of(preset: str, url: str) -> Endpoint:
    """Return the endpoint of a scripted server, as this agent speaks to it; its key is only in our environment."""
    wire = WIRES.get(preset, Wire.OPENAI_CHAT)
    return Endpoint(
        url=url if wire in {Wire.ANTHROPIC, Wire.GEMINI} else f"{url}/v1", wire=wire, key=KEY_NAME, provider="local"
    )


@dataclass
class Seen:
    """What came of a dispatch."""

    work: Work | None
    raised: LinestopError | None
    events: list[Event]
    seconds: float
    record: str
    asked: int
    workspace: Path
    left: list[str] = field(default_factory=list)

    def of(self, kind: EventKind) -> list[Event]:
        return [event for event in self.events if event.kind == kind]


@dataclass
class Bench:
    """A repository, a home of linestop's, and a sandbox: where agents are dispatched."""

    folder: Path
    sandbox: SandboxPolicy = field(default_factory=SandboxPolicy)

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def workspace(self) -> Path:
        root = self.folder / "workspace"
        if not root.exists():
            root.mkdir()
            (root / "calc.py").write_text("def add(a, b):\n    return a - b\n")
            git = ("git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-C", str(root))
            for words in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "start")):
                subprocess.run([*git, *words], check=True)
        return root

    def dispatch(self, preset: str, scenario: Scenario, *, log: LiveLog | None = None, **order: object) -> Seen:
        """Dispatch an agent once and return all that is seen of it."""
        program, workspace = program_of(preset), self.workspace()
        events = log or LiveLog(self.folder / "events.jsonl")
        with events, ScriptedServer(scenario) as server:
            engine = CommandEngine(
                CommandSettings(preset=preset, program=str(program), model="scripted-1", endpoint="lab"),
                name=preset,
                endpoints={"lab": endpoint_of(preset, server.url)},
                sandbox=sandbox_of(self.sandbox),
                policy=self.sandbox,
                prices=GenaiPrices({}),
            )
            start, work, raised = monotonic(), None, None
            try:
                work = engine.dispatch(order_of(**order), workspace, checks=no_checks, events=events)
            except LinestopError as error:
                raised = error
            seconds, asked = monotonic() - start, len(server.requests)
        record = events.path.read_text()
        left = processes_that_know(str(self.home))
        return Seen(work, raised, list(read_events(events.path)), seconds, record, asked, workspace, left)


def sandbox_of(policy: SandboxPolicy):  # type: ignore[no-untyped-def]  # noqa: ANN201  # a Sandbox
    try:
        return sandbox_for(policy)
    except ToolError as error:
        pytest.skip(f"no sandbox here: {error.what} ({error.found})")


def no_checks(_: Path) -> CheckReport:
    pytest.fail("a command line runs no checks of the harness")


def order_of(**values: object) -> Dispatch:
    chunk = Chunk(id="c", title="Fix add", source="ruff", rules=("F401",), paths=("calc.py",))
    plan = Plan(id="p", title="t", purpose="p", scope=("**",), chunks=(chunk,), goal=(ChecksPass(),))
    common = {"ticket": "t", "role": "maker", "attempt": 1, "brief": "Fix the bug in calc.py: add() must add."}
    limits = {"limits": Limits(wall_seconds=60)}
    return Dispatch.model_validate({"plan": plan, "chunk": chunk, **common, **limits, **values})


def processes_that_know(text: str) -> list[str]:
    """Return the processes whose environment or arguments name a text: what an agent of ours left behind."""
    found = []
    for process in psutil.process_iter():
        try:
            known = [*process.environ().values(), *process.cmdline()]
        except psutil.Error:
            continue
        if process.pid != os.getpid() and any(text in one for one in known):
            found.append(" ".join(process.cmdline())[:200])
    return found
