"""No secret is written: values of secret variables, and whatever looks like a token."""

import base64
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

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
        pytest.param(
            "…\n" + ("A1" * 32 + "\n") * 2 + "-----END RSA PRIVATE KEY-----", f"…\n{HIDDEN}", id="the end of a key"
        ),
        pytest.param("sk-proj-" + "a1_B-" * 20, HIDDEN, id="an openai project's key"),
        pytest.param("gsk_" + "a1B2" * 13, HIDDEN, id="groq"),
        pytest.param("xai-" + "a1B2" * 20, HIDDEN, id="xai"),
        pytest.param("q=%22ghp_" + "a1" * 18 + "%22", f"q=%22{HIDDEN}%22", id="behind an escape of a URL"),
        pytest.param(r"\u0022ghp_" + "a1" * 18, rf"\u0022{HIDDEN}", id="behind a character's number"),
        pytest.param(
            "https://bob:p%40ssw0rd@shop.example", f"https://bob:{HIDDEN}@shop.example", id="a quoted password"
        ),
        pytest.param(
            "https://a1b2c3d4e5f6a7b8c9d0@git.example/x", f"https://{HIDDEN}@git.example/x", id="a URL's token"
        ),
        pytest.param(
            "authorization: BEARER abcdef0123456789xyz", f"authorization: BEARER {HIDDEN}", id="a loud bearer"
        ),
        pytest.param(
            "Authorization: token abcdef0123456789xyz", f"Authorization: token {HIDDEN}", id="a token's header"
        ),
        pytest.param("/?access_token=abcdef0123456789&x=1", f"/?access_token={HIDDEN}&x=1", id="a query"),
        pytest.param("//r.example/:_authToken=ab12-cd34-ef56-ab78", f"//r.example/:_authToken={HIDDEN}", id="npmrc"),
        pytest.param('"apiKey": "abcdef0123456789"', f'"apiKey": "{HIDDEN}"', id="a field of JSON"),
        pytest.param(
            "aws_secret_access_key = " + "a1/B" * 10, f"aws_secret_access_key = {HIDDEN}", id="aws's other half"
        ),
        pytest.param("access_token = read_the_token(path)", "access_token = read_the_token(path)", id="code"),
        pytest.param(
            "next_key: the-key-of-the-next-page", "next_key: the-key-of-the-next-page", id="a key that is none"
        ),
        pytest.param("https://%(user)s:%(password)s@host", "https://%(user)s:%(password)s@host", id="a template"),
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
        pytest.param("SMTP_PASS", "correct horse", True, id="half a password"),
        pytest.param("PWD", "the-folder-here", False, id="a folder"),
    ],
)
def test_a_variable_is_secret_by_its_name(name: str, value: str, *, secret: bool) -> None:
    assert secret_values({name: value}) == (frozenset({value}) if secret else frozenset())


def test_a_password_in_an_address_is_secret_by_itself() -> None:
    address = {"DATABASE_URL": "postgres://shop:correct%20horse@db.example/shop"}
    assert secret_values(address) == {"correct%20horse", "correct horse"}


@pytest.mark.parametrize("before", ["", "u", "us", "user:", "a longer name:"])
@pytest.mark.parametrize("write", [base64.b64encode, base64.urlsafe_b64encode])
def test_a_value_is_hidden_in_base64_wherever_it_begins(before: str, write: Callable[[bytes], bytes]) -> None:
    value = "correct~~~horse???battery"
    text = write(f"{before}{value} and more".encode()).decode()
    hidden = Redactor([value]).text(f"x {text} y")
    assert HIDDEN in hidden
    assert text[10:-10] not in hidden


@pytest.mark.parametrize("write", [repr, json.dumps, lambda one: json.dumps(json.dumps(one)), quote, quote_plus])
def test_a_value_is_hidden_however_it_is_written(write: Callable[[str], str]) -> None:
    value = 'correct "horse"\\ bättery/staple+'
    assert "rse" not in Redactor([value]).text(f"x {write(value)} y")


def test_bytes_in_a_field_are_hidden_too(tmp_path: Path) -> None:
    with EventLog(tmp_path / "e.jsonl", hiding=Redactor(["hunter2-of-the-shop"])) as log:
        log.append(EventKind.MESSAGE, note=b"hunter2-of-the-shop")
    assert "hunter2" not in (tmp_path / "e.jsonl").read_text()


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
