"""The image that docker's sandbox uses where a policy names none: made offline, in a second, from this machine.

It holds empty folders and a few files of /etc; the host's /usr is laid over it read-only, so that what runs in a
workspace outside runs inside as well. Its tag is a hash of what it holds: it is made once, and again when that changes.
For an image that a person keeps, deployments/sandbox-image/Dockerfile is a beginning.
"""

import hashlib
import io
import tarfile
from functools import cache
from pathlib import Path

import docker
from docker.errors import ImageNotFound

from linestop.blocks.sandboxes.docker_daemon import talking
from linestop.blocks.sandboxes.mounts import ETC, SYSTEM

REPOSITORY = "linestop-sandbox"
LABEL = "linestop.image"
_FOLDERS = ("proc", "sys", "dev", "tmp", "etc", "run", "run/linestop", "home", "root", "var", "var/tmp", "etc/ssl")
_MAX_FILE_BYTES = 4 * 2**20


def offline_image(client: docker.DockerClient) -> str:
    """Return the name of the image, made where it isn't there.

    Raises:
        InfraError: the daemon can't make it.
    """
    content, name = _content()
    try:
        client.images.get(name)
    except ImageNotFound:
        with talking("make the sandbox's image"):
            client.api.import_image_from_data(
                content, repository=REPOSITORY, tag=name.partition(":")[2], changes=[f"LABEL {LABEL}=offline"]
            )
    return name


def host_folders() -> tuple[Path, ...]:
    """Return the system's folders that are laid over the image."""
    return tuple(path for path in map(Path, SYSTEM) if path.is_dir() and not path.is_symlink())


@cache
def _content() -> tuple[bytes, str]:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name in _FOLDERS:
            archive.addfile(_entry(name, tarfile.DIRTYPE))
        for path in map(Path, SYSTEM):
            if path.is_symlink():
                archive.addfile(_entry(path.name, tarfile.SYMTYPE, link=str(path.readlink())))
            elif path.is_dir():
                archive.addfile(_entry(path.name, tarfile.DIRTYPE))
        for name in ETC:
            _add(archive, Path("/etc", name))
    content = buffer.getvalue()
    return content, f"{REPOSITORY}:{hashlib.sha256(content).hexdigest()[:16]}"


def _add(archive: tarfile.TarFile, path: Path) -> None:
    """Add a file, a link or a folder of them, readable to all; what can't be read or is large is left out."""
    name = str(path).lstrip("/")
    try:
        if path.is_symlink():
            archive.addfile(_entry(name, tarfile.SYMTYPE, link=str(path.readlink())))
        elif path.is_dir():
            archive.addfile(_entry(name, tarfile.DIRTYPE))
            for inner in sorted(path.iterdir()):
                _add(archive, inner)
        elif path.is_file() and path.stat().st_size <= _MAX_FILE_BYTES and path.stat().st_mode & 0o004:
            content = path.read_bytes()
            entry = _entry(name, tarfile.REGTYPE)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    except OSError:
        return


def _entry(name: str, kind: bytes, *, link: str = "") -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, link
    entry.mode = 0o1777 if name == "tmp" else 0o644 if kind == tarfile.REGTYPE else 0o755
    return entry
