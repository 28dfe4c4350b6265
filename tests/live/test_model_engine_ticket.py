"""Model engines as maker and checker carry a ticket to a green branch: the installed command, bubblewrap, a record."""

import shutil
import subprocess
from pathlib import Path

import pytest

from linestop.deployments.lab_server import ScriptedServer
from linestop.events import EventKind, read_events
from linestop.scenarios import scenario_named
from tests.live.linestop_command import machine, reported

pytestmark = pytest.mark.live

POLICY = """
[endpoints.lab]
url = "{url}/v1"
key = "LAB_KEY"

[engines.mine]
kind = "model"
model = "scripted-1"
endpoint = "lab"

[engines.judge]
kind = "model"
model = "scripted-2"
endpoint = "lab"
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "shop"
    (root / "src").mkdir(parents=True)
    (root / "tests").mkdir()
    (root / "src/calc.py").write_text("import os\nimport sys\n\n\ndef add(a, b):\n    return a + b\n")
    (root / "tests/test_calc.py").write_text(
        "import unittest\n\n\nclass T(unittest.TestCase):\n    def test_it(self):\n        self.assertEqual(1 + 1, 2)\n"
    )
    git(root, "init", "-q", "-b", "main")
    git(root, "add", ".")
    git(root, "commit", "-qm", "first")
    return root


def git(root: Path, *words: str) -> str:
    own = ("-c", "user.name=T", "-c", "user.email=t@example.org")
    return subprocess.run(["git", *own, *words], cwd=root, check=True, capture_output=True, text=True).stdout


def test_a_ticket_is_carried_to_a_green_branch(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not shutil.which("bwrap"):
        pytest.skip("bubblewrap is not installed")
    monkeypatch.setenv("LAB_KEY", "sk-the-owners-lab-key-0123456789")
    with ScriptedServer(scenario_named("import-cleaner")) as server, machine(tmp_path / "home") as home:
        (repository / ".linestop").mkdir(exist_ok=True)
        (repository / ".linestop/config.toml").write_text(POLICY.format(url=server.url))
        reported(home, "audit", str(repository))
        done = reported(home, "execute", str(repository), "--maker", "mine", "--checker", "judge")
        asked = server.requests
    branch = git(repository, "branch", "--list", "linestop/2*", "--format=%(refname:short)").split()[0]
    assert git(repository, "show", f"{branch}:src/calc.py").strip() == "def add(a, b):\n    return a + b"
    assert done["answer"] == "done"
    assert {request.body["model"] for request in asked} == {"scripted-1", "scripted-2"}
    assert {request.headers["authorization"] for request in asked} == {"Bearer sk-the-owners-lab-key-0123456789"}
    records = [list(read_events(path)) for path in (repository / ".linestop/runs").glob("*-dispatch-*/events.jsonl")]
    assert len(records) == 2
    assert all(any(event.kind == EventKind.USAGE for event in events) for events in records)
    runs = repository / ".linestop/runs"
    assert not [path for path in runs.rglob("*") if path.is_file() and b"owners-lab-key" in path.read_bytes()]
