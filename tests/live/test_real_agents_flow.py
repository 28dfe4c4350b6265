"""Real agents' command lines carry real tickets to green branches, as their user says: `execute --maker …`."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from linestop.blocks.git_workspaces import GitWorkspaces
from linestop.deployments.lab_server import ScriptedServer
from linestop.policy import SandboxPolicy
from linestop.scenarios import Scenario
from tests.flows.small_shop import CONFIG, commit_all, small_shop, unused_imports, write_plans
from tests.live.linestop_command import linestop, machine, reported
from tests.live.real_agents import KEY, KEY_NAME, endpoint_of, processes_that_know, program_of, sandbox_of

pytestmark = pytest.mark.live
AGENTS = ["claude", "codex", "opencode", "gemini", "mini"]
JUDGE = "judge"
BEFORE = "import json\nimport math\n\n\ndef count(items):\n    return len(list(items))\n"
TESTS = "python3 -c 'import shop.{name}; assert shop.{name}.count(\"ab\") == 2'"


def makes(agent: str) -> Scenario:
    """Return what the model says to a maker: look, edit, try it, finish."""
    path = f"shop/{agent}.py"
    return Scenario.model_validate(
        {
            "name": agent,
            "turns": [
                {"say": "I will look.", "calls": [{"do": "read", "path": path}]},
                {"calls": [{"do": "edit", "path": path, "old": "import json\nimport math\n\n\n", "new": ""}]},
                {"calls": [{"do": "run", "command": TESTS.format(name=agent)}]},
                {"calls": [{"do": "finish", "summary": f"{agent} took two imports out"}]},
            ],
        }
    )


APPROVES = Scenario.model_validate(
    {
        "name": "approves",
        "turns": [
            {"calls": [{"do": "run", "command": "git log --oneline | head -2; cat shop/codex.py"}]},
            {"calls": [{"do": "rule", "ruling": "approve", "reasons": ["nothing else changed"]}]},
        ],
    }
)


def table(name: str, preset: str, url: str) -> str:
    """Return the policy of one agent with an endpoint of its own."""
    endpoint = endpoint_of(preset, url)
    program = json.dumps(str(program_of(preset)))
    return (
        f'[engines.{name}]\nkind = "command"\npreset = "{preset}"\nprogram = {program}\nmodel = "scripted-{name}"\n'
        f'endpoint = "{name}"\n[endpoints.{name}]\nurl = "{endpoint.url}"\nwire = "{endpoint.wire}"\n'
        f'key = "{endpoint.key}"\nprovider = "local"\n'
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    sandbox_of(SandboxPolicy())
    for agent in AGENTS:
        program_of(agent)
    with pytest.MonkeyPatch.context() as patch, machine(tmp_path_factory.mktemp("home")) as home:
        patch.setenv(KEY_NAME, KEY)
        yield home


@pytest.fixture(scope="module")
def shop(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Yield a repository with a ticket for each agent, whose models are scripted servers."""
    root = small_shop(tmp_path_factory.mktemp("shop") / "shop")
    for agent in AGENTS:
        (root / f"shop/{agent}.py").write_text(BEFORE)
    commit_all(root, "agents")
    write_plans(root, *(unused_imports(agent, f"shop/{agent}.py") for agent in AGENTS))
    with ExitStack() as stack:
        tables = [CONFIG]
        urls = {agent: stack.enter_context(ScriptedServer(makes(agent))).url for agent in AGENTS}
        tables += [table(agent, agent, url) for agent, url in urls.items()]
        tables.append(table(JUDGE, "claude", stack.enter_context(ScriptedServer(APPROVES)).url))
        (root / ".linestop/config.toml").write_text("\n".join(tables))
        yield root


def dispatches(root: Path, role: str, ticket: str) -> list[tuple[Path, dict[str, Any]]]:
    """Return the records of a role's dispatches on a ticket, with what they were given."""
    found = []
    for inputs in sorted(root.glob(".linestop/runs/*/inputs.json")):
        given = json.loads(inputs.read_text())["parameters"]
        if (given.get("role"), given.get("ticket")) == (role, ticket):
            found.append((inputs.parent, given))
    return found


@pytest.mark.parametrize("agent", AGENTS)
def test_a_ticket_is_carried_to_a_green_branch(agent: str, shop: Path, home: Path) -> None:
    words = ("--checker", JUDGE) if agent == "codex" else ()
    report = reported(home, "execute", str(shop), "--ticket", agent, "--maker", agent, *words)
    ticket = next(one for one in report["tickets"] if one["id"] == agent)
    assert ticket["state"] == "done", report
    workspaces = GitWorkspaces(shop)
    assert set(workspaces.changed("main", ticket["branch"])) == {f"shop/{agent}.py"}
    made = workspaces.read(workspaces.head(ticket["branch"]), f"shop/{agent}.py")
    assert made is not None
    assert made.startswith(b"def count")
    [(record, _)] = dispatches(shop, "maker", agent)
    events = [json.loads(line) for line in (record / "events.jsonl").read_text().splitlines()]
    kinds = {event["kind"] for event in events}
    assert {"tool_call", "tool_result", "usage"} <= kinds
    assert any(event.get("path", "").endswith(f"shop/{agent}.py") for event in events)
    result = json.loads((record / "result.json").read_text())
    assert result["values"]["usage"]["input"] >= 4000
    if agent == "codex":
        [(judged, _)] = dispatches(shop, "checker", agent)
        assert json.loads((judged / "result.json").read_text())["values"]["ruling"] == "approve"


def test_nothing_is_left_and_no_key_is_anywhere(shop: Path, home: Path) -> None:
    for path in [*shop.rglob(".linestop/**/*"), *home.rglob("*")]:
        if path.is_file() and not path.is_symlink():
            assert KEY.encode() not in path.read_bytes(), path
    assert list((home / "cells").iterdir()) == []
    assert processes_that_know(str(home / "cells")) == []
    assert linestop(home, "doctor", cwd=shop).returncode == 0
