"""The throw-away folder that one run of checks happens in: HOME, TMPDIR, the report, and a thin virtual environment.

The thin environment is an interpreter's link, a pyvenv.cfg and one path file: first the checkout's modules, then the
packages of the real environment. So the checkout under test wins in every process the tests start, isolated ones
included, many checkouts share one environment, and nothing of linestop can be imported.
"""

import os
import shutil
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Self

from linestop.blocks.interpreter import Interpreter
from linestop.blocks.processes import clean_environment
from linestop.blocks.worktree_folders import remove
from linestop.errors import InfraError

CHECKOUT, SCRATCH = "<checkout>", "<scratch>"
_MAX_SCRIPT_BYTES = 100_000


class CheckFolder:
    """One run's folder. `cwd` is the checkout itself, or a copy of it where the build's files must be laid over it."""

    def __init__(
        self,
        checkout: Path,
        *,
        interpreter: Interpreter | None = None,
        root: str = ".",
        generated: Path | None = None,
    ) -> None:
        self.scratch = Path(tempfile.mkdtemp(prefix="linestop-checks-")).resolve()
        self._removed = weakref.finalize(self, _remove, self.scratch)  # also where nobody closed it
        self.cwd = checkout
        for name in ("home", "tmp"):
            (self.scratch / name).mkdir()
        if generated:
            self.cwd = self._laid_over(checkout, root, generated)
        self.python = self._thin(interpreter, self.cwd / root) if interpreter else None

    @property
    def environment(self) -> dict[str, str]:
        """Return the variables of a process that runs here."""
        own = {"HOME": str(self.scratch / "home"), "TMPDIR": str(self.scratch / "tmp")}
        if self.python is None:
            return clean_environment(**own)
        bin_folder = str(self.python.parent)
        path = os.pathsep.join((bin_folder, clean_environment()["PATH"]))
        return clean_environment(**own, PATH=path, VIRTUAL_ENV=str(self.scratch / "venv"))

    def anonymous(self, text: str) -> str:
        """Return a test's id with this run's folders taken out of it: a parameter may be the path of a file."""
        for folder, word in self._words:
            text = text.replace(folder, word)
        return text

    def named(self, text: str) -> str:
        """Return what `anonymous` was given, with the folders of this run."""
        return text.replace(CHECKOUT, str(self.cwd)).replace(SCRATCH, str(self.scratch))

    @property
    def _words(self) -> Iterator[tuple[str, str]]:
        """Yield (folder, word), as the folder is written, as it is resolved, and as pytest escapes it."""
        for folder, word in ((self.cwd, CHECKOUT), (self.cwd.resolve(), CHECKOUT), (self.scratch, SCRATCH)):
            yield str(folder), word
            yield str(folder).encode("unicode_escape").decode("ascii"), word

    def close(self) -> None:
        """Remove the folder, whatever the tests left in it."""
        self._removed()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _laid_over(self, checkout: Path, root: str, generated: Path) -> Path:
        copy = self.scratch / "checkout"
        ignore = shutil.ignore_patterns(".git", ".linestop", ".venv", "__pycache__")
        shutil.copytree(checkout, copy, symlinks=True, ignore=ignore)
        for path in generated.rglob("*"):
            place = copy / root / path.relative_to(generated)
            free = not place.exists() and not place.is_symlink()
            if path.is_file() and free and place.parent.resolve().is_relative_to(copy):
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, place)
        return copy

    def _thin(self, interpreter: Interpreter, first: Path) -> Path:
        venv = self.scratch / "venv"
        site = venv / "lib" / f"python{interpreter.version}" / "site-packages"
        site.mkdir(parents=True)
        (venv / "bin").mkdir()
        for name in ("python", "python3", f"python{interpreter.version}"):
            (venv / "bin" / name).symlink_to(interpreter.base)
        settings = f"home = {interpreter.base.parent}\ninclude-system-site-packages = false\n"
        (venv / "pyvenv.cfg").write_text(settings, encoding="utf-8")
        lines = [f"import sys; sys.path.append({str(first)!a})"]  # ascii(): a path may hold a line's end
        lines += [f"import site; site.addsitedir({folder!a})" for folder in interpreter.site_packages]
        (site / "checkout.pth").write_text("\n".join(lines) + "\n", encoding="ascii")
        for folder in interpreter.site_packages:
            self._scripts(Path(folder).parents[2] / "bin", venv / "bin")
        return venv / "bin" / "python"

    @staticmethod
    def _scripts(source: Path, target: Path) -> None:
        """Copy the commands of the real environment, so that they start with this interpreter."""
        for path in source.glob("*") if source.name == "bin" and (source.parent / "pyvenv.cfg").is_file() else ():
            place = target / path.name
            if path.is_symlink() or not path.is_file() or place.exists() or path.stat().st_size > _MAX_SCRIPT_BYTES:
                continue
            text = path.read_bytes()
            if text.startswith(b"#!" + os.fsencode(source) + b"/python"):
                _, _, rest = text.partition(b"\n")
                place.write_bytes(b"#!" + os.fsencode(target / "python") + b"\n" + rest)
                place.chmod(0o755)


def _remove(folder: Path) -> None:
    with suppress(InfraError, OSError):
        remove(folder)
