"""Gemini CLI. Prompt by stdin; told and refused by its own hooks; exits 0 when it is terminated."""

from linestop.blocks.presets.hook_settings import HOOK_SECONDS, hook_settings
from linestop.blocks.presets.preset import FAKE_KEY, QUIET, Errand, Preset, Start, Telling, as_json, option
from linestop.engines import Wire

_WEB = ["google_web_search", "web_fetch"]
_EDITS = ["replace", "write_file"]


class Gemini(Preset):
    """`gemini --output-format stream-json`, from the npm package @google/gemini-cli."""

    name = "gemini"
    command = "gemini"
    install = "npm install -g @google/gemini-cli"
    endpoint = "gemini"
    wires = frozenset({Wire.GEMINI})
    stream = "gemini"
    telling = Telling.HOOKS
    sessions = (".gemini/tmp",)
    needs_model = False
    window = 1_048_576  # of the models that it chooses by itself

    def start(self, errand: Errand) -> Start:
        """Without the kind of its key in the settings it ends with exit code 41."""
        argv = (
            *errand.program,
            *("--output-format", "stream-json", "--approval-mode", "yolo", "--skip-trust"),
            *option("-m", errand.model),
            *option("--resume", errand.resume),
        )
        excluded = _EDITS * errand.looks_only + _WEB * (not errand.online)
        settings = {
            "security": {"auth": {"selectedType": "gemini-api-key"}},
            "general": {"disableAutoUpdate": True, "disableUpdateNag": True},
            "privacy": {"usageStatisticsEnabled": False},
            "telemetry": {"enabled": False},
            "model": {"maxSessionTurns": errand.turns or -1},
            "tools": {"exclude": excluded},
            "hooks": hook_settings(errand.hook, before="BeforeTool", after=("AfterTool",), seconds=HOOK_SECONDS * 1000),
        }
        env = {
            "GEMINI_API_KEY": FAKE_KEY,
            "GOOGLE_GEMINI_BASE_URL": errand.base,
            "GEMINI_CLI_TRUST_WORKSPACE": "true",
            "GEMINI_CLI_NO_RELAUNCH": "true",
        }
        files = {".gemini/settings.json": as_json(settings)}
        return Start(argv=argv, stdin=errand.prompt.encode(), env=QUIET | env, files=files)
