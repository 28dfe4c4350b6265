"""Makes the small repository of an experiment file, under `$LINESTOP_HOME/lab/`: the same file, the same commit.

Its records and its page in the notebook lie in it, as a repository's own do.
"""

import hashlib
import json
import os
import shutil
from pathlib import Path, PurePosixPath

from linestop.blocks.git_commands import GitCommands
from linestop.errors import InfraError
from linestop.files import write_whole
from linestop.home import workplace
from linestop.lab.experiment import Experiment
from linestop.paths import Layout
from linestop.scenarios import Scenario

BRANCH = "main"
_WHO = "linestop lab <lab@linestop.invalid> 1767225600 +0000"  # 2026-01-01: one file, one commit id everywhere


def experiments_home() -> Path:
    """Return the folder of the experiments' repositories."""
    return workplace() / "lab"


def fixture_layouts() -> tuple[Layout, ...]:
    """Return the layouts of all experiments that were run on this machine."""
    folder = experiments_home()
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    return tuple(Layout(path) for path in found if (path / ".git").is_dir() and not path.is_symlink())


def fixture_of(experiment: Experiment) -> Path:
    """Return an experiment's repository, made when it isn't there; its policy is written anew each time.

    Raises:
        InfraError: the folder can't be written.
    """
    words = json.dumps(experiment.files, sort_keys=True)
    target = experiments_home() / f"{experiment.name}-{hashlib.sha256(words.encode()).hexdigest()[:8]}"
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        if not (target / ".git").is_dir():
            shutil.rmtree(part, ignore_errors=True)
            _make(part, experiment)
            part.rename(target)
        _write_policy(Layout(target), experiment)
    except OSError as error:
        if not (target / ".git").is_dir():  # else another process made it at the same time
            raise InfraError(
                f"the experiment's repository {target} can't be made", found=str(error), todo="make its folder writable"
            ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return target


def _make(root: Path, experiment: Experiment) -> None:
    for name, text in experiment.files.items():
        path = root.joinpath(*PurePosixPath(name).parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    git = GitCommands(root / ".git", root)
    git.run("init", "--quiet", "--template=", "--object-format=sha1", f"--initial-branch={BRANCH}")
    git.run("-c", "core.autocrlf=false", "add", "--all", "--force", ".")
    tree = git.run("write-tree").strip()
    text = f"tree {tree}\nauthor {_WHO}\ncommitter {_WHO}\n\nThe repository of the experiment {experiment.name}\n"
    commit = git.run("hash-object", "-t", "commit", "-w", "--no-filters", "--stdin", stdin=text.encode()).strip()
    git.run("update-ref", f"refs/heads/{BRANCH}", commit)


def _write_policy(layout: Layout, experiment: Experiment) -> None:
    """Write the policy: the test command, and that a scenario may be played unconfined where no sandbox works.

    It makes only the calls that stand in the file. What the checks need is built from the file's own `pyproject.toml`.
    """
    plain = isinstance(experiment.engine, Scenario)
    lines = [
        "[checks]", f"command = {json.dumps(experiment.checks)}",
        "[sandbox]", f"allow_plain = {json.dumps(plain)}",
    ]  # fmt: skip
    text, config = "\n".join([*lines, ""]), layout.ensure().config
    if not config.is_file() or config.read_text(encoding="utf-8") != text:
        write_whole(config, text.encode())
