"""Fences: text of strangers in a brief, so that it can't close its block, imitate another, or hide what it says.

A fence is a line of tildes longer than any run of them inside. `reading.py` reads a brief back the same way.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from linestop.text import plain, without_escapes

LEAST = 4  # tildes of a fence
MOST = 64  # tildes in a row that are shown
_TILDES = re.compile(r"~{4,}")
_RUNS = re.compile(rf"~{{{MOST + 1},}}")
_KEPT = "\n\t"
_UNSEEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
# Letters and marks that show nothing, some of which carry hidden bytes: fillers, joiners, variation selectors.
_BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0e\uffa0\U000e0000-\U000e0fff]")
_ODD = re.compile(r"[^\n\t\x20-\x7e]")
# What tokenizers of models take for the border of a message, wherever it stands: ChatML and its kin, with the
# wide bar of DeepSeek; Gemma, Llama 2, Mistral, EXAONE, MiniMax; beginning and end of a text as each of them writes it.
_TOKENS = re.compile(
    r"<(?=[|\uff5c])|<(?=/?(?:start_of_turn|end_of_turn|s|[es]op|(?:seed:)?[be]os|[be]os_token)>)|<(?=</?SYS>>)"
    r"|\[(?=/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|TOOL_CONTENT)\])"
    r"|\[(?=\|(?:system|user|assistant|tool|endofturn)\|\])|\[(?=e~\[)|\](?=~!?b[\[\]])",
    re.IGNORECASE,
)
_ROLES = re.compile(
    r"<(?=\s*/?\s*(?:\w+:)?(?:system|developer|user|human|assistant|ai|tool|tool_(?:calls?|results?|responses?|use)|function|"
    r"function_(?:calls?|results?)|invoke|think(?:ing)?|instructions?|prompt|brief|signs?|rules?|system[_-]reminder)\b)",
    re.IGNORECASE,
)
_OPENING = {"<": "\u2039", "[": "\u27e6", "]": "\u27e7"}  # look alike, and mean nothing


def fenced(text: str) -> str:
    """Return the text in a fence longer than any that it holds, so that content can't close it."""
    fence = "~" * max([LEAST, *(len(run) + 1 for run in _TILDES.findall(text))])
    return f"{fence}\n{text}\n{fence}"


def prose(text: str, limit: int) -> str:
    """Return at most `limit` characters of a text that people or agents wrote, with nothing hidden and no role's tag.

    Escape sequences are dropped; a cut is said in place of the last characters.
    """
    shown = code(without_escapes(text[: 2 * limit + 1_000]), limit=2 * limit + 1_000)
    return cut(_ROLES.sub(_OPENING["<"], shown).strip(), limit)


def code(text: str, limit: int) -> str:
    """Return at most `limit` characters of files or diffs: what can't be seen is named, `<U+202E>`, and kept in place.

    Only what a model's tokenizer would take for the end of a message is changed beside that.
    """
    shown = _ODD.sub(_named, text[: limit + 1].replace("\r\n", "\n"))
    shown = _RUNS.sub(lambda match: f"{match[0][:MOST]}…", shown)  # a fence is longer still
    return cut(_TOKENS.sub(lambda match: _OPENING[match[0]], shown), limit)


def one_line(text: str, limit: int) -> str:
    """Return a text as one line of at most `limit` characters, as harmless as `prose`."""
    return _line(prose(plain(text, limit), 2 * limit), limit)


def listed(texts: Sequence[str], *, most: int, limit: int) -> str:
    """Return texts one a line, each cut at `limit` characters; how many more than `most` there are is said."""
    lines = [_line(code(text, 2 * limit), limit) for text in texts[:most]]
    return "\n".join([*lines, *([f"[{len(texts) - most} more]"] if len(texts) > most else [])])


def cut(text: str, limit: int, note: str = "\n[cut]") -> str:
    """Return at most `limit` characters of a text; where any are missing its end says so."""
    return text if len(text) <= limit else text[: max(0, limit - len(note))].rstrip() + note


def _line(text: str, limit: int) -> str:
    """Return a text as one line, which no odd name of a file can break into two."""
    return cut(text.replace("\n", "<U+000A>").replace("\t", "<U+0009>"), limit, "…")


def _named(match: re.Match[str]) -> str:
    return _name(match[0])


@lru_cache(maxsize=4096)
def _name(char: str) -> str:
    hidden = unicodedata.category(char) in _UNSEEN or _BLANK.match(char)
    return f"<U+{ord(char):04X}>" if hidden and char not in _KEPT else char
