"""OpenCode. Prompt by stdin; has no last event of its own; told by ending it and resuming its session."""

from linestop.blocks.presets.preset import FAKE_KEY, QUIET, Errand, Preset, Start, Telling, as_json, option
from linestop.engines import Wire

_CONFIG = ".config/opencode/opencode.json"
_PACKAGES = {  # that come with it; others it would download
    Wire.OPENAI_CHAT: "@ai-sdk/openai-compatible",
    Wire.OPENAI_RESPONSES: "@ai-sdk/openai",
    Wire.ANTHROPIC: "@ai-sdk/anthropic",
}


class OpenCode(Preset):
    """`opencode run --format json`, from the npm package opencode-ai."""

    name = "opencode"
    command = "opencode"
    install = "npm install -g opencode-ai"
    endpoint = "openai"
    wires = frozenset(_PACKAGES)
    has_end = False
    stream = "opencode"
    telling = Telling.RESUME
    sessions = (".local/share/opencode",)

    def start(self, errand: Errand) -> Start:
        """A title is given, else it asks the model for one."""
        argv = (
            *errand.program,
            *("run", "--format", "json", "--title", "linestop", "--auto", "-m", f"linestop/{errand.model}"),
            *option("-s", errand.resume),
        )
        base = f"{errand.base}/v1" if errand.wire is Wire.ANTHROPIC else errand.base
        provider = {
            "npm": _PACKAGES[errand.wire],
            "name": "linestop",
            "options": {"baseURL": base, "apiKey": FAKE_KEY},
            "models": {errand.model: {"name": errand.model}},
        }
        config = {
            "provider": {"linestop": provider},
            "model": f"linestop/{errand.model}",
            "small_model": f"linestop/{errand.model}",
            "share": "disabled",
            "autoupdate": False,
            "permission": {
                "edit": "deny" if errand.looks_only else "allow",
                "bash": "allow",
                "webfetch": "allow" if errand.online else "deny",
            },
        }
        env = {
            "OPENCODE_CONFIG": str(errand.home / _CONFIG),
            "OPENCODE_DISABLE_MODELS_FETCH": "1",
            "OPENCODE_DISABLE_AUTOUPDATE": "1",
            "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
        }
        return Start(argv=argv, stdin=errand.prompt.encode(), env=QUIET | env, files={_CONFIG: as_json(config)})
