"""`up` and `down` with all that is real: server, worker, receiver, a flow run that the worker takes."""

import hashlib
import hmac
import json
import os
import signal
import socket
import subprocess
from collections.abc import Callable
from threading import Thread
from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from tests.live.conftest import Machine

pytestmark = pytest.mark.live

Until = Callable[[Callable[[], bool], float, str], float]


@pytest.fixture(scope="module")
def up(machine: "Machine") -> dict[str, Any]:
    done = machine.linestop("up", str(machine.repository), "--json")
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def hook(up: dict[str, Any], commit: str, delivery: str) -> httpx.Response:
    repository = up["repositories"][0]
    with open(repository["secret_file"], "rb") as file:  # noqa: PTH123  # bytes of a path in JSON
        secret = file.read().strip()
    body = json.dumps({"ref": f"refs/heads/{repository['base']}", "after": commit}).encode()
    signature = hmac.new(secret, body, hashlib.sha256).hexdigest()
    headers = {
        "X-GitHub-Event": "push",
        "X-GitHub-Delivery": delivery,
        "X-Hub-Signature-256": f"sha256={signature}",
    }
    return httpx.post(repository["hook"], content=body, headers=headers, trust_env=False, timeout=60)


def documentation_runs(machine: "Machine", commit: str) -> list[dict[str, Any]]:
    found = machine.post("/flow_runs/filter").json()
    return [run for run in found if run["parameters"].get("order", {}).get("ref") == commit]


def test_what_up_names_is_there(machine: "Machine", up: dict[str, Any]) -> None:
    assert httpx.get(f"{up['ui']}/", trust_env=False, follow_redirects=True).is_success
    assert httpx.get(f"{up['receiver']}/health", trust_env=False).is_success
    names = {item["name"] for item in machine.post("/deployments/filter").json()}
    assert len(names) == 1
    limits = {item["name"] for item in machine.post("/v2/concurrency_limits/filter").json()}
    assert limits >= {"infra", "linestop-workers"}


def test_the_audit_is_weekly_and_the_others_wait_to_be_asked(machine: "Machine", up: dict[str, Any]) -> None:
    schedules = {
        item["tags"][1] if item["tags"][0] == "linestop" else item["tags"][0]: [
            each["schedule"]["cron"] for each in item["schedules"]
        ]
        for item in machine.post("/deployments/filter").json()
    }
    asked: dict[str, list[str]] = {key: [] for key in ("execution", "documentation", "debrief", "lab")}
    assert schedules == {"audit": ["0 3 * * 1"], **asked}


def test_a_merge_is_documented_once(machine: "Machine", up: dict[str, Any], until: Until) -> None:
    commit = subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=machine.repository, text=True).strip()
    answers = [hook(up, commit, delivery) for delivery in ("d-1", "d-1", "d-2")]
    assert [answer.status_code for answer in answers] == [202, 200, 202]
    assert all(answer.elapsed.total_seconds() < 10 for answer in answers), "GitHub waits no longer"

    def ended() -> bool:
        runs = documentation_runs(machine, commit)
        return bool(runs) and all(run["state_type"] == "COMPLETED" for run in runs)

    until(ended, 300, "the documentation run completed")
    assert len(documentation_runs(machine, commit)) == 1


@pytest.mark.parametrize("part", ["worker", "receiver"])
def test_a_part_that_is_killed_comes_back(machine: "Machine", up: dict[str, Any], until: Until, part: str) -> None:
    def state() -> dict[str, str]:
        return dict(json.loads((machine.home / "supervisor.json").read_text())["parts"])

    before = state()[part]
    os.kill(int(before.split(":")[-2]), signal.SIGKILL)
    until(lambda: state()[part] != before, 120, f"another {part} was started")
    again = machine.linestop("up")
    assert again.returncode == 0, again.stderr


def test_up_again_starts_nothing_twice(machine: "Machine", up: dict[str, Any]) -> None:
    before = {process.pid for process in machine.processes()}
    again = machine.linestop("up", "--json")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout) == up
    assert {process.pid for process in machine.processes()} == before


def test_up_refuses_to_move_what_runs(machine: "Machine", up: dict[str, Any]) -> None:
    refused = machine.linestop("up", "--port", "1")
    assert refused.returncode == 2
    assert "linestop down" in refused.stderr


def test_a_server_that_is_killed_comes_back_at_its_address(
    machine: "Machine", up: dict[str, Any], until: Until
) -> None:
    server = json.loads((machine.home / "server.json").read_text())["process"]
    os.kill(int(server.split(":")[-2]), signal.SIGKILL)

    def back() -> bool:
        try:
            return httpx.get(f"{up['api']}/health", trust_env=False, timeout=2).is_success
        except httpx.TransportError:
            return False

    until(lambda: not back(), 60, "the server was gone")
    until(back, 300, "the server answers again")


def test_down_leaves_nothing_and_may_be_called_twice(machine: "Machine", up: dict[str, Any]) -> None:
    assert machine.linestop("down").returncode == 0
    assert machine.processes() == []
    assert not (machine.home / "supervisor.json").exists()
    again = machine.linestop("down")
    assert (again.returncode, again.stdout.strip()) == (0, "nothing was running")


def test_down_finds_the_parts_of_a_killed_supervisor(machine: "Machine") -> None:
    assert machine.linestop("up").returncode == 0
    supervisor = json.loads((machine.home / "supervisor.json").read_text())["process"]
    os.kill(int(supervisor.split(":")[-2]), signal.SIGKILL)
    assert machine.processes()
    assert machine.linestop("down").returncode == 0
    assert machine.processes() == []


def test_up_says_that_the_server_went_away(machine: "Machine") -> None:
    """As where somebody calls `down` meanwhile: it answers once, and then never again."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        answer = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\ntrue"

        def once() -> None:
            connection, _ = listening.accept()
            listening.close()
            with connection:
                connection.recv(4096)
                connection.sendall(answer)

        url = f"http://127.0.0.1:{listening.getsockname()[1]}/api"
        thread = Thread(target=once)
        thread.start()
        failed = machine.linestop("up", PREFECT_API_URL=url)
        thread.join()
    assert failed.returncode == 1
    assert "the Prefect server went away" in failed.stderr
    assert machine.processes() == []


def test_up_that_fails_half_way_takes_down_what_it_started(machine: "Machine") -> None:
    bare = machine.home / "no-repository"
    bare.mkdir()
    failed = machine.linestop("up", str(bare))
    assert failed.returncode == 1
    assert "not in a git repository" in failed.stderr
    assert machine.processes() == []
