"""Declared pollers: commands that may be repeated while they wait (`watch.pollers` of the policy, as globs)."""

import re
from collections.abc import Iterable
from fnmatch import translate

from linestop.watch.trail import Call

_MAX_KNOWN = 4_096
_PARTS = re.compile(r"&&|\|\||[;\n]")


class Pollers:
    """Knows which calls are declared pollers. A glob stands for a whole command, a part of one, or a tool's name."""

    __slots__ = ("_known", "_matching")

    def __init__(self, globs: Iterable[str]) -> None:
        self._matching = [re.compile(translate(glob)) for glob in globs]
        self._known: dict[str, bool] = {}

    def cover(self, call: Call) -> bool:
        """Return whether a call is one."""
        if not self._matching or call.inert:
            return False
        found = self._known.get(call.key)
        if found is None:
            if len(self._known) >= _MAX_KNOWN:
                self._known.clear()
            found = self._known[call.key] = self._look(call)
        return found

    def _look(self, call: Call) -> bool:
        names = [call.tool, call.command, *map(str.strip, _PARTS.split(call.command))]
        return any(one.match(name) for one in self._matching for name in names if name)
