"""mini-swe-agent. Prompt by file; its trajectory is written anew after each step, and read while it grows."""

from typing import Any

import yaml

from linestop.blocks.presets.preset import FAKE_KEY, QUIET, Errand, Preset, Start
from linestop.engines import Wire

_TASK = ".linestop/mini.yaml"
_TRAIL = ".linestop/mini.traj.json"
_PREFIX = {Wire.OPENAI_CHAT: "openai/", Wire.ANTHROPIC: "anthropic/"}
_SUBMIT = (
    "\nTo finish, run `echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT` as your instructions say. Write the fenced block"
    " into the message that goes with that call.\n"
)


class Mini(Preset):
    """`mini` with the agent that asks nobody, from the PyPI package mini-swe-agent (2.4 also needs `mcp`)."""

    name = "mini"
    command = "mini"
    install = "pipx install mini-swe-agent && pipx inject mini-swe-agent mcp"
    endpoint = "openai"
    wires = frozenset(_PREFIX)
    stream = "mini-swe-agent"
    trail = _TRAIL

    def start(self, errand: Errand) -> Start:
        """A cap of turns is its own too: it exits 0 then, and says so in its trajectory."""
        argv = (
            *errand.program,
            *("-c", "mini.yaml", "-c", str(errand.home / _TASK), "-o", str(errand.home / _TRAIL)),
            *("--agent-class", "default", "--cost-limit", "0"),
        )
        task: dict[str, Any] = {
            "run": {"task": errand.prompt + _SUBMIT},
            "agent": {"step_limit": errand.turns or 0},
            "model": {
                "model_name": _PREFIX[errand.wire] + errand.model,
                "cost_tracking": "ignore_errors",
                "model_kwargs": {"api_base": errand.base, "api_key": FAKE_KEY, "drop_params": True},
            },
        }
        env = {
            "MSWEA_CONFIGURED": "true",
            "MSWEA_SILENT_STARTUP": "1",
            "MSWEA_GLOBAL_CONFIG_DIR": str(errand.home / ".config/mini-swe-agent"),
            "MSWEA_MODEL_RETRY_STOP_AFTER_ATTEMPT": "3",
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        }
        files = {_TASK: yaml.safe_dump(task, allow_unicode=True)}
        return Start(argv=argv, env=QUIET | env, files=files)
