"""`linestop lab serve`: a scripted model server in the foreground, for trying any agent's command line."""

import signal
import sys
import threading
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

_BASES = (
    ("Claude Code", "ANTHROPIC_BASE_URL={url} ANTHROPIC_API_KEY=x claude -p …"),
    ("Codex", 'base_url = "{url}/v1", wire_api = "responses" in its config.toml'),
    ("OpenCode, cline, pi", "baseURL {url}/v1, any key"),
    ("Gemini CLI", "GOOGLE_GEMINI_BASE_URL={url} GEMINI_API_KEY=x gemini -p …"),
    ("Qwen Code, aider, mini", "OPENAI_BASE_URL={url}/v1 OPENAI_API_KEY=x …"),
)


def serve(
    scenario: str,
    /,
    *,
    port: int = 0,
    host: str = "127.0.0.1",
    open_host: Annotated[bool, Parameter(name="--open-host")] = False,
) -> int:
    """Serve a scenario as a model, until Ctrl-C: chat completions, responses, messages and generateContent.

    Examples:
        linestop lab serve good-maker
        linestop lab serve my-scenario.yaml --port 8400
        ANTHROPIC_BASE_URL=http://127.0.0.1:8400 ANTHROPIC_API_KEY=x claude -p "mend calc.py"

    No model and no key is behind it: what it answers stands in the scenario (docs/scenarios.md), faults included.

    Parameters
    ----------
    scenario
        A scenario file, or the name of a shipped one (`linestop lab scenarios`).
    port
        Where it listens; 0 = a free port.
    host
        The address it listens on.
    open_host
        Allow an address that others can reach.
    """
    from linestop.deployments.lab_server import ScriptedServer  # noqa: PLC0415  # after --help
    from linestop.scenarios import scenario_named  # noqa: PLC0415
    from linestop.text import plain  # noqa: PLC0415

    found = scenario_named(scenario)
    with ScriptedServer(found, port=port, host=host, open_host=open_host) as server:
        sys.stdout.write(server.url + "\n")
        sys.stdout.flush()
        acts = len(found.all_acts)
        lines = [
            f"plays {plain(found.name)} ({acts} act{'s' if acts > 1 else ''}, {_origin(scenario)}); Ctrl-C ends it"
        ]
        width = max(len(name) for name, _ in _BASES)
        lines += [f"  {name:<{width}}  {how.format(url=server.url)}" for name, how in _BASES]
        sys.stderr.write("\n".join(lines) + "\n")
        _until_told()
        sys.stderr.write(f"answered {server.answered} requests\n")
    return 0


def _until_told() -> None:
    """Wait for Ctrl-C or a kind kill, also where a script that started us in the background hides the first."""
    told = threading.Event()
    before = {number: signal.signal(number, lambda *_: told.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        told.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _origin(scenario: str) -> str:
    return "a file" if Path(scenario).is_file() else "shipped"
