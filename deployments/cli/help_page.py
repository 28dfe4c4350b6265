"""How a help page is laid out: prose fills the terminal's width, and an example stays one that can be copied.

Docstrings are wrapped for who reads the code; cyclopts prints their lines as they are, which at 80 columns leaves
every second line half empty. Here each paragraph is one again, an example that is too long goes on after a backslash,
its comment stands below it. cyclopts draws the tables of options.
"""

import re
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cyclopts.help import HelpPanel
    from rich.console import Console, ConsoleOptions

_PROSE_AT_MOST = 100  # longer lines are hard to read, however wide the terminal is
# An option stays with its value; what stands in quotes is never parted.
_WORD = r"""(?:"[^"]*"|'[^']*'|[^\s"']|["'])+"""
_WORDS = re.compile(rf"--[\w-]+ (?!-){_WORD}|{_WORD}")
_COMMENT = re.compile(r"\s+# (?P<said>.*)$")


class HelpPage:
    """A help formatter of cyclopts; rich and cyclopts' own formatter are loaded when a page is asked for."""

    def __call__(self, console: "Console", options: "ConsoleOptions", panel: "HelpPanel") -> None:
        """Print a table of options or commands."""
        from cyclopts.help import DefaultFormatter  # noqa: PLC0415  # --version needs none of it
        from cyclopts.help.inline_text import InlineText  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        said = [InlineText(Text(" ".join(_said(one.description).split()))) for one in panel.entries]
        entries = [one.copy(description=text) for one, text in zip(panel.entries, said, strict=True)]
        DefaultFormatter()(console, options, panel.copy(entries=entries))

    def render_usage(self, console: "Console", _options: "ConsoleOptions", usage: Any) -> None:
        """Print the line of usage, with the examples of a group of commands below it."""
        if usage:
            text = str(usage).strip()
            _print(console, text if text.startswith("Usage:") else f"Usage: {text}")

    def render_description(self, console: "Console", _options: "ConsoleOptions", description: Any) -> None:
        """Print what a command says of itself."""
        if text := _said(description).strip():
            _print(console, text)


def default_shown(value: object) -> str | None:
    """Return a default as help shows it; nothing where it only says that nothing was given: no flag, no word."""
    return None if value is None or value is False or value in ((), "") else str(value)


def laid_out(text: str, width: int) -> Iterator[str]:
    """Yield the lines of a help text for a terminal of `width` columns: paragraphs filled, indented lines apart."""
    paragraph: list[str] = []
    for line in [*text.splitlines(), ""]:
        if line.strip() and not line.startswith(" "):
            paragraph.append(line.strip())
            continue
        yield from _filled(" ".join(paragraph), min(width, _PROSE_AT_MOST))
        paragraph = []
        yield from _example(line, width) if line.strip() else [""]


def _filled(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)


def _example(line: str, width: int) -> Iterator[str]:
    """Yield an example in lines that fit: its comment below it, and a backslash where the command goes on."""
    if len(line) <= width:
        yield line
        return
    indent = line[: len(line) - len(line.lstrip())]
    found = _COMMENT.search(line)
    shown = indent
    for word in _WORDS.findall(line[: found.start()] if found else line):
        if shown.strip() and word != "\\" and len(shown) + len(word) + len(" \\") > width:
            yield f"{shown}\\"
            shown = f"{indent}    "
        shown += f"{word} "
    yield shown.rstrip()
    if found:
        yield from textwrap.wrap(
            found["said"], width, initial_indent=f"{indent}  # ", subsequent_indent=f"{indent}  # "
        )


def _said(description: Any) -> str:  # a text of cyclopts' own kind, or none
    return str(getattr(description, "primary_renderable", ""))


def _print(console: "Console", text: str) -> None:
    for line in laid_out(text, console.width):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
