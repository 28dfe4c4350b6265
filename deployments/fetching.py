"""Fetching a merged commit into a clone that hasn't got it yet: off, unless the machine's owner sets `fetch`.

It is the one place where git runs with its owner's credentials and the repository's own configuration (remotes, ssh
command, credential helper). Hooks stay off; what is fetched goes to `refs/linestop/fetched/`, no branch is moved.
"""

import os
import subprocess

from linestop.deployments.registry import Registered
from linestop.errors import InfraError

TIMEOUT_SECONDS = 300
_SAFER = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "gc.auto": "0",
    "submodule.recurse": "false",
    "protocol.ext.allow": "never",
}


def fetch_base(repository: Registered, commit: str) -> None:
    """Fetch the base branch from `origin`, unless `commit` is there already.

    Raises:
        InfraError: git could not fetch; it may be tried again.
    """
    if _git(repository, "cat-file", "-e", f"{commit}^{{commit}}").returncode == 0:
        return
    there = f"refs/heads/{repository.base}"
    done = _git(
        repository, "fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--refmap=",
        "origin", f"+{there}:refs/linestop/fetched/{repository.base}",
    )  # fmt: skip
    if done.returncode:
        raise InfraError(
            f"the base branch of {repository.path} can't be fetched",
            found=done.stderr.strip()[-500:],
            todo=f"git -C {repository.path} fetch origin, as the user that runs linestop",
        )


def _git(repository: Registered, *words: str) -> "subprocess.CompletedProcess[str]":
    env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    env |= {"GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_COUNT": str(len(_SAFER)), "LC_ALL": "C.UTF-8"}
    for place, (name, value) in enumerate(_SAFER.items()):
        env |= {f"GIT_CONFIG_KEY_{place}": name, f"GIT_CONFIG_VALUE_{place}": value}
    try:
        return subprocess.run(
            ["git", "-C", str(repository.path), *words],
            env=env, capture_output=True, text=True, errors="replace", check=False, timeout=TIMEOUT_SECONDS,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (subprocess.TimeoutExpired, OSError) as error:
        raise InfraError("git did not end", found=str(error), todo="check the network and that git is there") from error
