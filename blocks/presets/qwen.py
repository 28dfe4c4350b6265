"""Qwen Code. Prompt by stdin; needs 2.4 GB of memory; exits 0 also where its key is refused (0.15)."""

from linestop.blocks.presets.preset import FAKE_KEY, QUIET, Errand, Preset, Start, Telling, as_json, option
from linestop.engines import Endpoint, Wire

_DASHSCOPE = Endpoint(url="https://dashscope.aliyuncs.com/compatible-mode/v1", key="DASHSCOPE_API_KEY")
_EDITS = "edit,write_file"


class Qwen(Preset):
    """`qwen --output-format stream-json`, from the npm package @qwen-code/qwen-code."""

    name = "qwen"
    command = "qwen"
    install = "npm install -g @qwen-code/qwen-code"
    endpoint = "dashscope"
    endpoints = {"dashscope": _DASHSCOPE}  # noqa: RUF012  # a constant
    wires = frozenset({Wire.OPENAI_CHAT})
    stream = "qwen"
    telling = Telling.RESUME
    sessions = (".qwen/projects", ".qwen/tmp")

    def start(self, errand: Errand) -> Start:
        """It is told by stdin, with its key and endpoint in the environment."""
        argv = (
            *errand.program,
            *("--auth-type", "openai", "--output-format", "stream-json", "--yolo", "--chat-recording"),
            *option("--model", errand.model),
            *option("--max-session-turns", errand.turns),
            *option("--exclude-tools", _EDITS if errand.looks_only else ""),
            *option("--resume", errand.resume),
        )
        env = {
            "OPENAI_API_KEY": FAKE_KEY,
            "OPENAI_BASE_URL": errand.base,
            "OPENAI_MODEL": errand.model,
            "QWEN_CODE_NO_RELAUNCH": "true",
        }
        settings = {
            "general": {"disableAutoUpdate": True, "disableUpdateNag": True},
            "privacy": {"usageStatisticsEnabled": False},
            "telemetry": {"enabled": False},
            "security": {"folderTrust": {"enabled": False}},
        }
        files = {".qwen/settings.json": as_json(settings)}
        return Start(argv=argv, stdin=errand.prompt.encode(), env=QUIET | env, files=files)
