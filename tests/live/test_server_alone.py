"""The server that a command starts when none answers: one, whoever comes at once, and no target configures it."""

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from linestop.deployments.detached import listens

if TYPE_CHECKING:
    from tests.live.conftest import Machine

pytestmark = pytest.mark.live

ENSURE = "from linestop.deployments.server import ensure_server; print(ensure_server())"
SLEEPER = """
import asyncio
from prefect import flow

@flow
async def child():
    print("running", flush=True)
    await asyncio.sleep(600)

@flow
async def parent(order):
    await child()
"""


def test_of_commands_that_come_at_once_one_starts_the_server(machine: "Machine") -> None:
    processes = [machine.python(ENSURE) for _ in range(3)]
    answers = [process.communicate(timeout=600) for process in processes]
    assert {out for out, _ in answers} == {f"{machine.api}\n"}, answers
    assert len(machine.processes()) == 1


def test_homes_that_start_at_once_have_a_server_each(
    machine: "Machine", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(machine.env, "LINESTOP_PORT")  # both would take the same free one
    processes = []
    for home in ("one", "two"):
        monkeypatch.setitem(machine.env, "LINESTOP_HOME", str(tmp_path / home))
        processes.append(machine.python(ENSURE))
    urls = [process.communicate(timeout=600)[0].strip() for process in processes]
    for home, url in zip(("one", "two"), urls, strict=True):
        monkeypatch.setitem(machine.env, "LINESTOP_HOME", str(tmp_path / home))
        server = json.loads((tmp_path / home / "server.json").read_text())
        assert listens(server["process"], server["port"])
        assert url == f"http://127.0.0.1:{server['port']}/api"
        assert machine.linestop("down").stdout == "stopped: server\n"
    assert len(set(urls)) == 2


def test_a_target_repository_does_not_configure_prefect(machine: "Machine") -> None:
    (machine.repository / "prefect.toml").write_text('api.url = "http://127.0.0.1:9/evil"\n')
    (machine.repository / ".env").write_text("PREFECT_LOGGING_CONFIG_PATH=evil.yml\nPREFECT_HOME=/tmp/evil\n")
    (machine.repository / "prefect.py").write_text("raise SystemExit('the target was imported')\n")
    (machine.repository / "linestop").mkdir(exist_ok=True)
    (machine.repository / "linestop" / "__init__.py").write_text("raise SystemExit('the target was imported')\n")
    code = (
        f"{ENSURE}\nfrom linestop.deployments.environment import outside_targets\n"
        "with outside_targets():\n    from prefect.settings import get_current_settings as now\n"
        "    print(now().api.url, now().home)\n"
    )
    out, errors = machine.python(code).communicate(timeout=600)
    assert out.split() == [machine.api, machine.api, str(machine.home / "prefect")], errors


def test_runs_of_a_killed_process_are_ended_by_the_next(machine: "Machine", until: Callable[..., float]) -> None:
    flows = machine.home.parent / "flows_of_this_test"
    flows.mkdir(exist_ok=True)
    (flows / "sleeper.py").write_text(SLEEPER)
    start = (
        f"import sys; sys.path.insert(0, {str(flows)!r})\n"
        "from pydantic import BaseModel\nfrom linestop.deployments.cli.flow_runs import run_flow\n"
        f"class Order(BaseModel):\n    repository: str = {str(machine.repository)!r}\n"
        "run_flow('sleeper:parent', Order())\n"
    )
    process = machine.python(start)
    assert process.stdout is not None
    assert process.stdout.readline() == "running\n", process.communicate()[1]
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert states(machine) == {"RUNNING"}
    again = machine.linestop("audit", str(machine.repository), "--json")
    assert again.returncode == 0, again.stderr
    assert "CRASHED" in states(machine)
    assert "RUNNING" not in states(machine)


def states(machine: "Machine") -> set[str]:
    return {run["state_type"] for run in machine.post("/flow_runs/filter").json()}


def test_an_unusable_setting_is_named(machine: "Machine") -> None:
    machine.linestop("down")
    (machine.home / "settings.toml").write_text('database_url = "mysql://user:secret@host/name"\n')
    failed = machine.linestop("up")
    (machine.home / "settings.toml").unlink()
    assert failed.returncode == 2
    assert "database_url" in failed.stderr
    assert "secret" not in failed.stderr


def test_a_server_that_cannot_start_shows_the_end_of_its_log(machine: "Machine") -> None:
    machine.linestop("down")
    (machine.home / "settings.toml").write_text('database_url = "postgresql://nobody@127.0.0.1:9/none"\n')
    failed = machine.linestop("up")
    (machine.home / "settings.toml").unlink()
    assert failed.returncode == 1
    assert "the Prefect server can't be started" in failed.stderr
    assert "server.log" in failed.stderr
    assert machine.processes() == []
    assert json.loads(machine.linestop("down", "--json").stdout) == {"processes": 0, "server": False}
