"""Times steps of mini-swe-agent; its own interpreter runs this as a file: `mini_steps.py URL FOLDER SANDBOX STEPS…`.

Prints one JSON list: the seconds of a run of so many steps, for each number given. SANDBOX is `plain` or `bubblewrap`:
its own environments. Nothing of linestop is imported.
"""

import importlib
import json
import os
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

os.environ |= {
    "MSWEA_CONFIGURED": "true",
    "MSWEA_SILENT_STARTUP": "1",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
}


def main(url: str, folder: str, sandbox: str, *counts: str) -> None:
    """Run the agent for each number of steps and print how long each run took."""
    os.environ["MSWEA_GLOBAL_CONFIG_DIR"] = folder
    seconds = [_run(url, Path(folder), sandbox, int(count)) for count in ("2", *counts)][
        1:
    ]  # the first loads what is lazy
    sys.stdout.write(json.dumps(seconds) + "\n")


def _run(url: str, folder: Path, sandbox: str, steps: int) -> float:
    configs: Any = importlib.import_module("minisweagent.config")
    agents: Any = importlib.import_module("minisweagent.agents.default")
    models: Any = importlib.import_module("minisweagent.models.litellm_model")
    config = configs.get_config_from_spec("mini.yaml")
    kwargs = {**config["model"].get("model_kwargs", {}), "api_base": f"{url}/v1", "api_key": "none"}
    settings = {"model_name": "openai/scripted-1", "cost_tracking": "ignore_errors", "model_kwargs": kwargs}
    model = models.LitellmModel(**{**config["model"], **settings})
    environment = _environment(sandbox, folder, config.get("environment", {}).get("env", {}))
    templates = {name: config["agent"][name] for name in ("system_template", "instance_template")}
    agent = agents.DefaultAgent(
        model, environment, **templates, step_limit=steps, cost_limit=0, output_path=folder / "trajectory.json"
    )
    start = perf_counter()
    agent.run("Do it.")
    taken = perf_counter() - start
    if agent.n_calls != steps:
        raise SystemExit(f"it made {agent.n_calls} of {steps} steps")
    return taken


def _environment(sandbox: str, folder: Path, env: dict[str, str]) -> Any:
    if sandbox == "plain":
        local: Any = importlib.import_module("minisweagent.environments.local")
        return local.LocalEnvironment(cwd=str(folder), env=env)
    bubblewrap: Any = importlib.import_module("minisweagent.environments.extra.bubblewrap")
    return bubblewrap.BubblewrapEnvironment(cwd=str(folder), env=env)


if __name__ == "__main__":
    main(*sys.argv[1:])
