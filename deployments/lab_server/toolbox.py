"""Which of the tools that a client offers does what, and how its arguments are called. One table for all clients.

A tool fits a call when it bears a known name and has a property for everything that the call must say. Seen with
Claude Code 2.1, Codex 0.169, OpenCode 1.18, Gemini CLI 0.61, Qwen Code, cline, pi, mini-swe-agent and ModelEngine.
"""

import json
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from linestop.deployments.lab_server.asking import Ask, Offer
from linestop.deployments.lab_server.replies import ToolCall

NAMES: Mapping[str, tuple[str, ...]] = {
    "run": (
        "shell", "Bash", "bash", "exec_command", "local_shell", "run_shell_command", "execute_command",
        "run_commands", "shell_command", "run_command", "execute_bash", "terminal",
        "exec",
    ),
    "read": ("read", "Read", "read_file", "read_files", "view"),
    "edit": ("edit", "Edit", "replace", "edit_file", "str_replace", "editor", "replace_in_file"),
    "write": ("write", "Write", "write_file", "write_to_file", "create_file", "editor"),
    "search": ("search", "Grep", "grep", "grep_search", "search_file_content", "search_files", "search_codebase"),
    "check": ("check",),
    "finish": ("finish",),
    "petition": ("petition",),
    "ticket": ("ticket",),
    "rule": ("rule",),
}  # fmt: skip
KEYS: Mapping[str, tuple[str, ...]] = {
    "command": ("command", "cmd", "commands", "script"),
    "path": ("path", "file_path", "filePath", "absolute_path", "file", "filename", "dir_path"),
    "old": ("old", "old_string", "oldString", "old_text", "oldText", "old_str"),
    "new": ("new", "new_string", "newString", "new_text", "newText", "new_str"),
    "text": ("text", "content", "file_text", "contents", "new_text"),
    "pattern": ("pattern", "regex", "query", "queries"),
}
_SCRIPT = """\
const ran = await tools.exec_command(%s);
text(ran.output ?? ran);
if (ran.exit_code) text(`[exit code ${ran.exit_code}]`);
"""  # Codex with its newer models: one tool that takes JavaScript, and from there all others
_PATHS = frozenset(KEYS["path"])
_EMPTY: Mapping[str, Any] = {
    "string": "scripted",
    "boolean": False,
    "number": 0,
    "integer": 0,
    "array": [],
    "object": {},
}


def tool_call(
    ask: Ask, action: str, said: Mapping[str, Any], extra: Mapping[str, Any] | None = None
) -> ToolCall | None:
    """Return the call of the first offered tool that fits; None where none does.

    `said` must all be said; of `extra` only what the tool has a property of that very name for.
    """
    for name in NAMES[action]:
        offer = ask.tools.get(name)
        if offer is None:
            continue
        if offer.kind in {"local_shell", "shell"} and "command" in said:
            return ToolCall(name, {"command": ["bash", "-lc", said["command"]]}, kind=offer.kind)
        if (offer.name, offer.kind) == ("exec", "custom") and "command" in said:
            told = {"cmd": said["command"], "yield_time_ms": 30_000}
            return ToolCall(name, text=_SCRIPT % json.dumps(told))
        args = _args(offer, said, ask.cwd)
        if args is None:
            args = _in_a_list(offer, said, extra or {}, ask.cwd)
        if args is None:
            continue
        for key, value in (extra or {}).items():
            if key in offer.properties:
                args.setdefault(key, value - 1 if _from_zero(offer.properties[key]) else value)
        for key in offer.required:
            args.setdefault(key, _fill(offer.properties.get(key, {})))
        return ToolCall(name, args, kind=offer.kind)
    return None


def _args(offer: Offer, said: Mapping[str, Any], cwd: str) -> dict[str, Any] | None:
    args: dict[str, Any] = {}
    for meaning, value in said.items():
        key = next((key for key in KEYS.get(meaning, (meaning,)) if key in offer.properties), None)
        if key is None:
            return None
        args[key] = _shaped(key, value, offer.properties[key])
        if key in _PATHS and isinstance(value, str):
            if not _relative_is_fine(offer, key) and not cwd and not value.startswith("/"):
                return None
            args[key] = _shaped(key, _absolute(value, cwd), offer.properties[key])
    return args


def _in_a_list(offer: Offer, said: Mapping[str, Any], extra: Mapping[str, Any], cwd: str) -> dict[str, Any] | None:
    """Return the arguments of a tool that takes several at once: pi's `edits`, cline's `files`."""
    path = _absolute(str(said.get("path", "")), cwd)
    if {"old", "new"} <= said.keys() and {"edits", "path"} <= offer.properties.keys():
        return {"path": path, "edits": [{"oldText": said["old"], "newText": said["new"]}]}
    if said.keys() == {"path"} and "files" in offer.properties:
        span = {key: extra[key] for key in ("start_line", "end_line") if key in extra}
        return {"files": [{"path": path, **span}]}
    return None


def _from_zero(schema: Mapping[str, Any]) -> bool:
    return "0-based" in str(schema.get("description", ""))


def _absolute(path: str, cwd: str) -> str:
    return str(PurePosixPath(cwd) / path) if cwd else path


def _relative_is_fine(offer: Offer, key: str) -> bool:
    return "absolute" not in str(offer.properties[key].get("description", "")).lower()


def _shaped(key: str, value: Any, schema: Mapping[str, Any]) -> Any:
    """Return a value as the property wants it: a command may be asked for as words, or as a list of commands."""
    kinds = {schema.get("type"), *(one.get("type") for one in schema.get("anyOf", ()) if isinstance(one, dict))}
    if "array" not in kinds or "string" in kinds or isinstance(value, list):
        return value
    return ["bash", "-lc", value] if key == "command" else [value]


def _fill(schema: Mapping[str, Any]) -> Any:
    if isinstance(schema.get("enum"), list) and schema["enum"]:
        return schema["enum"][0]
    return schema.get("default", _EMPTY.get(str(schema.get("type")), "scripted"))
