"""The hook settings that Claude Code, Codex and Gemini CLI share in form; the hook is command_engine/hooks.py's."""

import shlex
from collections.abc import Sequence
from typing import Any

HOOK_SECONDS = 30


def hook_settings(hook: str, *, before: str, after: Sequence[str], seconds: float = HOOK_SECONDS) -> dict[str, Any]:
    """Return the `hooks` object that runs the script `hook` before and after every tool call; empty without one.

    Args:
        hook: path of the script inside the sandbox.
        before: name of the event before a call.
        after: names of the events after it.
        seconds: how long it may take, in the unit of the agent (Gemini CLI counts milliseconds).
    """
    if not hook:
        return {}
    asked = {name: [_entry(hook, "before", name, seconds)] for name in (before,)}
    return asked | {name: [_entry(hook, "after", name, seconds)] for name in after}


def _entry(hook: str, when: str, event: str, seconds: float) -> dict[str, Any]:
    command = shlex.join(["/bin/sh", hook, when, event])
    return {"matcher": "*", "hooks": [{"type": "command", "command": command, "timeout": seconds}]}
