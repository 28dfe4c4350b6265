"""The hook through which a running agent is told something, or is refused a call: a script and a box of small files.

The agent can write everything in its home, the box too: the box is held open from before its start and nothing in it is
followed, run, or read beyond a bound. What agents must be given as settings is presets/hook_settings.py.
"""

import contextlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Self

from linestop.errors import InfraError
from linestop.events import EventKind, Outcome, call_identity
from linestop.events.calls import OpenCalls
from linestop.watch import LiveLog

FOLDER = ".linestop"
HOOK = "hook.sh"
_BOX = "box"
_WALLS = "walls"  # there is a call that must not be made: ask before each
_NUDGE = "nudge"
_ASK, _ANSWER = ".ask", ".answer"
_MAX_ASK = 4 * 2**20  # a call may write a whole file
_REASON = "This call was denied by a hook: it has been made often enough ({}). Do something different."
_MAX_ASKS = 20  # looked at in one go
_MAX_ENTRIES = 1_000
_ALIASES = {"Bash": ("shell",)}  # Codex: its hooks and its stream name one tool differently

SCRIPT = f"""\
#!/bin/sh
# linestop: tells the agent what the watch saw, and asks before a call where one is blocked.
box=${{0%/*}}/{_BOX}
if [ "$1" = before ]; then
    if [ ! -e "$box/{_WALLS}" ]; then cat >/dev/null; exit 0; fi
    cat >"$box/$$.part" && mv "$box/$$.part" "$box/$$.ask" || exit 0
    tries=0
    while [ "$tries" -lt 100 ]; do
        if [ -e "$box/$$.answer" ]; then
            cat "$box/$$.answer"; rm -f "$box/$$.answer"; exit 0
        fi
        tries=$((tries + 1)); sleep 0.05
    done
    rm -f "$box/$$.ask"; exit 0
fi
cat >/dev/null
if mv "$box/{_NUDGE}" "$box/told.$$" 2>/dev/null; then
    printf '{{"hookSpecificOutput":{{"hookEventName":"%s","additionalContext":' "$2"
    cat "$box/told.$$"; printf '}}}}'; rm -f "$box/told.$$"
fi
"""


class HookBox:
    """The box of one dispatch. A context manager; used by one thread."""

    def __init__(self, home: Path, *, role: str, note_refusals: bool) -> None:
        self._role, self._note_refusals = role, note_refusals
        self.script = home / FOLDER / HOOK
        self._folder = -1
        self._walls = False

    def __enter__(self) -> Self:
        box = self.script.parent / _BOX
        try:
            box.mkdir(parents=True, exist_ok=True)
            self.script.write_text(SCRIPT, encoding="ascii")
            owner = self.script.parent.parent.stat()
            for path in (self.script.parent, self.script, box):
                os.chown(path, owner.st_uid, owner.st_gid)
            self._folder = os.open(box, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError as error:
            raise InfraError("the hook can't be written", found=str(error), todo="check the disk") from error
        return self

    def __exit__(self, *exc: object) -> None:
        if self._folder >= 0:
            os.close(self._folder)
            self._folder = -1

    def serve(self, events: LiveLog) -> None:
        """Hand on what the agent must be told, and answer what it asks. Called again and again while it runs."""
        with contextlib.suppress(OSError):  # the agent took the box away: it can't be told
            if not self._exists(_NUDGE) and (nudge := events.take_nudge()):
                self._put(_NUDGE, json.dumps(nudge))
            self._walls = self._walls or events.blocking
            if self._walls:
                if not self._exists(_WALLS):
                    self._put(_WALLS, "")
                for name in self._asks():
                    with contextlib.suppress(OSError):  # no file: the next one may be
                        self._answer(name, events)

    def _asks(self) -> Iterator[str]:
        with os.scandir(self._folder) as entries:
            names = [entry.name for entry in islice(entries, _MAX_ENTRIES) if entry.name.endswith(_ASK)]
        yield from names[:_MAX_ASKS]

    def _answer(self, name: str, events: LiveLog) -> None:
        asked = self._take(name)
        tool, args = str(asked.get("tool_name", "")), asked.get("tool_input")
        why = _wall(events, tool, args if isinstance(args, Mapping) else {})
        said = json.dumps(_denial(str(asked.get("hook_event_name", "")), why)) if why else ""
        if why and self._note_refusals:
            self._note(events, tool, args if isinstance(args, Mapping) else {}, why)
        self._put(name.removesuffix(_ASK) + _ANSWER, said)

    def _note(self, events: LiveLog, tool: str, args: Mapping[str, Any], why: str) -> None:
        """Write a refusal that the agent's own stream does not show: else it would go on unseen."""
        calls = OpenCalls()
        made = calls.made(_ALIASES.get(tool, (tool,))[0], args)
        events.append(EventKind.TOOL_CALL, step=self._role, **made)
        answered = calls.answered()
        events.append(
            EventKind.TOOL_RESULT, step=self._role, text=_REASON.format(why), outcome=Outcome.DENIED, **answered
        )

    def _exists(self, name: str) -> bool:
        try:
            os.stat(name, dir_fd=self._folder, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return True

    def _put(self, name: str, text: str) -> None:
        """Write a file whole, over whatever stands there; a link is replaced, not followed."""
        part = f".{name}.new"
        with contextlib.suppress(FileNotFoundError):
            os.unlink(part, dir_fd=self._folder)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        with os.fdopen(os.open(part, flags, 0o644, dir_fd=self._folder), "w", encoding="utf-8") as file:
            file.write(text)
        os.rename(part, name, src_dir_fd=self._folder, dst_dir_fd=self._folder)

    def _take(self, name: str) -> Mapping[str, Any]:
        """Return what a file holds, and remove it; nothing where it is no plain file or no JSON."""
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=self._folder)
        with os.fdopen(descriptor, "rb") as file:
            text = file.read(_MAX_ASK) if stat.S_ISREG(os.fstat(descriptor).st_mode) else b""
        os.unlink(name, dir_fd=self._folder)
        try:
            asked = json.loads(text)
        except (ValueError, RecursionError):
            return {}
        return asked if isinstance(asked, dict) else {}


def _wall(events: LiveLog, tool: str, args: Mapping[str, Any]) -> str:
    """Return why a call must not be made, empty where it may."""
    names = (tool, *_ALIASES.get(tool, ()))
    walls = (events.blocked(call_identity(name, args)) for name in names)
    return next((why for why in walls if why), "")


def _denial(event: str, why: str) -> dict[str, Any]:
    """Return the refusal as the agent whose event this is reads it."""
    reason = _REASON.format(why)
    if event == "BeforeTool":  # Gemini CLI
        return {"decision": "deny", "reason": reason}
    return {
        "hookSpecificOutput": {
            "hookEventName": event or "PreToolUse",
            "permissionDecision": "deny",
            "permissionDecisionReason": reason,
        }
    }
