"""Records real command lines: `.venv/bin/python -m tests.traces.record --bin DIR [--only PART …]`.

Each story that is marked for it is served by the scripted model server (`linestop lab serve`) to Claude Code, Codex,
OpenCode and Gemini CLI, and what they print is kept as it is. DIR holds the commands (npm's node_modules/.bin).
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

from cyclopts import App, Parameter

from linestop.deployments.lab_server import ScriptedServer
from linestop.scenarios import Scenario
from tests.traces.make import HERE, label, relabel, stories
from tests.traces.story import Story, read, turn, with_prompts
from tests.traces.workshop import workshop

WALL_SECONDS = 90
# What a person who read the trace says of it, where that is not what its story was to be.
CORRECTED: dict[str, dict[str, list[str]]] = {
    # its search tool was missing on the machine: that call really failed each time
    "real/circle-0-opencode.jsonl": {"fires": ["cycle", "repeat", "failing-call"]},
}
TASK = "Mend the calculator in src/calc.py; python3 check.py tells whether it is right."
app = App(help_format="plaintext")
Argv = tuple[list[str], dict[str, str]]


def claude(home: Path, url: str) -> Argv:
    argv = ["claude", "-p", TASK, "--output-format", "stream-json", "--verbose", "--model", "stub-1"]
    env = {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": "x", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"}
    return [*argv, "--dangerously-skip-permissions"], {**env, "IS_SANDBOX": "1"}


def codex(home: Path, url: str) -> Argv:
    (home / ".codex").mkdir()
    (home / ".codex/config.toml").write_text(
        f'model_provider = "stub"\n[model_providers.stub]\nname = "stub"\nbase_url = "{url}/v1"\nenv_key = "STUB_KEY"\n'
        'wire_api = "responses"\n'
    )
    argv = ["codex", "exec", "--json", "--skip-git-repo-check", "--ephemeral", "-m", "stub-1"]
    return [*argv, "-s", "danger-full-access", "-c", "analytics.enabled=false", TASK], {"STUB_KEY": "x"}


def opencode(home: Path, url: str) -> Argv:
    provider = {
        "npm": "@ai-sdk/openai-compatible", "options": {"baseURL": f"{url}/v1", "apiKey": "x"},
        "models": {"stub-1": {"name": "stub-1"}},
    }  # fmt: skip
    (home / "opencode.json").write_text(json.dumps({"provider": {"stub": provider}, "permission": "allow"}))
    env = {"OPENCODE_CONFIG": str(home / "opencode.json"), "OPENCODE_DISABLE_MODELS_FETCH": "1"}
    argv = ["opencode", "run", "--format", "json", "-m", "stub/stub-1", TASK]
    return argv, {**env, "OPENCODE_DISABLE_AUTOUPDATE": "1"}


def gemini(home: Path, url: str) -> Argv:
    (home / ".gemini").mkdir()
    (home / ".gemini/settings.json").write_text(json.dumps({"security": {"auth": {"selectedType": "gemini-api-key"}}}))
    env = {"GEMINI_API_KEY": "x", "GOOGLE_GEMINI_BASE_URL": url, "GEMINI_CLI_TRUST_WORKSPACE": "true"}
    return ["gemini", "-p", TASK, "-m", "stub-1", "--output-format", "stream-json", "--approval-mode", "yolo"], env


AGENTS: dict[str, Callable[[Path, str], Argv]] = {
    "claude": claude, "codex": codex, "opencode": opencode, "gemini": gemini
}  # fmt: skip


def record(told: Story, agent: str, binaries: Path, target: Path) -> str:
    """Record one story with one agent; return how it ended."""
    first = turn(*(read(path) for path in ("src/calc.py", "src/user.py")), say="I read before I change anything.")
    scenario = Scenario(name=told.kind, turns=tuple(with_prompts([first, *told.turns])))
    with TemporaryDirectory(prefix="trace-") as folder, ScriptedServer(scenario) as server:
        home = Path(folder).resolve() / "home"
        home.mkdir()
        root = workshop(home.parent / "repo")
        argv, env = AGENTS[agent](home, server.url)
        known = {"HOME": str(home), "PATH": f"{binaries}:{os.environ['PATH']}", "LANG": "C.UTF-8", "NO_COLOR": "1"}
        try:
            done = subprocess.run(
                [str(binaries / argv[0]), *argv[1:]], cwd=root, env={**known, **env}, stdin=subprocess.DEVNULL,
                capture_output=True, timeout=WALL_SECONDS, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return "its time is out"
    text = done.stdout.decode("utf-8", "replace").replace(str(root), "/repo").replace(str(home), "/home/agent")
    target.write_text("".join(f"{_slim(line)}\n" for line in text.splitlines() if line.strip()), encoding="utf-8")
    return f"exit {done.returncode}"


def _slim(line: str) -> str:
    """Return a line without the lists of tools and commands that some agents begin with."""
    try:
        row = json.loads(line)
    except ValueError:
        return line
    if isinstance(row, dict) and row.get("subtype") == "init":
        row = {name: value for name, value in row.items() if not isinstance(value, list | dict)}
    return json.dumps(row, ensure_ascii=False)


@app.default
def main(*, binaries: Annotated[Path, Parameter(name="--bin")], only: tuple[str, ...] = ()) -> None:
    """Record all stories that are marked for it, with all agents."""
    labels = []
    (HERE / "real").mkdir(exist_ok=True)
    for told, variant in stories():
        for agent in AGENTS if told.real else ():
            file = f"real/{told.kind}-{variant}-{agent}.jsonl"
            if only and not any(part in file for part in only):
                continue
            sys.stderr.write(f"{file}: {record(told, agent, binaries, HERE / file)}\n")
            labels.append({**label(told, file, agent), **CORRECTED.get(file, {})})
    relabel([one for one in labels if (HERE / one["file"]).exists()])


if __name__ == "__main__":
    app()
