"""Where what belongs to no repository is kept: `$LINESTOP_HOME`; where it can't be written, runs work in a stand-in.

A home may be read-only: a container's, a disk that the kernel remounted after an error. What a person keeps there is
still read; worktrees, environments and the server's state need a place to be written to, else nothing could run.
"""

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from linestop.errors import InfraError

PIN = "LINESTOP_WORKPLACE"  # what a run has begun with, for what it starts; of another home it says nothing


def home() -> Path:
    """Return `$LINESTOP_HOME`, default `~/.linestop`: what a person keeps lies there.

    Raises:
        InfraError: no folder can be meant by it; a relative one would be another in each folder that a process enters.
    """
    named = os.environ.get("LINESTOP_HOME") or "~/.linestop"
    try:
        folder = Path(named).expanduser()
        found = "" if folder.is_absolute() else "it is relative"
        resolved = folder.resolve()
    except RuntimeError as error:  # Python's own for a user that there isn't, and for links in a circle
        found = str(error)
    if found:
        raise InfraError(
            f"LINESTOP_HOME={named} names no folder",
            found=found.rstrip("."),
            todo='set it to an absolute path, for example: export LINESTOP_HOME="$HOME/.linestop"',
        )
    return resolved


def workplace() -> Path:
    """Return `$LINESTOP_HOME`; where it can't be written, the folder that stands in for it, made if need be.

    A process and those that it starts keep to one answer, even if the home can be written again meanwhile.

    Raises:
        InfraError: there is no place for the stand-in, or somebody else's is in its place.
    """
    own, spare = home(), spare_home(home())
    pinned = os.environ.get(PIN)
    if pinned == str(own) or (pinned != str(spare) and not why_not(own)):
        return own
    _make(spare, own)
    os.environ[PIN] = str(spare)
    return spare


def stand_in() -> str:
    """Return what a person must know where another folder stands in for the home, in one line; empty where none does.

    Raises:
        InfraError: see `workplace`.
    """
    own, place = home(), workplace()
    if place == own:
        return ""
    return (
        f"home {own} can't be written: {why_not(own) or 'it could not when this began'}; nothing is remembered there,"
        f" and worktrees, environments and the server's history are in {place} instead; do: make it writable, or set"
        " LINESTOP_HOME to a folder of yours"
    )


def why_not(folder: Path) -> str:
    """Return why a folder can't be written or made, empty where it can; a file in its place is its writer's to say."""
    there = next(one for one in (folder, *folder.parents) if os.path.lexists(one))
    if not there.is_dir() or os.access(there, os.W_OK | os.X_OK):
        return ""
    read_only = os.statvfs(there).f_flag & os.ST_RDONLY
    return "Read-only file system" if read_only else f"no right to write in {there}"


def workplaces() -> tuple[Path, ...]:
    """Return every place that runs of this home may have worked in: what they left is found there."""
    own, spare = home(), spare_home(home())
    return (own, spare) if spare.is_dir() and not _foreign(spare) else (own,)


@contextmanager
def working_in(place: Path) -> Iterator[Path]:
    """Let `workplace` name one of `workplaces` for a while."""
    before = os.environ.get(PIN)
    os.environ[PIN] = str(place)
    try:
        yield place
    finally:
        if before is None:
            os.environ.pop(PIN, None)
        else:
            os.environ[PIN] = before


def spare_home(own: Path) -> Path:
    """Return the stand-in's path: of this user and this home, so that all processes that need it share one."""
    key = sha256(os.fsencode(own)).hexdigest()[:8]
    return Path(_temporary()) / f"linestop-{os.geteuid()}-{key}"


def _temporary() -> str:
    """Return the folder for temporary files, the same one wherever a process stands.

    Where none can be written Python takes the working directory: a target repository, most often. Then the first is
    named, and whoever has to write there says that it can't be.
    """
    named = [os.environ.get(name, "") for name in ("TMPDIR", "TEMP", "TMP")]
    known = [os.path.realpath(one) for one in (*filter(os.path.isabs, named), "/tmp", "/var/tmp", "/usr/tmp")]  # noqa: S108
    try:
        found = os.path.realpath(tempfile.gettempdir())
    except FileNotFoundError:
        return known[0]
    return found if found in known else known[0]


def _make(spare: Path, own: Path) -> None:
    try:
        spare.mkdir(mode=0o700, exist_ok=True)
        foreign = _foreign(spare)
    except OSError as error:
        foreign = error.strerror or str(error)
    if foreign:
        raise InfraError(
            f"linestop can't write to its home {own}, nor to {spare}",
            found=foreign,
            todo="make the home writable, or set LINESTOP_HOME to a folder of yours",
        )


def _foreign(spare: Path) -> str:
    """Return why a folder where everybody may write isn't to be trusted with worktrees; empty where it is."""
    found = spare.lstat()
    if not stat.S_ISDIR(found.st_mode):
        return "it is a link or a file"
    if found.st_uid != os.geteuid():
        return "it belongs to another user"
    return "others may write in it" if found.st_mode & 0o022 else ""
