"""Runs git for linestop. Owns the hardening: no hook, pager, prompt, signing or external diff of anybody's ever runs.

Always speaks to an explicit git directory, so that a `.git` an agent left in a workspace is never read.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from git.cmd import Git
from git.exc import GitCommandError, GitCommandNotFound

from linestop.errors import RepositoryError, ToolError

_CONFIG = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.quotePath=false",
    "commit.gpgSign=false",
    "diff.external=",
    "gc.auto=0",
    "maintenance.auto=false",
    "protocol.ext.allow=never",
    "submodule.recurse=false",
    "advice.detachedHead=false",
)
_IDENTITY = {
    "GIT_AUTHOR_NAME": "linestop",
    "GIT_AUTHOR_EMAIL": "linestop@localhost.invalid",
    "GIT_COMMITTER_NAME": "linestop",
    "GIT_COMMITTER_EMAIL": "linestop@localhost.invalid",
}


class GitCommands:
    """Git against one git directory and, where given, one work tree."""

    def __init__(self, git_dir: Path, work_tree: Path | None = None) -> None:
        self.git_dir = git_dir
        self.work_tree = work_tree
        self._git = Git(str(work_tree or git_dir))

    def run(self, *words: str) -> str:
        """Return git's stdout as text, undecodable bytes as surrogates.

        Raises:
            RepositoryError: git ended with an error; carries its stderr.
            ToolError: there is no git.
        """
        return self.read(*words).decode("utf-8", "surrogateescape")

    def read(self, *words: str) -> bytes:
        """Return git's stdout as bytes, as `run` does."""
        try:
            out = self._git.execute(
                self._argv(words), env=self._environment(), stdout_as_string=False, strip_newline_in_stdout=False
            )
        except GitCommandNotFound as error:
            raise ToolError("git is missing", found="no git on PATH", todo="install git 2.30 or newer") from error
        except GitCommandError as error:
            raise RepositoryError(
                f"git {words[0]} failed in {self.work_tree or self.git_dir}",
                found=f"exit {error.status}: {str(error.stderr).strip()[-2000:]}",
                todo="mend the repository and run again; nothing was lost",
            ) from error
        return bytes(out)

    def ok(self, *words: str) -> bool:
        """Return whether git exits 0."""
        try:
            self.read(*words)
        except RepositoryError:
            return False
        return True

    def _argv(self, words: tuple[str, ...]) -> list[str]:
        argv = ["git", f"--git-dir={self.git_dir}"]
        if self.work_tree:
            argv.append(f"--work-tree={self.work_tree}")
        for setting in _CONFIG:
            argv += ["-c", setting]
        return [*argv, *words]

    @staticmethod
    def _environment() -> Mapping[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        return {**inherited, **_IDENTITY, "GIT_TERMINAL_PROMPT": "0", "GIT_PAGER": "cat", "LC_ALL": "C.UTF-8"}
