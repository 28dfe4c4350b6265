"""Makes text of a repository fit for a page. Owns the neutralising: whatever goes in, one harmless line comes out.

Docstrings, comments, file names and commit messages are written by strangers. Nothing of them may open or close a
claim, start an HTML tag, make a link, or draw on a terminal. claims.py has the second lock: no body can hold a marker.
"""

import re

from linestop.text import plain

PROSE_CHARS = 400
CODE_CHARS = 240
_ROLE = re.compile(r":[\w+:-]{1,40}:`([^`]{1,200})`|``([^`]{1,300})``|`([^`]{1,200})`_{0,2}")
_TARGET = re.compile(r"\s*<[^<>]*>$")
_SPECIAL = re.compile(r"([\\\[\]`|~$])")
_EMPHASIS = re.compile(r"(?<!\w)([*_]+)|([*_]+)(?!\w)")
_BALANCED = re.compile(r"(?<![\w*])(\*{1,2})(\w[^*]{0,60}\w|\w)\1(?![\w*])")
_START = re.compile(r"^(#|>|-|\+|=|\d+[.)])")


def folded(text: str, limit: int) -> str:
    """Return the text as one line of at most `limit` characters, nothing in it that a terminal or reader can't see."""
    return plain(text, limit)


def code(text: str, limit: int = CODE_CHARS) -> str:
    """Return the text as a code span that nothing in it can close; empty text gives an empty string."""
    text = folded(text, limit).replace("<!--", "<!- -").replace("-->", "- ->")
    if not text:
        return ""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def prose(text: str, limit: int = PROSE_CHARS) -> str:
    """Return one line of markdown: reStructuredText's literals and roles become code, all else is escaped."""
    text = folded(text, limit)
    if text.endswith("…") and text.count("`") % 2:  # cut inside a literal: leave the torn one out
        text = f"{text[: text.rindex('`')].rstrip('`: ')}…"
    parts, end = [], 0
    for match in _ROLE.finditer(text):
        parts += [escaped(_joined(text[end : match.start()], end)), code(_label(match))]
        end = match.end()
    parts.append(escaped(_joined(text[end:], end)))
    return _START.sub(r"\\\1", "".join(parts))


def _joined(text: str, end: int) -> str:
    """Return the text after a literal without the backslash that reStructuredText needs there."""
    return text.lstrip("\\") if end else text


def _label(match: re.Match[str]) -> str:
    role, literal, single = match.groups()
    if literal is not None:
        return str(literal)
    label = _TARGET.sub("", str(role if role is not None else single))
    return label.rpartition(".")[2] if label.startswith("~") else label.lstrip("!")


def escaped(text: str) -> str:
    """Return plain text with everything that markdown or HTML would read escaped; `*one*` and `**two**` may stay."""
    kept, end = [], 0
    for match in _BALANCED.finditer(text):
        kept += [_plainly(text[end : match.start()]), match[1], _plainly(match[2]), match[1]]
        end = match.end()
    return "".join([*kept, _plainly(text[end:])])


def _plainly(text: str) -> str:
    text = _SPECIAL.sub(r"\\\1", text)
    text = _EMPHASIS.sub(lambda match: "".join(f"\\{char}" for char in match.group()), text)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def cell(text: str) -> str:
    """Return ready markdown for a table's cell: a bar that would end it is escaped."""
    return re.sub(r"(?<!\\)\|", r"\\|", text)


def summary(docstring: str, limit: int = PROSE_CHARS) -> str:
    """Return a docstring's first paragraph as markdown, at most `limit` characters of it."""
    return prose(first_paragraph(docstring), limit)


def first_paragraph(text: str) -> str:
    """Return the text up to its first empty line; a title's underline and directives are no part of it."""
    kept: list[str] = []
    for line in text.strip()[:8000].splitlines():
        bare = line.strip()
        if not bare and kept:
            break
        if bare.startswith(".. "):
            if kept:
                break
            continue
        if bare and not re.fullmatch(r"([=\-~^*#`])\1{2,}", bare):
            kept.append(bare)
    return " ".join(kept)
