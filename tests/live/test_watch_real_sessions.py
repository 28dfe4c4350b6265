"""`linestop watch` on what real command lines leave behind: their session folders, and their stream while it comes."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from linestop.deployments.lab_server import ScriptedServer
from linestop.scenarios import Scenario
from tests.live.linestop_command import LINESTOP, environment
from tests.live.real_agents import program_of

pytestmark = pytest.mark.live
STUCK = Scenario.model_validate(
    {
        "name": "stuck",
        "turns": [
            {"say": "I look.", "calls": [{"do": "read", "path": "calc.py"}]},
            {"calls": [{"do": "run", "command": "cat nothing-here.txt"}], "times": 6},
            {"calls": [{"do": "edit", "path": "calc.py", "old": "a - b", "new": "a + b"}]},
            {"say": "It adds now."},
        ],
    }
)
ARGV = {
    "claude": "-p mend --output-format stream-json --verbose --model scripted-1 --dangerously-skip-permissions",
    "codex": "exec --json --skip-git-repo-check -m scripted-1 -s danger-full-access -c analytics.enabled=false mend",
}


@pytest.fixture(params=["claude", "codex"])
def agent(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def left_behind(agent: str, tmp_path: Path) -> tuple[dict[str, str], bytes]:
    """Let an agent work in a home of its own; return its environment and its stream."""
    program, home, repo = program_of(agent), tmp_path / "home", tmp_path / "repo"
    (home / ".codex").mkdir(parents=True)
    repo.mkdir()
    (repo / "calc.py").write_text("def add(a, b):\n    return a - b\n")
    with ScriptedServer(STUCK) as server:
        (home / ".codex" / "config.toml").write_text(
            'model_provider = "lab"\n[model_providers.lab]\nname = "lab"\nwire_api = "responses"\n'
            f'base_url = "{server.url}/v1"\nenv_key = "LAB_KEY"\n'
        )
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "LAB_KEY": "x",
            "ANTHROPIC_BASE_URL": server.url,
            "ANTHROPIC_API_KEY": "x",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "IS_SANDBOX": "1",
        }
        ran = subprocess.run(
            [program, *ARGV[agent].split()], cwd=repo, env=env, stdin=subprocess.DEVNULL, capture_output=True,
            timeout=300, check=True,
        )  # fmt: skip
    return env, ran.stdout


def watched(env: dict[str, str], *words: str, stdin: bytes = b"") -> str:
    mine = environment(Path(env["HOME"])) | {"HOME": env["HOME"]}
    for name in ("CLAUDE_CONFIG_DIR", "CODEX_HOME"):
        mine.pop(name, None)
    ran = subprocess.run([LINESTOP, "watch", *words], env=mine, input=stdin, capture_output=True, check=True)
    return ran.stdout.decode()


def test_a_session_is_found_at_home_and_says_what_its_stream_said(agent: str, tmp_path: Path) -> None:
    env, stream = left_behind(agent, tmp_path)
    (log,) = json.loads(watched(env, f"--{agent}", "--json"))["logs"]
    (session,) = log["sessions"]
    assert (log["bad_lines"], session["calls"], session["edits"], session["title"]) == (0, 8, 1, "mend")
    assert (session["outcomes"], session["timed"]) == ({"ok": 2, "error": 6}, True)
    assert _fired(session) >= {"repeat", "failing-call", "failures"}
    assert session["tokens"] > session["lost_tokens"] > 0
    (log,) = json.loads(watched(env, "-", "--json", stdin=stream))["logs"]
    (streamed,) = log["sessions"]
    assert [streamed[name] for name in ("session", "outcomes", "tokens")] == [
        session[name] for name in ("session", "outcomes", "tokens")
    ]
    assert _fired(streamed) >= {"repeat", "failing-call", "failures"}
    followed = [json.loads(line) for line in watched(env, "--follow", "--json", "-", stdin=stream).splitlines()]
    assert {one["detector"] for one in followed} >= {"repeat", "failing-call", "failures"}


def _fired(session: dict[str, Any]) -> set[str]:
    return {one["detector"] for one in session["sightings"]}
