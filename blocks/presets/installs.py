"""Where an agent is installed, and which folders of the host it needs to be seen inside the sandbox."""

import json
import re
import shutil
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from linestop.errors import ToolError
from linestop.text import plain

_SYSTEM = Path("/usr")  # every sandbox has one of its own, or the host's
_INTERPRETER_BYTES = 256
_VERSION_CHARS = 40


@dataclass(frozen=True)
class Install:
    """A program as it is started inside: by its interpreter, where it has one. Folders are mounted at the same path."""

    argv: tuple[str, ...]
    mounts: tuple[Path, ...]
    path: tuple[Path, ...] = ()
    version: str = ""  # as its package says; empty where it is none


def find_install(command: str, *, program: str = "", install: str = "", engine: str = "") -> Install:
    """Return where a command is installed.

    Raises:
        ToolError: it is on no PATH, or the path named for it is no file; says how to install it.
    """
    wanted = str(Path(program).expanduser()) if program else command
    found = shutil.which(wanted)
    if not found:
        raise ToolError(
            f"the agent {command!r} is not installed",
            found=_why_not(wanted),
            todo=f"{install}, or set engines.{engine or command}.program to its path",
        )
    real = Path(found).resolve()
    if real.name.startswith("python"):
        return _python(Path(found), None)
    interpreter = _interpreter(real)
    if interpreter is None:
        return Install(argv=(str(real),), mounts=_outside(_modules(real) or [real]), version=_npm_version(real))
    if interpreter.name.startswith("python"):
        return _python(interpreter, real)
    interpreter = interpreter.resolve()  # a link to it is not there inside
    mounts = [*(_modules(real) or [real]), interpreter]
    return Install(
        argv=(str(interpreter), str(real)),
        mounts=_outside(mounts),
        path=(interpreter.parent,),
        version=_npm_version(real),
    )


def _why_not(wanted: str) -> str:
    """Return why a command or a path is no program."""
    if "/" not in wanted:
        return f"no {wanted} on PATH"
    if not Path(wanted).exists():
        return f"there is no {wanted}"
    return f"{wanted} is no program" if Path(wanted).is_dir() else f"{wanted} can't be executed: chmod +x it"


def _interpreter(program: Path) -> Path | None:
    """Return the interpreter that a script's first line names, None for a binary."""
    with program.open("rb") as file:
        first = file.read(_INTERPRETER_BYTES).split(b"\n", 1)[0]
    if not first.startswith(b"#!"):
        return None
    words = first[2:].decode(errors="replace").split()
    if words and Path(words[0]).name == "env":
        words = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
        words = [found for word in words[:1] if (found := shutil.which(word))]
    return Path(words[0]) if words and Path(words[0]).is_file() else None


def _modules(program: Path) -> list[Path]:
    """Return the outermost node_modules that a program lies in: its dependencies are there."""
    parts = program.parts
    return [Path(*parts[: parts.index("node_modules") + 1])] if "node_modules" in parts else []


def _python(interpreter: Path, program: Path | None) -> Install:
    """Return a Python, or a program of one, with the virtual environment it lies in and that one's Python."""
    mounts = [program] if program else []
    for folder in interpreter.parents:
        if (folder / "pyvenv.cfg").is_file():
            mounts = [folder, _base_of(folder)]
            break
    else:
        mounts += [interpreter.resolve().parent.parent]
    argv = (str(interpreter), str(program)) if program else (str(interpreter),)
    version = _dist_version(mounts[0], program.name) if program and len(mounts) > 1 else ""
    return Install(argv=argv, mounts=_outside(mounts), path=(interpreter.parent,), version=version)


def _npm_version(program: Path) -> str:
    """Return the version of the npm package that a program lies in."""
    for folder in program.parents:
        if folder.name == "node_modules":
            break
        with suppress(OSError, ValueError):
            said = json.loads((folder / "package.json").read_text(encoding="utf-8"))
            if isinstance(said, dict) and said.get("name"):
                return plain(str(said.get("version", "")), _VERSION_CHARS)
    return ""


def _dist_version(environment: Path, program: str) -> str:
    """Return the version of the Python package that brought a program, by the names its entry points have."""
    for points in environment.glob("lib/python*/site-packages/*.dist-info/entry_points.txt"):
        with suppress(OSError, UnicodeDecodeError):
            if re.search(rf"^{re.escape(program)}\s*=", points.read_text(encoding="utf-8"), re.MULTILINE):
                return plain(points.parent.name.removesuffix(".dist-info").partition("-")[2], _VERSION_CHARS)
    return ""


def _base_of(environment: Path) -> Path:
    for line in (environment / "pyvenv.cfg").read_text(encoding="utf-8", errors="replace").splitlines():
        key, _, value = line.partition("=")
        if key.strip() == "home" and value.strip():
            return Path(value.strip()).resolve().parent
    return Path(sys.base_prefix)


def _outside(mounts: Iterable[Path]) -> tuple[Path, ...]:
    """Return what isn't part of the system, which is there anyway, without what lies in another one of them."""
    wanted = sorted({path.resolve() for path in mounts if not path.resolve().is_relative_to(_SYSTEM)})
    return tuple(one for one in wanted if not any(one != other and one.is_relative_to(other) for other in wanted))
