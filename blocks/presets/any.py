"""Any other command: its argv from the settings, its prompt by stdin or file, its stream recognised."""

from pathlib import Path

from linestop.blocks.presets.preset import FAKE_KEY, QUIET, Errand, Preset, Start
from linestop.engines import CommandSettings, Wire
from linestop.errors import PolicyError
from linestop.text import plain

_PROMPT = ".linestop/prompt.md"
_KEYS = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY")
_BASES = ("OPENAI_BASE_URL", "OPENAI_API_BASE", "ANTHROPIC_BASE_URL", "GOOGLE_GEMINI_BASE_URL")


class AnyCommand(Preset):
    """A command of the settings. `{prompt_file}`, `{model}`, `{base}` and `{home}` in its arguments are filled in."""

    name = "any"
    install = "install it, or name its path as `program`"
    endpoint = "openai"
    wires = frozenset(Wire)
    has_end = False
    needs_model = False

    def __init__(self, settings: CommandSettings) -> None:
        self._settings = settings

    @property
    def command(self) -> str:  # type: ignore[override]  # known only from the settings
        """The program: the first word of the argv."""
        return self._settings.argv[0]

    @property
    def label(self) -> str:
        """The program's name."""
        return plain(Path(self.command).name, 60) or self.name

    def start(self, errand: Errand) -> Start:
        """Give it the endpoint under the names that most clients read.

        Raises:
            PolicyError: its prompt is a file, and no argument says where.
        """
        by_file = self._settings.prompt == "file"
        words = self._settings.argv[1:]
        if by_file and not any("{prompt_file}" in word for word in words):
            raise PolicyError(
                f"the engine of {self.command} is told its brief by a file, and no argument names it",
                found=f"argv = {list(self._settings.argv)}",
                todo='put "{prompt_file}" into argv, or set prompt = "stdin"',
            )
        filled = {
            "{prompt_file}": str(errand.home / _PROMPT),
            "{model}": errand.model,
            "{base}": errand.base,
            "{home}": str(errand.home),
        }
        return Start(
            argv=(*errand.program, *(_filled(word, filled) for word in words)),
            stdin=b"" if by_file else errand.prompt.encode(),
            env=QUIET | dict.fromkeys(_KEYS, FAKE_KEY) | dict.fromkeys(_BASES, errand.base),
            files={_PROMPT: errand.prompt} if by_file else {},
        )


def _filled(word: str, values: dict[str, str]) -> str:
    """Replace the known names only; any other brace is the command's own."""
    for name, value in values.items():
        word = word.replace(name, value)
    return word
