"""What a shell command does, as far as its words tell: agents without file tools read, search and edit by command.

A guess that is only made where each part of the command is plain; anything else stays a run. Runs nothing.
"""

import re
import shlex
from functools import lru_cache

from linestop.events.model import Action

_MAX_COMMAND = 2_000  # characters; longer ones are scripts
_READERS = {"cat", "head", "tail", "nl", "less", "more", "bat", "wc", "stat", "file", "od", "xxd"}
_SEARCHERS = {"grep", "rg", "ag", "egrep", "fgrep", "find", "fd", "ls", "tree", "git-grep", "git-ls-files"}
_FILTERS = {"cd", "sort", "uniq", "cut", "tr", "pushd", "popd", "set", "export"}
_SHELL = re.compile(r"(?:\S*/)?(?:ba|z|da)?sh")
_WRAPPED = re.compile(r"^(?:/usr/bin/env\s+)?(?:\S*/)?(?:ba|z|da)?sh\s+(?:-\w+\s+)*-\w*c\s+")
_BESIDE = re.compile(r"\w+=\S*|[0-9]?>&?[0-9]|[0-9&]?>/dev/null")
_QUOTING = re.compile(r"['\"\\#]")
_PARTS = re.compile(r"&&|\|\||[;|\n]")
_WRITES = re.compile(r"(?<![0-9&<>=-])>{1,2}\s*(?P<path>(?!&|/dev/null)[\w./~+@-]+)")
_PATCHED = re.compile(r"^\*\*\* (?:Update|Add|Delete) File: (?P<path>.+)$", re.MULTILINE)


def inner_command(command: object) -> str:
    """Return the text of a command without the `bash -lc '…'` that an agent wraps round it; joins a list of words."""
    if isinstance(command, list | tuple):
        words = [str(word) for word in command]
        wrapped = len(words) > 2 and _SHELL.fullmatch(words[0]) and words[-2].endswith("c")  # noqa: PLR2004
        return words[-1] if wrapped else shlex.join(words)
    text = str(command or "")
    match = _WRAPPED.match(text)
    if not match:
        return text
    inner = _words(text[match.end() :])
    return inner[0] if inner and len(inner) == 1 else text


def patched_paths(patch: str) -> list[str]:
    """Return the files that a patch in the form of apply_patch names."""
    return [match["path"].strip() for match in _PATCHED.finditer(patch)]


@lru_cache(maxsize=4096)
def shell_action(command: str) -> tuple[Action, str]:
    """Return what a shell command does and the one file it is about, empty where there is none or more."""
    if paths := patched_paths(command):
        return Action.EDIT, paths[0]
    if len(command) > _MAX_COMMAND:
        return Action.RUN, ""
    if write := _WRITES.search(_unquoted(command)):
        first = _part(command.split("<<", 1)[0].split(">", 1)[0])
        wrote = first[0] in {Action.READ, Action.SEARCH} or re.match(r"\s*(?:cat|echo|printf|tee)\b", command)
        return (Action.EDIT, write["path"]) if wrote else (Action.RUN, "")
    seen = [part for part in map(_part, _PARTS.split(command)) if part[0] is not Action.OTHER]
    actions = {action for action, _ in seen}
    if not seen or Action.RUN in actions:
        return Action.RUN, ""
    action = next(one for one in (Action.EDIT, Action.SEARCH, Action.READ) if one in actions)
    files = {path for one, path in seen if one is action and path}
    return action, files.pop() if len(files) == 1 else ""


def _part(text: str) -> tuple[Action, str]:
    """Return what one simple command does; OTHER where it only feeds or follows another one."""
    words = _words(text)
    if words is None:
        return Action.RUN, ""
    words = [word for word in words if not _BESIDE.fullmatch(word)]
    if not words:
        return Action.OTHER, ""
    name, rest = words[0].rsplit("/", 1)[-1], words[1:]
    files = [word for word in rest if not re.match(r"-|\d+$", word)]
    if name == "git":
        name = f"git-{rest[0] if rest else ''}"
    if name in {"sed", "perl"}:
        return _streamed(name, rest)
    if name in _SEARCHERS:
        return Action.SEARCH, ""
    if name in _READERS and files:
        return Action.READ, files[-1]
    return (Action.OTHER, "") if name in _FILTERS or name in _READERS else (Action.RUN, "")


def _streamed(name: str, rest: list[str]) -> tuple[Action, str]:
    files = [word for word in rest if not word.startswith("-")][1:]  # the first is the script
    if any(re.match(r"-\w*i|--in-place", word) for word in rest):
        return Action.EDIT, files[-1] if files else ""
    if name == "perl":
        return Action.RUN, ""
    return (Action.READ, files[-1]) if files else (Action.OTHER, "")


def _words(text: str) -> list[str] | None:
    """Return the words of a command, None where its quotes don't close."""
    if not _QUOTING.search(text):
        return text.split()  # the same, thirty times as fast
    try:
        return shlex.split(text)
    except ValueError:
        return None


def _unquoted(command: str) -> str:
    return re.sub(r"'[^']*'|\"[^\"]*\"", "''", command.split("<<", 1)[0])
