"""What the tests of the model engine share: one dispatch against the scripted model server, in a plain cell."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from linestop.blocks.model_engine.engine import ModelEngine
from linestop.blocks.sandboxes.plain_sandbox import PlainSandbox
from linestop.deployments.lab_server import Asked, ScriptedServer
from linestop.engines import Endpoint, McpServer, ModelSettings, Wire
from linestop.events import Event, EventKind, Usage, read_events
from linestop.plans import ChecksPass, Chunk, Plan
from linestop.policy import SandboxPolicy
from linestop.ports import Dispatch, Limits, ModelFacts, Work
from linestop.scenarios import Scenario
from linestop.verdicts import CheckReport, CommandRun, TestCase
from linestop.watch import LiveLog

EDIT = {"do": "edit", "path": "a.py", "old": "import os\n", "new": ""}
FINISH = {"do": "finish", "summary": "It is done."}
WIRES = (Wire.OPENAI_CHAT, Wire.OPENAI_RESPONSES)  # Anthropic's takes 1.6 s to load: tests/live


class Prices:
    """A price book with one answer."""

    def __init__(self, *, priced: bool = False, window: int | None = None) -> None:
        self._facts = ModelFacts(window=window, priced=priced, source="the test")

    def facts(self, model: str, *, provider: str = "") -> ModelFacts:
        return self._facts

    def usd(self, model: str, usage: Usage, *, provider: str = "") -> float | None:
        return (usage.input + usage.output) / 1_000_000 if self._facts.priced else None


@dataclass
class Rig:
    """A workspace, a log, and what a dispatch is given."""

    folder: Path
    wire: Wire = Wire.OPENAI_CHAT
    role: str = "maker"
    limits: Limits = field(default_factory=Limits)
    settings: Mapping[str, Any] = field(default_factory=dict)
    mcp: Mapping[str, McpServer] = field(default_factory=dict)
    prices: Prices = field(default_factory=Prices)
    key: str = ""
    environ: Mapping[str, str] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.workspace = self.folder / "workspace"
        self.workspace.mkdir()
        (self.workspace / "a.py").write_text("import os\nx = 1\n")
        self.log = self.folder / "events.jsonl"
        self.report = report()

    def play(
        self,
        *turns: Mapping[str, Any],
        events: Callable[[Path], LiveLog] = LiveLog,
        meanwhile: Callable[[LiveLog], None] = lambda _: None,
    ) -> Work:
        """Dispatch against a server that plays these turns."""
        with ScriptedServer(Scenario.model_validate({"name": "test", "turns": list(turns)})) as server:
            try:
                return self.dispatch(server.url, events=events, meanwhile=meanwhile)
            finally:
                self.asked = server.requests

    def dispatch(
        self,
        url: str,
        *,
        events: Callable[[Path], LiveLog] = LiveLog,
        meanwhile: Callable[[LiveLog], None] = lambda _: None,
    ) -> Work:
        """Dispatch against a server that is there."""
        endpoint = Endpoint(url=url + ("" if self.wire is Wire.ANTHROPIC else "/v1"), wire=self.wire, key=self.key)
        with events(self.log) as log:
            meanwhile(log)
            return self.engine(endpoint).dispatch(
                self.order(), self.workspace, checks=lambda _: self.report, events=log
            )

    def engine(self, endpoint: Endpoint) -> ModelEngine:
        from linestop.blocks.model_engine.requests import Patience  # noqa: PLC0415  # loads pydantic-ai

        return ModelEngine(
            ModelSettings(model="scripted-1", endpoint="it", **self.settings),
            name="tested",
            endpoint=endpoint,
            sandbox=PlainSandbox(),
            policy=SandboxPolicy(kind="plain", allow_plain=True),
            mcp=self.mcp,
            prices=self.prices,
            environ=self.environ,
            patience=Patience(first_pause_seconds=0.01, longest_pause_seconds=1),
        )

    def order(self) -> Dispatch:
        chunk = Chunk(id="c", title="Unused imports", source="ruff", rules=("F401",), paths=("a.py",))
        plan = Plan(id="p", title="t", purpose="p", scope=("**",), chunks=(chunk,), goal=(ChecksPass(),))
        return Dispatch(
            ticket="t", role=self.role, attempt=1, plan=plan, chunk=chunk, brief="Do it.", limits=self.limits
        )

    @property
    def events(self) -> list[Event]:
        return list(read_events(self.log))

    def of(self, kind: EventKind) -> list[Event]:
        return [event for event in self.events if event.kind == kind]

    def results(self, tool: str) -> list[Event]:
        return [event for event in self.of(EventKind.TOOL_RESULT) if event.tool == tool]


def calls(*made: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """Return a turn that makes these calls."""
    return {"calls": list(made), **more}


def run(command: str) -> dict[str, Any]:
    return {"do": "run", "command": command}


def report(*failed: str) -> CheckReport:
    made = CommandRun(argv=("pytest",), exit_code=1 if failed else 0, seconds=0.0, output="the output")
    return CheckReport(runs=(made,), tests=tuple(TestCase(id=name, outcome="failed") for name in failed))
