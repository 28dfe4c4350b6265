"""Subjects of which something found no room: `<state>/debriefs/later/<subject>`, empty files, longest waiting first.

They are gathered again once a decision has made room (debriefs.py): what a ticket taught isn't lost for coming when
nobody had answered for weeks.
"""

import re
from contextlib import suppress
from pathlib import Path

from linestop.files import write_whole
from linestop.paths import Layout

_SUBJECT = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")  # a ticket's id or a batch's name


class LeftOut:
    """The subjects that are to be gathered again. Reading creates nothing."""

    def __init__(self, layout: Layout) -> None:
        self._folder = layout.debriefs / "later"

    def put(self, subject: str) -> None:
        """Note a subject, last of all.

        Raises:
            OSError: the disk refused.
        """
        if _SUBJECT.fullmatch(subject) and not self._folder.is_symlink():
            self._folder.mkdir(exist_ok=True)
            write_whole(self._folder / subject, b"")

    def remove(self, subject: str) -> None:
        """Forget a subject."""
        if _SUBJECT.fullmatch(subject) and not self._folder.is_symlink():
            with suppress(OSError):
                (self._folder / subject).unlink(missing_ok=True)

    def subjects(self) -> tuple[str, ...]:
        """Return the subjects, the longest waiting first."""
        if self._folder.is_symlink():
            return ()
        with suppress(OSError):
            found = [path for path in self._folder.iterdir() if _SUBJECT.fullmatch(path.name)]
            return tuple(path.name for path in sorted(found, key=_since))
        return ()


def _since(path: Path) -> tuple[int, str]:
    try:
        return path.lstat().st_mtime_ns, path.name
    except FileNotFoundError:  # gathered by somebody else meanwhile
        return 0, path.name
