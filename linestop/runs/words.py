"""What an agent did in words: calls, usages, lines of texts. Everything is made harmless here (linestop/text.py)."""

import json
from collections.abc import Mapping
from typing import Any

from linestop.events import Action, Event, Usage
from linestop.text import plain, plain_lines

MAX_HEAD = 400  # characters of a call
MAX_LINES = 100_000
MAX_LINE = 2_000  # characters
_SHELL_KEYS = ("command", "cmd", "script")


def call_words(event: Event) -> str:
    """Return a call in a line: the command, the path or the pattern that matters, else the tool and its arguments."""
    args = event.args
    if event.action == Action.RUN and (command := _first(args, _SHELL_KEYS)):
        return plain(f"$ {command}", MAX_HEAD)
    if event.action in (Action.READ, Action.EDIT) and event.path:
        return plain(f"{event.path}{_range(args)}", MAX_HEAD)
    if event.action == Action.SEARCH and (pattern := args.get("pattern")):
        return plain(f"{pattern!s} in {event.path or args.get('path') or '.'}", MAX_HEAD)
    words = " ".join(f"{name}={value!s}" for name, value in list(args.items())[:20])
    return plain(f"{event.tool} {words}".strip(), MAX_HEAD)


def usage_words(usage: Usage) -> str:
    """Return a usage in words; what is unknown is not said."""
    cached = f" ({usage.cache_read:,} cached)" if usage.cache_read else ""
    money = "" if usage.usd is None else f", ${usage.usd:.4f}"
    total = " in all" if usage.total else ""
    return f"{usage.input:,} tokens in{cached}, {usage.output:,} out{money}{total}"


def memory_words(told: object) -> str:
    """Return how much of memory a dispatch was told, from its record; empty where it holds nothing of that.

    `3 lessons, 1 sign, 4 skills`: what they are is in the record's inputs.json, their words in its brief.
    """
    known = told if isinstance(told, Mapping) else {}
    counts = {name: known.get(name) for name in ("signs", "corrections", "lessons", "cautions", "skills")}
    sizes = {name: len(one) if isinstance(one, list) else one for name, one in counts.items()}
    said = {name: size for name, size in sizes.items() if isinstance(size, int) and size > 0}
    return ", ".join(f"{size:,} {name if size > 1 else name.removesuffix('s')}" for name, size in said.items())


def call_detail(event: Event) -> tuple[str, ...]:
    """Return a call's arguments, texts with their lines; nothing where there is one and it has one line."""
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in event.args.items()}
    if len(texts) < 2 and not any("\n" in text for text in texts.values()):  # noqa: PLR2004  # the head tells it
        return ()
    lines = list[str]()
    for name, text in texts.items():
        first, *rest = text_lines(text) or ("",)
        lines += [f"{plain(name, 60)}: {first}".rstrip(), *(f"  {line}" for line in rest)]
    return tuple(lines)


def text_lines(text: str) -> tuple[str, ...]:
    """Return a text's lines, harmless, without empty ones at both ends."""
    lines = [plain_line(line) for line in text.strip("\r\n").splitlines()[:MAX_LINES]]
    while lines and not lines[-1]:
        lines.pop()
    return tuple(lines)


def plain_line(line: str) -> str:
    """Return a line made harmless, its blanks kept: what is read may be code."""
    return plain_lines(line[:MAX_LINE].expandtabs(4), MAX_LINE * 4)


def _first(args: Mapping[str, Any], keys: tuple[str, ...]) -> str:
    """Return the command among a shell's arguments; a list of words is one, too."""
    value = next((args[key] for key in keys if args.get(key)), "")
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _range(args: Mapping[str, Any]) -> str:
    first, last = (args.get(name) for name in ("first", "last"))
    return f":{first or 1}-{last or ''}" if first or last else ""
