"""Looks at this machine: commands, Python, packages, the server, the home and its disk. Starts and changes nothing.

Prefect is not imported (2.5 s): its metadata says the version, its server's health says the rest.
"""

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from packaging.specifiers import SpecifierSet

from linestop.blocks.processes import run_command
from linestop.deployments.doctor.diagnosis import Diagnosis, State, ok, problem, warning
from linestop.deployments.server import answers, running_server
from linestop.errors import InfraError, ToolError
from linestop.home import home, why_not, workplace
from linestop.ports import Confinement

MIN_GIT = (2, 36)  # `git worktree` with --lock and repair, safe.directory in -c; git_commands.py says the same
MIN_FREE_BYTES = 1_000_000_000  # a server, some environments and worktrees
LOW_FREE_BYTES = 5_000_000_000
_PACKAGES = {  # what linestop's own pyproject.toml asks for, and why a foreign version breaks
    "prefect": (">=3.8.8,<3.10", True),
    "fastapi": ("<0.151", True),
    "sqlalchemy": ("<2.1", True),
    "duckdb": (">=2", True),
    "ruff": ("==0.17.5", True),
    "vulture": (">=2.16", False),
    "pip": (">=25.1", True),
}
_MEND = "install linestop's own versions again: `make run` in its folder, or pip install --force-reinstall linestop"
_SECONDS = 20


def look_at_machine() -> Iterator[Diagnosis]:
    """Yield what was found, in the order a run needs it."""
    yield _git()
    yield _python()
    yield from (_package(name, *wanted) for name, wanted in _PACKAGES.items())
    yield _venv()
    yield from _sandboxes()
    yield from _home()
    yield _server()


def _git() -> Diagnosis:
    text = _said(["git", "--version"])
    found = re.search(r"(\d+)\.(\d+)", text or "")
    if not text or not found:
        return problem("git", "no git on PATH", "install git 2.36 or newer")
    if (int(found[1]), int(found[2])) < MIN_GIT:
        return problem("git", text, "install git 2.36 or newer")
    return ok("git", text.removeprefix("git version "))


def _python() -> Diagnosis:
    found = f"{sys.version.split()[0]} ({sys.executable})"
    if sys.version_info < (3, 11):  # noqa: UP036  # said to a person before an import fails on it
        return problem("python", found, "use Python 3.11 or newer")
    return ok("python", found)


def _package(name: str, wanted: str, needed: bool) -> Diagnosis:  # noqa: FBT001  # a row of the table above
    try:
        found = version(name)
    except PackageNotFoundError:
        found = ""
    if found and SpecifierSet(wanted).contains(found, prereleases=True):
        return ok(name, found)
    say = problem if needed else warning
    return say(name, f"{found or 'not installed'}, {wanted} is needed", _MEND)


def _venv() -> Diagnosis:
    try:
        import venv  # noqa: F401, PLC0415  # Debian leaves it out of its Python
    except ImportError:
        return problem("venv", "Python's module venv is missing", "apt install python3-venv")
    return ok("venv", "environments for checks can be built")


def _sandboxes() -> Iterator[Diagnosis]:
    bubblewrap, docker = _bubblewrap(), _docker()
    yield bubblewrap
    yield docker
    if bubblewrap.state is State.OK:
        yield _limits()
    elif docker.state is not State.OK:
        found = "neither bubblewrap nor docker works: agents are refused, unless the policy lets them run in none"
        yield warning("sandbox", found, "apt install bubblewrap; docs/sandboxes.md says what each holds")


def _bubblewrap() -> Diagnosis:
    from linestop.blocks.sandboxes.bubblewrap_process import Bubblewrap  # noqa: PLC0415  # as needed

    try:
        tool = Bubblewrap.found()
    except ToolError as error:
        return warning("bubblewrap", error.gist, error.todo)
    return ok("bubblewrap", f"{_said([tool.path, '--version'])}: makes a sandbox here")


def _docker() -> Diagnosis:
    from linestop.blocks.sandboxes.docker_daemon import Daemon  # noqa: PLC0415  # its SDK takes 0.2 s

    daemon = Daemon()
    try:
        version, rootless = daemon.client.version().get("Version", ""), daemon.rootless
    except ToolError as error:
        return warning("docker", f"{error.found}: only needed where a policy asks for it", error.todo)
    return ok("docker", f"server {version}{', rootless' if rootless else ''}")


def _limits() -> Diagnosis:
    """Say what holds a sandbox's memory, processes and CPU; a group is made to try it, and removed."""
    from linestop.blocks.sandboxes.limits import CONTROLLERS, Groups  # noqa: PLC0415

    groups = Groups(Confinement())
    groups.close()
    watched = [name for name in CONTROLLERS if name not in groups.held]
    if not watched:
        return ok("limits", "memory, processes and CPU are held by control groups")
    found = f"no control group can be made for {', '.join(watched)}: a watcher and process limits stand in"
    return ok("limits", f"{found} (a second late, see docs/sandboxes.md)")


def _home() -> Iterator[Diagnosis]:
    try:
        folder, place = home(), workplace()
    except InfraError as error:
        yield problem("home", error.gist, error.todo)
        return
    if place != folder:
        found = f"{folder} can't be written: {why_not(folder)}; runs work in {place} instead, `linestop up` doesn't"
        yield warning("home", found, "make it writable, or set LINESTOP_HOME to a folder of yours")
        yield _disk(place)
        return
    origin = "LINESTOP_HOME" if os.environ.get("LINESTOP_HOME") else "default"
    try:
        there = next(one for one in (folder, *folder.parents) if one.exists())
        with tempfile.TemporaryFile(dir=there):
            yield ok("home", f"{folder} ({origin})")
    except OSError as error:
        yield problem("home", f"{folder} can't be written: {error.strerror}", "set LINESTOP_HOME to a folder of yours")
        return
    yield _disk(there)


def _disk(folder: Path) -> Diagnosis:
    free = shutil.disk_usage(folder).free
    found = f"{free / 1e9:.1f} GB free at {folder}"
    if free < MIN_FREE_BYTES:
        return problem("disk", found, "free at least 1 GB; `environments` in the home can be removed at any time")
    if free < LOW_FREE_BYTES:
        return warning("disk", found, "free some space: environments and worktrees need room")
    return ok("disk", found)


def _server() -> Diagnosis:
    url = os.environ.get("PREFECT_API_URL", "").rstrip("/")
    if url:
        if answers(url):
            return ok("server", f"{url} answers (PREFECT_API_URL)")
        return problem("server", f"nothing answers at PREFECT_API_URL={url}", "start it, correct it, or unset it")
    found = running_server()
    if found:
        return ok("server", f"{found.api_url} answers; UI {found.ui_url}")
    return ok("server", "none runs; the next run starts one and leaves it (or: `linestop up`)")


def _said(argv: list[str]) -> str | None:
    """Return what a command of this machine prints, None where it is missing or fails."""
    run = run_command(argv, cwd=Path("/"), env=dict(os.environ), timeout_seconds=_SECONDS)
    return run.output.strip() if run.ok else None
