"""How an agent that only speaks text says what it did: one fenced JSON block in its last message.

Owns what it is told about that, and the reading. What it says is evidence and hostile: everything is cut, nothing is
believed, and whatever can't be read is left out. Whether the work stands is judged elsewhere (linestop/execution).
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from linestop.ports import Discovered, Work
from linestop.text import plain, plain_lines
from linestop.verdicts import Ruling

FENCE = "linestop"
MAX_CHARS = 4_000  # of one text
MAX_TEXTS = 50  # of one list
MAX_BLOCK = 200_000  # characters of a block that are looked at
_OPENING = re.compile(rf"^[ \t]*(?:`{{3,}}|~{{3,}})[ \t]*{FENCE}\b[^\n]*$", re.MULTILINE)
_NOTHING = frozenset({"", "none", "null", "no", "false", "n/a"})

_MAKER = """\
- `summary`: what you did, in a few sentences
- `could_not`: what you were asked for and did not do, one string each with the reason; `[]` where it is all done
- `petition`: `null`, or why an existing test, a check or the plan itself is wrong and a person must decide. To petition
  is the honest way out: it is never worse for you than working around the test. Then leave the files as they were.
- `discovered`: other work that you came across and did not do, as objects with `title`, `text`, `paths` and `blocks`
  (`true` where this task can't be finished before it); `[]` where there is none"""
_MAKER_EXAMPLE: dict[str, Any] = {
    "summary": "Removed the unused imports of two modules; the tests pass.",
    "could_not": [],
    "petition": None,
    "discovered": [],
}
_JUDGE = """\
- `ruling`: `"approve"` or `"reject"`
- `reasons`: why, one string each, with the file and line it is about; a rejection without a reason is none
- `summary`: what you looked at, in a few sentences"""
_JUDGE_EXAMPLE: dict[str, Any] = {
    "ruling": "reject",
    "reasons": ["src/shop/cart.py:12 drops the check for an empty cart, which nothing replaces"],
    "summary": "Read the diff and ran the tests of the cart.",
}


def instructions(role: str) -> str:
    """Return what a role is told, as markdown after its brief, about how it must answer."""
    makes = role == "maker"
    task = (
        "Leave your changes in the files, uncommitted. Nobody answers questions: decide, or petition."
        if makes
        else "You only look: change no file. Nobody answers questions."
    )
    example = fenced_block(_MAKER_EXAMPLE if makes else _JUDGE_EXAMPLE)
    fields = _MAKER if makes else _JUDGE
    return (
        f"## How to answer\n\n{task} End your last message with exactly one fenced block marked `{FENCE}`,"
        f" which holds one JSON object with these keys:\n\n{fields}\n\nFor example:\n\n{example}\n"
    )


def fenced_block(answer: Mapping[str, Any]) -> str:
    """Return an answer as the fenced block that `parse` reads."""
    return f"```{FENCE}\n{json.dumps(answer, ensure_ascii=False, indent=1)}\n```"


def answer_text(work: Work) -> str:
    """Return a last message that says what `work` says: its summary, and the block. `parse` returns it again."""
    judged = {"ruling": work.ruling.value, "reasons": list(work.reasons)} if work.ruling else {}
    made = {
        "could_not": list(work.could_not),
        "petition": work.petition,
        "discovered": [find.model_dump() for find in work.discovered],
    }
    return f"{work.summary}\n\n{fenced_block({'summary': work.summary, **(judged or made)})}"


def parse(text: str | Iterable[str], role: str) -> Work:
    """Return what an agent's messages say, oldest first: the last block counts, else the last message as a summary.

    A role that judges has no ruling where it gave none that can be read. It approves in its last message only: an
    earlier one may quote what a file says to it.
    """
    messages = [text] if isinstance(text, str) else [message for message in text if message.strip()]
    for message in reversed(messages):
        answer = _last_block(message)
        if answer is not None:
            work = _work(answer, role, said=_OPENING.split(message)[0])
            quoted = work.ruling is Ruling.APPROVE and message is not messages[-1]
            return work.model_copy(update={"ruling": None}) if quoted else work
    return Work(summary=plain_lines(messages[-1] if messages else "", MAX_CHARS).strip())


def has_block(messages: Iterable[str]) -> bool:
    """Return whether any message holds a block that can be read: only a model writes one."""
    return any(_last_block(message) is not None for message in messages)


def _last_block(text: str) -> dict[str, Any] | None:
    """Return the JSON object of the last block that holds one; a fence inside one of its strings does not end it."""
    for opening in reversed(list(_OPENING.finditer(text))):
        body = text[opening.end() : opening.end() + MAX_BLOCK].lstrip()
        try:
            answer, _ = json.JSONDecoder(strict=False).raw_decode(body)
        except (ValueError, RecursionError):
            continue
        if isinstance(answer, dict):
            return answer
    return None


def _work(answer: Mapping[str, Any], role: str, *, said: str) -> Work:
    summary = plain_lines(_text(answer.get("summary")) or said, MAX_CHARS).strip()
    if role != "maker":
        return Work(summary=summary, ruling=_ruling(answer.get("ruling")), reasons=_texts(answer.get("reasons")))
    petition = plain(_text(answer.get("petition")), MAX_CHARS)
    return Work(
        summary=summary,
        could_not=_texts(answer.get("could_not")),
        petition=None if petition.lower() in _NOTHING else petition,
        discovered=tuple(_finds(answer.get("discovered"))),
    )


def _ruling(value: object) -> Ruling | None:
    try:
        return Ruling(_text(value).strip().lower())
    except ValueError:
        return None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: object) -> tuple[str, ...]:
    """Return a list's strings; one string alone is a list of one."""
    items = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    texts = (plain(_text(item), MAX_CHARS) for item in items[:MAX_TEXTS])
    return tuple(text for text in texts if text.lower() not in _NOTHING)


def _finds(value: object) -> Iterable[Discovered]:
    for item in (value if isinstance(value, list) else [])[:MAX_TEXTS]:
        find = item if isinstance(item, dict) else {"title": item}
        if title := plain(_text(find.get("title")), 120):
            yield Discovered(
                title=title,
                text=plain_lines(_text(find.get("text")), MAX_CHARS),
                paths=tuple(plain(path, 500) for path in _texts(find.get("paths"))),
                blocks=find.get("blocks") is True,
            )
