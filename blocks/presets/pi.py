"""pi. Prompt by stdin, its provider in models.json; told by ending it and resuming its session."""

from linestop.blocks.presets.preset import FAKE_KEY, QUIET, Errand, Preset, Start, Telling, as_json, option
from linestop.engines import Wire

_APIS = {
    Wire.OPENAI_CHAT: "openai-completions",
    Wire.OPENAI_RESPONSES: "openai-responses",
    Wire.ANTHROPIC: "anthropic-messages",
}
_WINDOW = 128_000
_OUTPUT = 16_000


class Pi(Preset):
    """`pi -p --mode json`, from the npm package @mariozechner/pi-coding-agent."""

    name = "pi"
    command = "pi"
    install = "npm install -g @mariozechner/pi-coding-agent"
    endpoint = "openai"
    wires = frozenset(_APIS)
    stream = "pi"
    telling = Telling.RESUME
    sessions = (".pi/agent/sessions",)

    def start(self, errand: Errand) -> Start:
        """It knows only models of its own list, so this one is written into it."""
        argv = (
            *errand.program,
            *("-p", "--mode", "json", "--provider", "linestop", "--model", errand.model),
            *option("--tools", "read,grep,find,ls,bash" if errand.looks_only else ""),
            *option("--session", errand.resume),
        )
        model = {
            "id": errand.model,
            "name": errand.model,
            "reasoning": False,
            "input": ["text"],
            "contextWindow": _WINDOW,
            "maxTokens": _OUTPUT,
            "cost": {"input": 0, "output": 0, "cacheRead": 0, "cacheWrite": 0},
        }
        provider = {"baseUrl": errand.base, "apiKey": FAKE_KEY, "api": _APIS[errand.wire], "models": [model]}
        files = {".pi/agent/models.json": as_json({"providers": {"linestop": provider}})}
        env = {"PI_OFFLINE": "1", "PI_SKIP_VERSION_CHECK": "1"}
        return Start(argv=argv, stdin=errand.prompt.encode(), env=QUIET | env, files=files)
