"""What `linestop doctor` says: what is missing and how to mend it, and where each value of the policy came from."""

import json
import subprocess
from pathlib import Path

import pytest

from linestop.deployments.cli.doctor import doctor
from linestop.deployments.doctor.diagnosis import Diagnosis, Report, State, ok, problem, warning
from linestop.deployments.doctor.machine import look_at_machine
from linestop.deployments.doctor.repository import look_at_repository
from linestop.deployments.doctor.roles import look_at_roles
from linestop.policy import Policy


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    root = tmp_path / "shop"
    (root / "tests").mkdir(parents=True)
    (root / "tests" / "test_it.py").write_text("def test_it():\n    assert True\n")
    for words in (("init", "-qb", "main"), ("add", "-A"), ("commit", "-qm", "start")):
        subprocess.run(["git", "-c", "user.name=o", "-c", "user.email=o@example.org", *words], cwd=root, check=True)
    return root


def machine() -> dict[str, Diagnosis]:
    return {one.name: one for one in look_at_machine()}


def test_a_machine_that_has_all_is_looked_at_from_git_to_disk(shop: Path) -> None:
    found = machine()
    assert {"git", "python", "prefect", "venv", "bubblewrap", "docker", "home", "disk", "server"} <= found.keys()
    assert [one for one in found.values() if one.state is State.PROBLEM and one.name != "disk"] == []
    assert found["server"].found.startswith("none runs")
    assert not (shop.parent / "home").exists(), "it only looks"


@pytest.mark.parametrize(
    ("variable", "missing", "todo"),
    [
        pytest.param("PATH=/nowhere", "git", "install git", id="no-git"),
        pytest.param("PREFECT_API_URL=http://127.0.0.1:9/api", "server", "unset it", id="no-server"),
        pytest.param("LINESTOP_HOME=/proc/nowhere", "home", "set LINESTOP_HOME", id="no-home"),
    ],
)
def test_what_is_missing_is_a_problem_with_its_remedy(
    shop: Path, monkeypatch: pytest.MonkeyPatch, variable: str, missing: str, todo: str
) -> None:
    monkeypatch.setenv(*variable.split("=", 1))
    found = machine()[missing]
    assert found.state is State.PROBLEM
    assert todo in found.todo


def test_each_value_of_the_policy_says_where_it_came_from(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (shop / ".linestop").mkdir()
    (shop / ".linestop" / "config.toml").write_text("[execution]\nparallel = 3\nattempts = 2\n")
    monkeypatch.setenv("LINESTOP_EXECUTION__PARALLEL", "4")
    root, found, values = look_at_repository(shop)
    said = {one.key: (one.value, one.origin) for one in values}
    assert said["execution.parallel"] == (4, "environment LINESTOP_EXECUTION__PARALLEL")
    assert said["execution.attempts"] == (2, str(shop / ".linestop" / "config.toml"))
    assert said["execution.delivery"] == ("branch", "default")
    assert (root, {one.state for one in found}) == (str(shop), {State.OK})


def test_a_policy_that_can_not_be_used_is_named(shop: Path) -> None:
    (shop / ".linestop").mkdir()
    (shop / ".linestop" / "config.toml").write_text("[execution]\nparallel = 0\n")
    _, found, values = look_at_repository(shop)
    (bad,) = [one for one in found if one.state is State.PROBLEM]
    assert "execution.parallel" in bad.found
    assert (bad.name, values) == ("policy", [])


def test_the_report_fails_where_a_run_would(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert Report(diagnoses=(ok("a", "b"), warning("a", "b", "c"))).exit_code == 0
    assert Report(diagnoses=(ok("a", "b"), problem("a", "b", "c"))).exit_code == 1
    (shop / "tests" / "test_it.py").unlink()
    assert doctor(shop, json_=True) == 1
    report = json.loads(capsys.readouterr().out)
    assert next(one["todo"] for one in report["diagnoses"] if one["name"] == "checks")


@pytest.mark.parametrize(
    ("engine", "state", "words"),
    [
        ({"kind": "command", "preset": "codex", "program": "/nowhere/codex"}, State.PROBLEM, "codex"),
        ({"kind": "model", "model": "m", "endpoint": "here"}, State.OK, "agent with m would start"),
        ({"kind": "model", "model": "m", "endpoint": "nowhere"}, State.PROBLEM, "nowhere"),
        ({"kind": "scripted", "scenario": "no.yaml"}, State.PROBLEM, "no.yaml"),
    ],
    ids=["no-program", "well", "no-endpoint", "no-scenario"],
)
def test_what_a_roles_engine_lacks_is_a_problem(
    tmp_path: Path, engine: dict[str, str], state: State, words: str
) -> None:
    policy = Policy.model_validate(
        {
            "roles": {"maker": "agent"},
            "engines": {"agent": engine},
            "endpoints": {"here": {"url": "http://127.0.0.1:9/v1"}},
            "sandbox": {"kind": "plain", "allow_plain": True},
        }
    )
    (line,) = look_at_roles(policy, tmp_path)
    assert (line.name, line.state) == ("maker", state)
    assert words in line.found
