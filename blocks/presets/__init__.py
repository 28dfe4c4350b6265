"""Presets of agents' command lines, one file each. Found here by name; started by blocks/command_engine/engine.py."""

from linestop.blocks.presets.aider import Aider
from linestop.blocks.presets.any import AnyCommand
from linestop.blocks.presets.claude import Claude
from linestop.blocks.presets.cline import Cline
from linestop.blocks.presets.codex import Codex
from linestop.blocks.presets.gemini import Gemini
from linestop.blocks.presets.mini import Mini
from linestop.blocks.presets.opencode import OpenCode
from linestop.blocks.presets.pi import Pi
from linestop.blocks.presets.preset import FAKE_KEY, Errand, Preset, Start, Telling
from linestop.blocks.presets.qwen import Qwen
from linestop.engines import CommandSettings
from linestop.errors import PolicyError

_ALL: tuple[type[Preset], ...] = (Claude, Codex, OpenCode, Gemini, Qwen, Cline, Pi, Aider, Mini)
PRESETS = tuple(one.name for one in _ALL)

__all__ = ["FAKE_KEY", "PRESETS", "Errand", "Preset", "Start", "Telling", "preset_for", "preset_named"]


def preset_named(name: str) -> Preset:
    """Return a preset.

    Raises:
        PolicyError: nothing is called so; names those there are.
    """
    for one in _ALL:
        if one.name == name:
            return one()
    raise PolicyError(
        f"there is no preset {name!r}",
        found=f"presets: {', '.join(PRESETS)}",
        todo="name one of them, or set `argv` for another command",
    )


def preset_for(settings: CommandSettings) -> Preset:
    """Return the preset of an engine's settings, or one made of its own `argv`.

    Raises:
        PolicyError: there is no such preset; neither a preset nor an argv is set, or both.
    """
    if bool(settings.preset) == bool(settings.argv):
        raise PolicyError(
            "an engine of kind `command` needs either `preset` or `argv`",
            found="both" if settings.preset else "neither",
            todo=f"set `preset` to one of {', '.join(PRESETS)}, or `argv` to the command",
        )
    return preset_named(settings.preset) if settings.preset else AnyCommand(settings)
