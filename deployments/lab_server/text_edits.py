"""Edits for clients that have no tools and read them out of the model's words: aider, in its two formats."""

import re
from collections.abc import Iterable

from linestop.scenarios import Call, Edit, Write

_LISTED = re.compile(r"^([^\n`*]{1,300})\n(`{3,})[^\n`]*\n(.*?)^\2$", re.DOTALL | re.MULTILINE)


def as_blocks(calls: Iterable[Call]) -> str:
    """Return what to replace, edit by edit; the client looks for it in the file."""
    texts = []
    for call in calls:
        if isinstance(call, Edit | Write):
            old, new = (call.old, call.new) if isinstance(call, Edit) else ("", call.text)
            lines = (
                call.path,
                "```",
                "<<<<<<< SEARCH",
                old.rstrip("\n"),
                "=======",
                new.rstrip("\n"),
                ">>>>>>> REPLACE",
                "```",
            )
            texts.append("\n".join(line for number, line in enumerate(lines) if line or number not in {3, 5}))
    return "\n\n".join(texts)


def as_listings(calls: Iterable[Call], shown: str) -> str:
    """Return the whole text of each file that is changed; what it was before is what the client showed last."""
    before = {found[1].strip(): found[3] for found in _LISTED.finditer(shown)}
    after: dict[str, str] = {}
    failed: list[str] = []
    for call in calls:
        if isinstance(call, Write):
            after[call.path] = call.text
        elif isinstance(call, Edit):
            text = after.get(call.path, before.get(call.path, ""))
            if text.count(call.old) == 1:
                after[call.path] = text.replace(call.old, call.new)
            else:
                failed.append(f"I can't edit {call.path}: I was not shown it, or the text is not there once.")
    return "\n\n".join([*failed, *(f"{path}\n```\n{text.rstrip(chr(10))}\n```" for path, text in after.items())])
