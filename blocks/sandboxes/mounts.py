"""What of the host a sandbox shows: the system's folders, and the mounts that a policy asks for once they are vetted.

Not all of /etc: it may hold keys and registries' passwords, readable to root, and root may be who runs linestop.
"""

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from linestop.errors import PolicyError
from linestop.home import workplaces
from linestop.ports import Mount

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
ETC = (
    "alternatives", "bash.bashrc", "ca-certificates", "ca-certificates.conf", "crypto-policies", "debian_version",
    "fonts", "gai.conf", "host.conf", "inputrc", "java-11-openjdk", "java-17-openjdk", "java-21-openjdk", "ld.so.cache",
    "ld.so.conf", "ld.so.conf.d", "locale.alias", "localtime", "lsb-release", "magic", "maven", "mime.types",
    "networks", "nsswitch.conf", "os-release", "perl", "pki/ca-trust", "pki/tls/certs", "profile", "profile.d",
    "protocols", "python3", "python3.11", "python3.12", "python3.13", "redhat-release", "rpc", "services",
    "ssl/cert.pem", "ssl/certs", "ssl/openssl.cnf", "terminfo", "timezone",
)  # fmt: skip
_SECRET = (
    ".ssh", ".aws", ".azure", ".gnupg", ".kube", ".docker", ".netrc", ".git-credentials", ".gitconfig", ".npmrc",
    ".pypirc", ".config", ".claude", ".codex", ".gemini", ".local/share/keyrings", ".local/share/opencode",
    ".mozilla", ".password-store", ".bash_history", ".terraformrc",
)  # fmt: skip
_NEVER = ("/", "/proc", "/sys", "/dev", "/run", "/var/run", "/etc", "/boot", "/home", "/tmp", "/var", "/root")  # noqa: S108
_WHOLLY = ("/proc", "/sys", "/dev", "/run", "/boot")  # nothing below these either


def vetted(mounts: Iterable[Mount], *, workspace: Path) -> tuple[Mount, ...]:
    """Return the mounts in the order they must be made; what the workspace holds anyway is left out.

    Raises:
        PolicyError: one is not there, or would show the owner's home, keys, sockets, or linestop's own state.
    """
    chosen: dict[Path, Mount] = {}
    for mount in mounts:
        path = Path(os.path.normpath(mount.path))
        if path.is_relative_to(workspace):
            continue
        for way in {path, path.resolve()}:
            if why := _refusal(way, workspace):
                raise PolicyError(
                    f"{path} can't be shown to a sandbox", found=why, todo="name a smaller folder, or leave it out"
                )
        both = mount.writable and chosen.get(path, mount).writable
        chosen[path] = Mount(path=path, writable=both)
    return tuple(chosen[path] for path in sorted(chosen, key=lambda path: len(path.parts)))


def _refusal(path: Path, workspace: Path) -> str | None:  # noqa: PLR0911  # a list of reasons
    if not path.is_absolute():
        return "it is not an absolute path"
    try:
        kind = path.stat().st_mode
    except OSError as error:
        return error.strerror or str(error)
    if not (stat.S_ISDIR(kind) or stat.S_ISREG(kind)):
        return "it is neither a folder nor a file: a socket or a device leads out of the sandbox"
    if str(path) in _NEVER or any(path.is_relative_to(folder) for folder in _WHOLLY):
        return "it belongs to the whole machine"
    if socket := _socket(path):
        return f"it holds a socket, which leads out of the sandbox ({socket})"
    if workspace.is_relative_to(path):
        return "it holds the workspace"
    for secret in _secrets():
        if path == secret or path.is_relative_to(secret):
            return f"keys and settings of the owner lie there ({secret})"
        if secret.is_relative_to(path) and secret.exists():
            return f"it holds {secret}, which is the owner's own"
    return None


def _socket(path: Path, *, levels: int = 2) -> str:
    """Return a socket at the top of a folder or of its folders: it could be spoken to through any mount."""
    try:
        with os.scandir(path) as found:
            entries = list(found)
        for entry in entries:
            if _is_socket(entry):
                return entry.path
            if levels > 1 and entry.is_dir(follow_symlinks=False) and (inner := _socket(Path(entry), levels=1)):
                return inner
    except OSError:  # a file, or a folder that can't be read
        return ""
    return ""


def _is_socket(entry: os.DirEntry[str]) -> bool:
    return not (entry.is_file(follow_symlinks=False) or entry.is_dir(follow_symlinks=False) or entry.is_symlink()) and (
        stat.S_ISSOCK(entry.stat(follow_symlinks=False).st_mode)
    )


def _secrets() -> Iterator[Path]:
    """Yield the paths that no mount may lie in or hold."""
    for home in {Path.home(), Path.home().resolve()}:
        yield from (home / name for name in _SECRET)
        yield home / ".bashrc"  # stands for the home as a whole
    for place in workplaces():
        for name in ("cells", "lessons.db", "worktrees", "server", "sessions", "logs"):
            yield place / name
    if agent := os.environ.get("SSH_AUTH_SOCK"):
        yield Path(agent)
    docker = os.environ.get("DOCKER_HOST", "").removeprefix("unix://")
    if docker.startswith("/"):
        yield Path(docker)
