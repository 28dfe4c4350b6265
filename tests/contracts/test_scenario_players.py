"""A scenario comes to the same whether the scripted engine plays it, or a server plays it to an engine with a model."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from linestop.blocks.model_engine.engine import ModelEngine
from linestop.blocks.prices import GenaiPrices
from linestop.blocks.sandboxes.plain_sandbox import PlainSandbox
from linestop.blocks.scripted_engine.engine import ScriptedEngine
from linestop.briefs import bare_brief
from linestop.deployments.lab_server import ScriptedServer
from linestop.engines import Endpoint, ModelSettings
from linestop.events import EventKind, Outcome, read_events
from linestop.plans import ChecksPass, Chunk, Plan
from linestop.policy import SandboxPolicy
from linestop.ports import Dispatch, Engine, Limits, Work
from linestop.scenarios import Scenario, scenario_named
from linestop.verdicts import CheckReport, CommandRun
from linestop.watch import LiveLog

FILES = {
    "shop.py": "import os\nimport sys\n\nprint(sys.argv)\n",
    "calc.py": "def add(a, b):\n    return a - b\n",
    "tests/test_shop.py": "def test_a():\n    assert 1\n",
}
WIDE = Scenario.model_validate(
    {
        "name": "wide",
        "turns": [
            {"say": "Look {n}.", "times": 3, "calls": [{"do": "read", "path": "shop.py", "first": 1, "last": 2}]},
            {"calls": [{"do": "search", "pattern": "sys", "path": "."}, {"do": "read", "path": "gone.py"}]},
            {"if_told": "gone.py", "calls": [{"do": "write", "path": "new/deep.py", "text": "x = 1\n"}]},
            {"if_told": "no such words", "calls": [{"do": "write", "path": "never.py", "text": ""}]},
            {"calls": [{"do": "edit", "path": "{chunk.paths}", "old": "import os\n", "new": ""}, {"do": "check"}]},
            {"if_told": "pass", "calls": [{"do": "ticket", "title": "The parser", "blocks": True}]},
            {"calls": [{"do": "finish", "summary": "All of it.", "could_not": ["gone.py is gone"]}]},
        ],
    }
)


def workspace(root: Path) -> Path:
    for path, text in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    return root


def order() -> Dispatch:
    chunk = Chunk(id="c", title="t", source="ruff", rules=("F401",), paths=("shop.py",))
    plan = Plan(id="p", title="t", purpose="p", scope=("**",), chunks=(chunk,), goal=(ChecksPass(),))
    brief = bare_brief(plan, chunk, attempt=1).text
    limits = Limits(wall_seconds=60, turns=60)
    return Dispatch(ticket="p", role="maker", attempt=1, plan=plan, chunk=chunk, brief=brief, limits=limits)


def came_to(engine: Engine, root: Path) -> dict[str, Any]:
    """Return what a dispatch left, said and did."""
    work_at = workspace(root / "work")
    green = CheckReport(runs=(CommandRun(argv=("pytest",), exit_code=0, seconds=0.0),))
    with LiveLog(root / "events.jsonl") as events:
        work: Work = engine.dispatch(order(), work_at, checks=lambda _: green, events=events)
    log = list(read_events(root / "events.jsonl"))
    return {
        "files": {
            path.relative_to(work_at).as_posix(): path.read_text(encoding="utf-8")
            for path in sorted(work_at.rglob("*"))
            if path.is_file() and ".git" not in path.parts
        },
        "work": work.model_dump(include={"could_not", "petition", "discovered", "broke_off"}),
        "calls": [(one.tool, one.outcome) for one in log if one.kind == EventKind.TOOL_RESULT],
        "said": [one.text for one in log if one.kind == EventKind.MESSAGE],
    }


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "home"))
    return tmp_path


@pytest.mark.parametrize("name", ["wide", "import-cleaner", "petitioner", "tamperer"])
def test_both_players_leave_the_same_files_and_say_the_same(name: str, home: Path) -> None:
    scenario = WIDE if name == "wide" else scenario_named(name)
    policy, sandbox = SandboxPolicy(kind="plain", allow_plain=True), PlainSandbox()
    scripted = came_to(ScriptedEngine(scenario, sandbox=sandbox, policy=policy), home / "scripted")
    with ScriptedServer(scenario) as server:
        model = ModelEngine(
            ModelSettings(model="m", endpoint="it"),
            name="model",
            endpoint=Endpoint(url=server.url + "/v1"),
            sandbox=sandbox,
            policy=policy,
            mcp={},
            prices=GenaiPrices({}),
        )
        asked = came_to(model, home / "model")
    assert asked == scripted
    assert scripted["calls"][-1][1] is Outcome.OK
