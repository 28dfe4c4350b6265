"""`linestop lab serve` and `lab scenarios` from the outside."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from linestop.deployments.cli.errors import guarded
from linestop.deployments.cli.lab import lab
from linestop.scenarios import read_scenario, shipped_scenarios

MAIN = "from linestop.deployments.cli.app import main; main()"


def test_serve_says_where_it_is_answers_and_ends_when_told() -> None:
    argv = [sys.executable, "-c", MAIN, "lab", "serve", "good-maker"]
    env = {**os.environ, "NO_COLOR": "1"}
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env) as process:
        assert process.stdout
        assert process.stderr
        url = process.stdout.readline().strip()
        assert httpx.get(url + "/v1/models", trust_env=False).json()["data"][0]["id"] == "scripted-1"
        asked = {"model": "m", "messages": [{"role": "user", "content": "mend it"}]}
        answer = httpx.post(url + "/v1/chat/completions", json=asked, trust_env=False).json()
        assert answer["choices"][0]["message"]["content"].startswith("I start with calc.py")
        hints = [process.stderr.readline() for _ in range(6)]
        assert f"ANTHROPIC_BASE_URL={url}" in "".join(hints)
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == "answered 1 requests\n"
    assert process.returncode == 0


def lab_command(*words: str) -> int:
    return guarded(lab, words)


def test_the_shipped_scenarios_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert lab_command("scenarios") == 0
    table = capsys.readouterr().out
    assert [name for name in shipped_scenarios() if name not in table] == []
    assert lab_command("scenarios", "--json") == 0
    assert [one["name"] for one in json.loads(capsys.readouterr().out)] == list(shipped_scenarios())


def test_a_shipped_scenario_is_printed_as_a_start_for_ones_own(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert lab_command("scenarios", "liar") == 0
    mine = tmp_path / "mine.yaml"
    mine.write_text(capsys.readouterr().out, encoding="utf-8")
    assert read_scenario(mine) == shipped_scenarios()["liar"]


def test_the_schema_knows_every_key_of_the_format(capsys: pytest.CaptureFixture[str]) -> None:
    assert lab_command("scenarios", "--schema") == 0
    schema = json.loads(capsys.readouterr().out)
    assert {"schema", "name", "acts", "turns", "model", "window", "about"} == set(schema["properties"])
    assert "until_told" in schema["$defs"]["Turn"]["properties"]
    assert "for" in schema["$defs"]["Act"]["properties"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("serve", "no-such"), "there is no scenario no-such"),
        (("scenarios", "no-such"), "no scenario no-such is shipped"),
        (("serve", "good-maker", "--host", "::"), "won't listen on ::"),
    ],
)
def test_a_wrong_word_is_a_usage_error(words: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert lab_command(*words) == 2
    assert says in capsys.readouterr().err
