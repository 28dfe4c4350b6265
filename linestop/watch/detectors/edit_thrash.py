"""edit-thrash: one file is edited again and again, and nobody looks whether it works.

Edits that each touch another place of the file are a refactoring: that is info, never a warning.
"""

import re
from typing import Any, ClassVar

from linestop.events import Action, Event, EventKind
from linestop.watch.checks import is_check
from linestop.watch.firing import Firing, Severity
from linestop.watch.settings import WatchSettings
from linestop.watch.trail import Call, Mark, Trail
from linestop.watch.watch import Detector

EDITS = 4  # SPEC.md section 5
MAX_FILES = 1_024  # files that are remembered between two checks
_MAX_TEXT = 2_000  # characters of an edit that are compared
_SHORTEST = 4  # characters; less than that is in every text
_SUBSTITUTION = re.compile(r"\bs([/|#,])((?:(?!\1).)+)\1((?:(?!\1).)*)\1")
_EDIT = Action.EDIT
_OLD = ("old_string", "oldString", "old_str", "old", "search")
_NEW = ("new_string", "newString", "new_str", "new", "replace")
MESSAGE = (
    "{file} was edited {edits} times and no check was run in between. Run the checks now, before you edit it again, and"
    " go by what they say."
)


class _File:
    __slots__ = ("edits", "first", "texts")

    def __init__(self, call: Call) -> None:
        self.first, self.edits = call.mark, 0
        self.texts: list[tuple[str, str]] = []


class EditThrash(Detector):
    """Fires at every fourth edit of a file without a check run since."""

    name: ClassVar[str] = "edit-thrash"
    kinds: ClassVar[frozenset[EventKind]] = frozenset({EventKind.TOOL_RESULT})
    __slots__ = ("_files",)

    def __init__(self, settings: WatchSettings) -> None:  # noqa: ARG002  # all detectors are made alike
        self._files: dict[str, _File] = {}

    def see(self, event: Event, trail: Trail) -> Firing | None:  # noqa: ARG002
        """Take a result."""
        call = trail.call
        if call is None:
            return None
        if call.action != _EDIT:
            if self._files and is_check(call):
                self._files.clear()
            return None
        return self._edited(call, trail) if call.edited and call.path else None

    def _edited(self, call: Call, trail: Trail) -> Firing | None:
        found = self._files.get(call.path)
        if found is None:
            found = self._files[call.path] = _File(call)
            if len(self._files) > MAX_FILES:
                del self._files[next(iter(self._files))]
        found.edits += 1
        found.texts.append(_change(call))
        if found.edits % EDITS:
            return None
        severity = Severity.INFO if _elsewhere(found.texts) else Severity.WARNING
        found.texts.clear()
        return self._firing(call, found.first, found.edits, severity, trail)

    def _firing(self, call: Call, first: Mark, edits: int, severity: Severity, trail: Trail) -> Firing:
        where = ", each in another place" if severity is Severity.INFO else ""
        return trail.firing(
            self.name, f"{call.path}: {edits} edits and no check run{where}", first, calls=edits, severity=severity,
            message=MESSAGE.format(file=call.path, edits=edits), file=call.path,
        )  # fmt: skip


def _change(call: Call) -> tuple[str, str]:
    """Return what an edit replaces and what it writes, as far as its arguments or a substitution of sed tell."""
    command = call.args.get("command")
    if isinstance(command, str) and " " in command:  # a shell's; an editor's is one word
        found = _SUBSTITUTION.search(command[:_MAX_TEXT])
        return (found[2][:_MAX_TEXT], found[3][:_MAX_TEXT]) if found else ("", "")
    return _text(call.args, _OLD), _text(call.args, _NEW)


def _text(args: dict[str, Any], names: tuple[str, ...]) -> str:
    return next((text[:_MAX_TEXT] for name in names if isinstance(text := args.get(name), str)), "")


def _elsewhere(texts: list[tuple[str, str]]) -> bool:
    """Return whether no edit touched what another one of them had written; False where that can't be told."""
    if not all(old.strip() for old, _ in texts):
        return False
    return not any(
        _overlap(texts[later][0], texts[earlier][1]) for later in range(len(texts)) for earlier in range(later)
    )


def _overlap(one: str, other: str) -> bool:
    one, other = one.strip(), other.strip()
    return len(one) >= _SHORTEST and len(other) >= _SHORTEST and (one in other or other in one)
