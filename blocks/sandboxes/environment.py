"""All of the environment that a command in a sandbox gets: an allow-list, nothing of ours is inherited."""

from pathlib import Path

from linestop.ports import MODEL_PORT, Confinement, Network, SandboxCommand

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PROXY = f"http://127.0.0.1:{MODEL_PORT}"
_DIRECT = "localhost,127.0.0.1,::1"


def environment(
    command: SandboxCommand, *, home: Path, tmp: Path, confinement: Confinement | None = None
) -> dict[str, str]:
    """Return the environment of a command; with Network.ALLOW it names the proxy that leads to the allowed hosts."""
    own = {"PATH": SYSTEM_PATH, "HOME": str(home), "TMPDIR": str(tmp), "LANG": "C.UTF-8"}
    return {**own, **(_proxies() if confinement and confinement.network is Network.ALLOW else {}), **command.env}


def _proxies() -> dict[str, str]:
    """Return the variables in both spellings: curl reads the lower case one of HTTP, others the upper case."""
    values = {"HTTP_PROXY": _PROXY, "HTTPS_PROXY": _PROXY, "NO_PROXY": _DIRECT}
    return {**values, **{name.lower(): value for name, value in values.items()}}
