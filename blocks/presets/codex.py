"""Codex. Prompt by stdin, its provider in config.toml; told and refused by its own hooks."""

import json

from linestop.blocks.presets.hook_settings import hook_settings
from linestop.blocks.presets.preset import (
    FAKE_KEY,
    QUIET,
    Errand,
    Preset,
    Start,
    Telling,
    as_json,
    option,
)
from linestop.engines import Wire

_CONFIG = """\
model_provider = "linestop"
check_for_update_on_startup = false
web_search = "disabled"

[model_providers.linestop]
name = "linestop"
base_url = {base}
env_key = "OPENAI_API_KEY"
wire_api = "responses"
request_max_retries = 2
stream_max_retries = 2
stream_idle_timeout_ms = 600000
supports_websockets = false

[analytics]
enabled = false
"""


class Codex(Preset):
    """`codex exec --json`, from the npm package @openai/codex."""

    name = "codex"
    command = "codex"
    install = "npm install -g @openai/codex"
    endpoint = "openai"
    wires = frozenset({Wire.OPENAI_RESPONSES, Wire.OPENAI_CHAT})  # of one server; it asks for responses
    stream = "codex"
    telling = Telling.HOOKS
    sessions = (".codex/sessions",)
    shows_refusals = False
    needs_model = False
    window = 272_000  # input of the models that it chooses by itself

    def start(self, errand: Errand) -> Start:
        """Its own sandbox is off where ours isolates: one can't be opened inside the other."""
        argv = (
            *errand.program,
            "exec",
            *(("resume",) if errand.resume else ()),
            *("--json", "--skip-git-repo-check", "--dangerously-bypass-hook-trust"),
            *self._freedom(errand),
            *option("-m", errand.model),
            *((errand.resume,) if errand.resume else ()),
            "-",
        )
        hooks = hook_settings(errand.hook, before="PreToolUse", after=("PostToolUse",))
        files = {
            ".codex/config.toml": _CONFIG.format(base=json.dumps(errand.base)),
            ".codex/hooks.json": as_json({"hooks": hooks}),
        }
        env = {"OPENAI_API_KEY": FAKE_KEY, "CODEX_HOME": str(errand.home / ".codex")}
        return Start(argv=argv, stdin=errand.prompt.encode(), env=QUIET | env, files=files)

    @staticmethod
    def _freedom(errand: Errand) -> tuple[str, ...]:
        if errand.isolated:
            return ("--dangerously-bypass-approvals-and-sandbox",)
        return ("-c", f'sandbox_mode="{"read-only" if errand.looks_only else "workspace-write"}"')
