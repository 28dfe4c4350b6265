"""PostgreSQL by one setting: the server starts on it and a run's history lies there."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.live.conftest import Machine

pytestmark = pytest.mark.live


def tool(name: str) -> str:
    """Return a PostgreSQL program; Debian keeps them out of PATH."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / name).is_file():
            return str(folder / name)
    found = shutil.which(name)
    return found or pytest.skip(f"PostgreSQL's {name} is not installed: apt-get install postgresql")


def as_owner(*words: str) -> list[str]:
    """Return a command run as an ordinary user: PostgreSQL refuses to run as root."""
    return ["runuser", "-u", "postgres", "--", *words] if os.geteuid() == 0 else list(words)


@pytest.fixture
def database_url(tmp_path_factory: pytest.TempPathFactory, free: int) -> Iterator[str]:
    pg_ctl, initdb = tool("pg_ctl"), tool("initdb")
    folder = Path("/tmp") / f"linestop-pg-{os.getpid()}"
    cluster = folder / "cluster"
    folder.mkdir()
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    options = f"-p {free} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    try:
        for words in (
            [initdb, "-D", str(cluster), "-U", "linestop", "--auth=trust"],
            [pg_ctl, "-D", str(cluster), "-w", "-o", options, "-l", str(folder / "log"), "start"],
        ):
            subprocess.run(as_owner(*words), check=True, cwd=folder, stdout=subprocess.DEVNULL)
        yield f"postgresql://linestop@127.0.0.1:{free}/postgres"
        subprocess.run(
            as_owner(pg_ctl, "-D", str(cluster), "-m", "immediate", "stop"),
            check=True, cwd=folder, stdout=subprocess.DEVNULL,
        )  # fmt: skip
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_one_setting_moves_the_history_to_postgresql(machine: "Machine", database_url: str) -> None:
    machine.env["LINESTOP_DATABASE_URL"] = database_url
    (machine.home / "prefect" / "prefect.db").unlink(missing_ok=True)  # what tests of SQLite begin with
    done = machine.linestop("audit", str(machine.repository), "--json")
    assert done.returncode == 0, done.stderr
    assert machine.post("/flow_runs/count").json() >= 1
    assert not (machine.home / "prefect" / "prefect.db").exists()
    assert machine.linestop("down").returncode == 0
