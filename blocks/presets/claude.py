"""Claude Code. Prompt by stdin; told and refused by its own hooks; its errors call themselves a success."""

from linestop.blocks.presets.hook_settings import hook_settings
from linestop.blocks.presets.preset import FAKE_KEY, QUIET, Errand, Preset, Start, Telling, as_json, option
from linestop.engines import Wire

_SETTINGS = ".linestop/claude.json"
_WEB = "WebFetch,WebSearch"  # would reach the web past the sandbox: the provider does it
_EDITS = "Edit,Write,NotebookEdit"


class Claude(Preset):
    """`claude -p`, from the npm package @anthropic-ai/claude-code or its native installer."""

    name = "claude"
    command = "claude"
    install = "npm install -g @anthropic-ai/claude-code"
    endpoint = "anthropic"
    wires = frozenset({Wire.ANTHROPIC})
    stream = "claude"
    telling = Telling.HOOKS
    sessions = (".claude/projects",)
    needs_model = False
    window = 200_000  # of the models that it chooses by itself

    def start(self, errand: Errand) -> Start:
        """Permissions are skipped, as the sandbox is the wall; as root it wants to be told so (IS_SANDBOX)."""
        denied = ",".join([_EDITS] * errand.looks_only + [_WEB] * (not errand.online))
        argv = (
            *errand.program,
            *("-p", "--output-format", "stream-json", "--verbose", "--dangerously-skip-permissions"),
            *("--strict-mcp-config", "--settings", str(errand.home / _SETTINGS)),
            *option("--model", errand.model),
            *option("--max-turns", errand.turns),
            *option("--disallowedTools", denied),
            *option("--resume", errand.resume),
        )
        env = {
            "ANTHROPIC_BASE_URL": errand.base,
            "ANTHROPIC_API_KEY": FAKE_KEY,
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "CLAUDE_CODE_MAX_RETRIES": "2",  # else it asks ten times, also after a 401
            "DISABLE_AUTOUPDATER": "1",
            "IS_SANDBOX": "1",
        }
        hooks = hook_settings(errand.hook, before="PreToolUse", after=("PostToolUse", "PostToolUseFailure"))
        files = {_SETTINGS: as_json({"hooks": hooks, "includeCoAuthoredBy": False})}
        return Start(argv=argv, stdin=errand.prompt.encode(), env=QUIET | env, files=files)
