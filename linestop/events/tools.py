"""What a tool call does, whatever its tool is called: the one table of tools of all agents, and their key arguments.

A shell's command is looked at in shells.py. A tool that isn't known is OTHER, and all its arguments are key.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from linestop.events.identity import identity_of, input_hash
from linestop.events.model import Action
from linestop.events.shells import inner_command, patched_paths, shell_action

_NAMES = {
    Action.RUN: "bash shell exec_command local_shell local_shell_call run_shell_command execute_bash terminal run"
    " run_commands execute_command command_execution container.exec powershell run_terminal_cmd shell_command check"
    " run_checks terminalaction cmdrunaction unified_exec",
    Action.READ: "read read_file view view_file readfile read_files read_many_files notebookread open view_image"
    " open_file file_read fileread zoom_image",
    Action.EDIT: "edit write multiedit multi_edit write_file replace apply_patch patch create insert edit_file editor"
    " notebookedit notebook_edit str_replace write_to_file replace_in_file file_change undo_edit create_file"
    " insert_text file_write fileedit apply_diff delete_file",
    Action.SEARCH: "grep glob search search_files search_file_content grep_search list ls list_directory list_files"
    " find find_file search_dir search_file codebase_search file_search list_dir search_codebase find_files",
}
ACTIONS = {name: action for action, names in _NAMES.items() for name in names.split()}
_BY_COMMAND = {"str_replace_editor", "str_replace_based_edit_tool", "file_editor", "fileeditoraction", "editor"}
_PATHS = ("path", "file_path", "filePath", "absolute_path", "filename", "file", "notebook_path", "target_file")
_FOLDERS = ("path", "dir_path", "directory", "dir", "folder")
_PATTERNS = ("pattern", "query", "regex", "search_term", "glob", "queries")
_SPANS = ("offset", "limit", "start_line", "end_line", "first", "last", "view_range", "start", "end", "lines", "pages")
_COMMANDS = ("command", "cmd", "commands", "script")


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a call: `key` are the arguments that make it the same call as another one."""

    action: Action
    path: str
    key: dict[str, Any]
    args: dict[str, Any]

    def fields(self, tool: str) -> dict[str, Any]:
        """Return what an event of this call says. A shell's `args["command"]` is always the plain text of it."""
        return {
            "tool": tool,
            "args": self.args,
            "action": self.action,
            "path": self.path,
            "identity": identity_of(tool, self.key),
        }


def call_identity(tool: str, args: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the tool's name, a newline and its key arguments as RFC 8785 JSON (SPEC.md section 4)."""
    return identity_of(tool, describe(tool, args).key)


def call_fields(tool: str, args: Mapping[str, Any]) -> dict[str, Any]:
    """Return tool, args, action, path, identity and input_hash of a call, as an event carries them."""
    return {**describe(tool, args).fields(tool), "input_hash": input_hash(dict(args))}


def describe(tool: str, args: Mapping[str, Any]) -> Known:
    """Return what a call does. Never fails: arguments of the wrong kind are no key arguments."""
    given = dict(args)
    action = action_of(tool, given)
    if action is Action.RUN:
        return _run(given)
    path = _path(given)
    if action is Action.EDIT:
        return Known(action, path, {"path": path} if path else given, given)
    if action is Action.READ:
        spans = {name: given[name] for name in _SPANS if given.get(name) is not None}
        return Known(action, path, {"path": path, **spans} if path else given, given)
    if action is Action.SEARCH:
        pattern = next((given[name] for name in _PATTERNS if given.get(name)), None)
        folder = _first(given, _FOLDERS)
        key = {name: one for name, one in (("pattern", pattern), ("path", folder)) if one}
        return Known(action, "", key or given, given)
    return Known(action, path, given, given)


def action_of(tool: str, args: Mapping[str, Any]) -> Action:
    """Return what a tool does by its name; an editor of many commands by its command."""
    name = tool.rsplit("__", 1)[-1].lower()  # mcp__server__tool
    if name in _BY_COMMAND and isinstance(args.get("command"), str):
        return Action.READ if args["command"] == "view" else Action.EDIT
    return ACTIONS.get(name, Action.OTHER)


def _run(given: dict[str, Any]) -> Known:
    raw = next((given[name] for name in _COMMANDS if given.get(name)), None)
    if raw is None:
        return Known(Action.RUN, "", given, given)
    several = isinstance(raw, list) and not isinstance(given.get("command"), list)
    command = "\n".join(inner_command(one) for one in raw) if several else inner_command(raw)
    action, path = shell_action(command)
    return Known(action, path, {"command": command}, {**given, "command": command})


def _path(given: Mapping[str, Any]) -> str:
    if path := _first(given, _PATHS):
        return path
    for name in ("paths", "changes", "files"):
        if isinstance(several := given.get(name), list) and several:
            one = several[0]
            return str(one.get("path", "")) if isinstance(one, dict) else str(one)
    patch = next((one for one in (given.get("input"), given.get("patch"), given.get("patchText")) if one), "")
    return (patched_paths(patch) or [""])[0] if isinstance(patch, str) else ""


def _first(given: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return next((str(given[name]) for name in names if isinstance(given.get(name), str) and given[name]), "")
