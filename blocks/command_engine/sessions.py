"""Sessions of agents that a later dispatch may go on with: kept outside every sandbox, put back into its home.

They hold what the agent read and wrote, so only their owner reads them. What an agent left there is hostile: plain
files only, of a bounded size and number, and no link is followed.
"""

import contextlib
import hashlib
import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from linestop.blocks.command_engine.home import read_in
from linestop.home import workplace

_MAX_FILES = 2_000
_MAX_BYTES = 64 * 2**20
_KEPT = 50  # sessions of one agent; the oldest go


class Sessions:
    """The kept sessions of one preset, in `$LINESTOP_HOME/sessions/<preset>/`."""

    def __init__(self, preset: str, folders: Sequence[str], *, parent: Path | None = None) -> None:
        self._folder = (parent or workplace() / "sessions") / preset
        self._folders = tuple(folders)

    def keep(self, session: str, home: Path) -> None:
        """Keep what a home holds of a session; what can't be kept is left out, the dispatch counts all the same."""
        if not session or not self._folders:
            return
        with contextlib.suppress(OSError):
            target = self._of(session)
            shutil.rmtree(target, ignore_errors=True)
            target.mkdir(mode=0o700, parents=True)
            left = [_MAX_FILES, _MAX_BYTES]
            for folder in self._folders:
                for name, content in _files(home, folder):
                    left = [left[0] - 1, left[1] - len(content)]
                    if min(left) < 0:
                        break
                    (target / name).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                    (target / name).write_bytes(content)
            self._sweep()

    def restore(self, session: str, home: Path) -> bool:
        """Put a session into a home that no agent has used yet; False where it isn't kept."""
        kept = self._of(session) if session else self._folder / "none"
        if not kept.is_dir():
            return False
        shutil.copytree(kept, home, dirs_exist_ok=True, symlinks=True)
        owner = home.stat()
        if (owner.st_uid, owner.st_gid) != (os.geteuid(), os.getegid()):
            for folder, folders, files in os.walk(home):
                for name in (*folders, *files):
                    os.chown(Path(folder) / name, owner.st_uid, owner.st_gid, follow_symlinks=False)
        return True

    def _of(self, session: str) -> Path:
        return self._folder / hashlib.sha256(session.encode("utf-8", "replace")).hexdigest()[:32]

    def _sweep(self) -> None:
        kept = sorted(self._folder.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
        for old in kept[_KEPT:]:
            shutil.rmtree(old, ignore_errors=True)


def _files(home: Path, folder: str) -> Iterator[tuple[str, bytes]]:
    """Yield the plain files below a folder of a home, by their path in the home."""
    start = home / folder
    if any(part.is_symlink() for part in (start, *start.parents) if part != home and part.is_relative_to(home)):
        return
    for path, _, names, opened in os.fwalk(start, follow_symlinks=False):
        for name in names:
            with contextlib.suppress(OSError):
                if stat.S_ISREG(os.stat(name, dir_fd=opened, follow_symlinks=False).st_mode):
                    content = read_in(opened, name, at_most=_MAX_BYTES)
                    if content is not None:
                        yield str((Path(path) / name).relative_to(home)), content
