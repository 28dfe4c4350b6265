"""Runs the installed `linestop` as its user does: a process of its own, in a home of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.migrated_database import lay

LINESTOP = Path(sys.executable).with_name("linestop")


def environment(home: Path) -> dict[str, str]:
    """Return an environment in which nothing of the developer's own server or memory is seen."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "LINESTOP_"))}
    return kept | {"LINESTOP_HOME": str(home), "COLUMNS": "200"}


def linestop(home: Path, *words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command to its end and return it."""
    return subprocess.run(
        [LINESTOP, *words], cwd=cwd or home, env=environment(home), capture_output=True, text=True, timeout=900,
        check=False,
    )  # fmt: skip


def reported(home: Path, *words: str, cwd: Path | None = None) -> Any:
    """Run a command with `--json` and return what it reports."""
    ended = linestop(home, *words, "--json", cwd=cwd)
    assert ended.stdout, ended.stderr
    return json.loads(ended.stdout)


@contextmanager
def machine(home: Path, *, new: bool = False) -> Iterator[Path]:
    """Yield a linestop home, and stop whatever was started there. A new one has no server's database."""
    home.mkdir(parents=True, exist_ok=True)
    if not new:
        lay(home / "prefect/prefect.db")
    try:
        yield home
    finally:
        linestop(home, "down")
