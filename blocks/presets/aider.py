"""aider. Prompt by file, speaks text only, exits 0 also where its key is refused, would commit by itself."""

from linestop.blocks.presets.preset import FAKE_KEY, QUIET, Errand, Preset, Start
from linestop.engines import Wire

_PROMPT = ".linestop/prompt.md"
_PREFIX = {Wire.OPENAI_CHAT: "openai/", Wire.ANTHROPIC: "anthropic/"}


class Aider(Preset):
    """`aider --message-file`, from the PyPI package aider-chat."""

    name = "aider"
    command = "aider"
    install = "pipx install aider-chat"
    endpoint = "openai"
    wires = frozenset(_PREFIX)
    has_end = False
    litter = (".aider.tags.cache.v4", ".aider.tags.cache.v3")

    def start(self, errand: Errand) -> Start:
        """Its histories go to its home, not into the workspace; roles that only look ask and do not edit.

        It edits only files it was given or that the model asks for by name.
        """
        history = errand.home / ".linestop"
        argv = (
            *errand.program,
            *("--message-file", str(errand.home / _PROMPT), "--model", _PREFIX[errand.wire] + errand.model),
            *(
                "--yes-always",
                "--no-auto-commits",
                "--no-dirty-commits",
                "--no-gitignore",
                "--no-stream",
                "--no-pretty",
            ),
            *("--no-check-update", "--no-show-release-notes", "--no-analytics", "--no-suggest-shell-commands"),
            *("--no-show-model-warnings", "--no-detect-urls", "--no-fancy-input", "--map-tokens", "1024"),
            *("--chat-history-file", str(history / "aider.md"), "--input-history-file", str(history / "aider.in")),
            *(word for path in errand.paths for word in ("--file", path)),
            *("--edit-format", "ask" if errand.looks_only else "diff"),  # `whole` takes our answer for a file
        )
        env = {
            "OPENAI_API_KEY": FAKE_KEY,
            "OPENAI_API_BASE": errand.base,
            "ANTHROPIC_API_KEY": FAKE_KEY,
            "ANTHROPIC_API_BASE": errand.base,
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        }
        return Start(argv=argv, env=QUIET | env, files={_PROMPT: errand.prompt})
