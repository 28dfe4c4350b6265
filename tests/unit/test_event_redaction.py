"""No secret is written: values of secret variables, and whatever looks like a token."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from linestop.engines import Endpoint
from linestop.engines.endpoints import key_of
from linestop.events import EventKind, EventLog
from linestop.events.redaction import HIDDEN, Redactor, hide_from_now_on, redacted, secret_values

KEY = "sk-ant-api03-" + "Ab3" * 12


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(f"key={KEY}!", f"key={HIDDEN}!", id="anthropic"),
        pytest.param(rf'{{"out": "a\n{KEY}"}}', rf'{{"out": "a\n{HIDDEN}"}}', id="behind an escape of JSON"),
        pytest.param("AKIAZZZZZZZZZZZZZZZZ", HIDDEN, id="aws"),
        pytest.param("x ghp_" + "a1" * 18, f"x {HIDDEN}", id="github"),
        pytest.param("glpat-" + "x" * 20, HIDDEN, id="gitlab"),
        pytest.param(
            "https://bob:hunter22@shop.example/x", f"https://bob:{HIDDEN}@shop.example/x", id="a password in a URL"
        ),
        pytest.param("Authorization: Bearer abcdef0123456789xyz", f"Authorization: Bearer {HIDDEN}", id="bearer"),
        pytest.param('{"x-api-key": "0123456789abcdef"}', f'{{"x-api-key": "{HIDDEN}"}}', id="a header"),
        pytest.param(
            "a\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\nxx\n-----END RSA PRIVATE KEY-----\nb",
            f"a\n{HIDDEN}\nb",
            id="a key",
        ),
        pytest.param("-----BEGIN PRIVATE KEY-----\nMIIE", HIDDEN, id="a key cut off"),
        pytest.param("hunter2-of-the-shop", HIDDEN, id="a value"),
        pytest.param(json.dumps('quo"te-secret'), f'"{HIDDEN}"', id="a value as JSON writes it"),
        pytest.param("skip-the-list, ask-me", "skip-the-list, ask-me", id="words that look alike"),
        pytest.param("http://localhost:8377/v1", "http://localhost:8377/v1", id="a plain URL"),
        pytest.param("user@host:/path", "user@host:/path", id="a remote"),
        pytest.param("\ud800x", "?x", id="a lone surrogate"),
    ],
)
def test_a_secret_is_hidden(text: str, expected: str) -> None:
    assert Redactor(["hunter2-of-the-shop", 'quo"te-secret']).text(text) == expected


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        pytest.param("OPENAI_API_KEY", "abcdefgh12", True, id="a key"),
        pytest.param("GITHUB_TOKEN", "abcdefgh12", True, id="a token"),
        pytest.param("DB_PASSWORD", "correct horse", True, id="a password"),
        pytest.param("MY_SECRET_THING", "abcdefgh12", True, id="a secret"),
        pytest.param("SHORT_KEY", "abc", False, id="too short"),
        pytest.param("SSH_KEY", "/home/a/.ssh/id", False, id="a path"),
        pytest.param("KEYBOARD", "dvorak-programmer", False, id="no key"),
        pytest.param("PATH", "/usr/bin:/bin", False, id="no secret"),
    ],
)
def test_a_variable_is_secret_by_its_name(name: str, value: str, *, secret: bool) -> None:
    assert secret_values({name: value}) == (frozenset({value}) if secret else frozenset())


def test_a_log_holds_no_secret_in_any_field(tmp_path: Path) -> None:
    deep: dict[str, Any] = {"env": [{"hunter2-of-the-shop": "hunter2-of-the-shop"}, KEY], "command": f"curl -H {KEY}"}
    with EventLog(tmp_path / "e.jsonl", hiding=Redactor(["hunter2-of-the-shop"])) as log:
        event = log.append(EventKind.TOOL_CALL, tool="Bash", args=deep, path="/x/hunter2-of-the-shop", note=[KEY])
        log.append(EventKind.TOOL_RESULT, text=f"x{'y' * 15_990} {KEY}")  # a cut through the middle must not save half
    written = (tmp_path / "e.jsonl").read_text()
    assert "hunter2" not in written
    assert "sk-ant" not in written
    assert event.args["command"] == f"curl -H {HIDDEN}"


def test_the_environments_secrets_are_hidden_without_being_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_API_TOKEN", "zyxwvut-98765")
    with EventLog(tmp_path / "e.jsonl") as log:
        log.append(EventKind.MESSAGE, text="it is zyxwvut-98765")
    assert "zyxwvut" not in (tmp_path / "e.jsonl").read_text()
    assert redacted("zyxwvut-98765") == HIDDEN


def test_a_value_whose_name_says_nothing_can_be_told() -> None:
    hide_from_now_on("plain-looking-9931")
    assert redacted("a plain-looking-9931 b") == f"a {HIDDEN} b"


def test_a_key_that_is_read_while_a_log_is_open_is_hidden_in_it(tmp_path: Path) -> None:
    endpoint = Endpoint(url="http://127.0.0.1:1/v1", key="THE_MODELS_WORD")
    with EventLog(tmp_path / "e.jsonl") as log:
        assert key_of(endpoint, {"THE_MODELS_WORD": "open-sesame-4711"}) == "open-sesame-4711"
        log.append(EventKind.MESSAGE, text="I say open-sesame-4711")
    assert "sesame" not in (tmp_path / "e.jsonl").read_text()


def test_arguments_that_nest_too_deep_are_cut_not_refused(tmp_path: Path) -> None:
    deep: Any = "x"
    for _ in range(500):
        deep = [deep]
    with EventLog(tmp_path / "e.jsonl") as log:
        log.append(EventKind.TOOL_CALL, tool="t", args={"a": deep, "b": "\udfff", "c": "x" * 200_000})
    (line,) = (tmp_path / "e.jsonl").read_text().splitlines()
    assert len(line) < 70_000
    assert json.loads(line)["args"]["b"] == "?"


def test_looking_costs_less_than_writing() -> None:
    hiding = Redactor(["hunter2-of-the-shop"])
    text = "def add(a, b):\n    return a - b  # nothing here\n" * 40
    begun = time.thread_time()
    for _ in range(1_000):
        hiding.text(text)
    assert time.thread_time() - begun < 0.5  # 2 MB; about 0.03 s on an idle core
