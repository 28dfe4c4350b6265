"""Runs git for linestop, as a list and never through a shell. What is taken from git's hands is git_hardening.py.

Always speaks to an explicit git directory, so that a `.git` an agent left in a workspace is never read.
"""

import re
import subprocess
from functools import cached_property
from pathlib import Path

from linestop.blocks.git_hardening import ALWAYS, environment, overrides
from linestop.errors import InfraError, RepositoryError, ToolError

TIMEOUT_SECONDS = 600
_HELD = re.compile(r"Unable to create '(?P<lock>[^']*\.lock)': File exists|could not lock|cannot lock ref.*File exists")


class GitCommands:
    """Git against one git directory and, where given, one work tree."""

    def __init__(self, git_dir: Path, work_tree: Path | None = None, *, common_dir: Path | None = None) -> None:
        self.git_dir = git_dir
        self.work_tree = work_tree
        self._common = {"GIT_COMMON_DIR": str(common_dir)} if common_dir else {}

    def run(self, *words: str, stdin: bytes = b"") -> str:
        """Return git's stdout as text, undecodable bytes as surrogates.

        Raises:
            RepositoryError: git ended with an error; carries its stderr.
            InfraError: another process holds one of git's locks, or git did not end in time.
            ToolError: there is no git.
        """
        return self.read(*words, stdin=stdin).decode("utf-8", "surrogateescape")

    def read(self, *words: str, stdin: bytes = b"") -> bytes:
        """Return git's stdout as bytes, as `run` does."""
        done = self._execute(words, stdin, self._environment)
        if done.returncode:
            raise self._error(words[0], done)
        return done.stdout

    def ok(self, *words: str) -> bool:
        """Return whether git exits 0."""
        return self._execute(words, b"", self._environment).returncode == 0

    @cached_property
    def _environment(self) -> dict[str, str]:
        """Look up once which programs the repository's configuration names, so as to blank each."""
        listed = self._execute(("config", "--list", "--name-only", "-z"), b"", environment(ALWAYS))
        names = listed.stdout.decode("utf-8", "surrogateescape").split("\0")
        return environment(overrides(name for name in names if name))

    def _execute(
        self, words: tuple[str, ...], stdin: bytes, env: dict[str, str]
    ) -> "subprocess.CompletedProcess[bytes]":
        argv = ["git", f"--git-dir={self.git_dir}"]
        if self.work_tree:
            argv.append(f"--work-tree={self.work_tree}")
        try:
            return subprocess.run(
                [*argv, *words], cwd=self.work_tree or self.git_dir, env={**env, **self._common}, input=stdin,
                capture_output=True, check=False, timeout=TIMEOUT_SECONDS,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise InfraError(
                f"git {words[0]} did not end in {TIMEOUT_SECONDS} s", found=str(self.git_dir), todo="check the disk"
            ) from error
        except FileNotFoundError as error:
            if not Path(argv[1].partition("=")[2]).is_dir() or (self.work_tree and not self.work_tree.is_dir()):
                raise RepositoryError(
                    f"{self.work_tree or self.git_dir} is gone", todo="run again: a workspace is made anew"
                ) from error
            raise ToolError("git is missing", found="no git on PATH", todo="install git 2.36 or newer") from error

    def _error(self, word: str, done: "subprocess.CompletedProcess[bytes]") -> RepositoryError | InfraError:
        said = done.stderr.decode("utf-8", "replace").strip()[-2000:]
        where = self.work_tree or self.git_dir
        if held := _HELD.search(said):
            lock = held["lock"] or "a lock of git"
            return InfraError(
                f"git {word} can't write in {where}",
                found=f"{lock} is held by another git process, or left by one that was killed",
                todo=f"wait for the other process, or remove it: rm {lock}",
            )
        return RepositoryError(
            f"git {word} failed in {where}",
            found=f"exit {done.returncode}: {said}",
            todo="mend the repository and run again; nothing was lost",
        )
