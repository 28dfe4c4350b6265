"""The formats of agents' streams and logs, one class a file. Recognised by what a record holds, never by a name."""

from collections.abc import Iterable, Mapping
from typing import Any

from linestop.errors import UsageError
from linestop.events.formats.claude import ClaudeFormat
from linestop.events.formats.cline import ClineFormat
from linestop.events.formats.codex import CodexFormat
from linestop.events.formats.codex_rollout import CodexRolloutFormat
from linestop.events.formats.gemini import GeminiFormat
from linestop.events.formats.mini import MiniFormat
from linestop.events.formats.opencode import OpencodeFormat
from linestop.events.formats.openhands import OpenhandsFormat
from linestop.events.formats.own import OwnFormat
from linestop.events.formats.pi import PiFormat
from linestop.events.formats.qwen import QwenFormat
from linestop.events.formats.reader import Format, Reader, Said
from linestop.events.formats.swe_agent import SweAgentFormat
from linestop.events.lines import record_of

FORMATS: tuple[type[Format], ...] = (
    OwnFormat,
    QwenFormat,
    ClaudeFormat,
    CodexFormat,
    CodexRolloutFormat,
    OpencodeFormat,
    GeminiFormat,
    ClineFormat,
    PiFormat,
    OpenhandsFormat,
    MiniFormat,
    SweAgentFormat,
)
_LOOKED_AT = 50  # lines; a format that isn't told by then isn't known

__all__ = ["FORMATS", "Format", "Reader", "Said", "format_of", "reader_named", "recognise"]


def reader_named(name: str) -> Format:
    """Return a fresh reader of a format.

    Raises:
        UsageError: there is no such format; names those there are.
    """
    for one in FORMATS:
        if one.name == name:
            return one()
    known = ", ".join(one.name for one in FORMATS)
    raise UsageError(f"there is no event format {name!r}", found=f"known: {known}", todo="use one of those")


def format_of(record: Mapping[str, Any]) -> type[Format] | None:
    """Return the format that a record can only be of, None where it tells none."""
    return next((one for one in FORMATS if one.knows(record)), None)


def recognise(first_lines: Iterable[str | bytes]) -> Format | None:
    """Return a fresh reader for a log that begins with these lines, None where no format is told by them."""
    for line, _ in zip(first_lines, range(_LOOKED_AT), strict=False):
        record = record_of(line)
        if record is not None and (found := format_of(record)):
            return found()
    return None
