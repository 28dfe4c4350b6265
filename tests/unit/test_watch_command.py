"""`linestop watch` as a user meets it."""

import contextlib
import io
import json
import os
import signal
import threading
from datetime import datetime
from pathlib import Path

import pytest
from rich.cells import cell_len

from linestop.deployments.cli.watch import watch
from linestop.deployments.cli.watch_page import page
from linestop.deployments.cli.watch_reading import detectors, follow, survey
from linestop.errors import UsageError
from linestop.events import Action, Event, EventKind, Fault, Outcome, Usage
from linestop.events.formats import FORMATS

SAMPLES = Path(__file__).parents[1] / "samples"
LOOP = "".join(
    json.dumps(record) + "\n"
    for number in range(12)
    for record in (
        {
            "type": "item.started",
            "item": {"id": f"i{number}", "type": "command_execution", "command": "npm test", "status": "in_progress"},
        },
        {
            "type": "item.completed",
            "item": {
                "id": f"i{number}",
                "type": "command_execution",
                "command": "npm test",
                "aggregated_output": "1 failing: shop cart adds the price twice",
                "exit_code": 1,
                "status": "failed",
            },
        },
    )
)


@pytest.fixture
def loop(tmp_path: Path) -> Path:
    path = tmp_path / "loop.jsonl"
    path.write_text('{"type":"thread.started","thread_id":"t-1"}\n' + LOOP)
    return path


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_wider_than_the_terminal_and_every_session_is_told(loop: Path, width: int) -> None:
    reports = survey((SAMPLES, loop), detectors((), ()))
    lines = page(reports, limit=3, width=width).splitlines()
    assert max(map(cell_len, lines)) <= width
    told = "".join(line.strip() for line in lines)
    for log in reports:
        for session in log.sessions:
            assert f"{session.format} {session.session[-14:] or '-'}" in told
    assert "fired 12 times" in told
    assert "lost 0 tokens" not in told


def test_what_a_log_does_not_count_is_no_nought(loop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert watch(loop, SAMPLES / "codex.jsonl") == 0
    row = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("t-1 "))
    assert row.split()[2:10] == ["12", "12", "0", "-", "-", "12", "-", "-"]


def test_a_loop_is_told_with_its_place_and_a_lesson(loop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert watch(loop) == 0
    out = capsys.readouterr().out
    assert f"{loop} t-1" in out
    assert "warning repeat" in out
    assert "lines 2-25" in out
    assert "lessons that may be drawn" in out
    assert "1 session, something fired in 1" in out


def test_what_a_log_says_nothing_of_is_not_told_as_nothing(loop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    watch(loop)
    out = capsys.readouterr().out
    assert "isn't known, for no times and no tokens are told" in out
    assert "0.0 s" not in out


def test_a_session_never_lost_more_tokens_than_it_used(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    call = {"type": "tool_use", "name": "Bash", "input": {"command": "ls src"}}
    message = {"role": "assistant", "usage": {"input_tokens": 900, "output_tokens": 100}}
    said = [{"type": "system", "subtype": "init", "session_id": "s", "cwd": "/w", "model": "m", "tools": []}]
    for number in range(6):
        content = [{**call, "id": f"t{number}"}]
        said.append(
            {"type": "assistant", "session_id": "s", "message": {**message, "id": f"m{number}", "content": content}}
        )
    said.append(
        {
            "type": "result",
            "subtype": "success",
            "session_id": "s",
            "usage": {"input_tokens": 2000, "output_tokens": 500},
        }
    )
    log = tmp_path / "claude.jsonl"
    log.write_text("".join(json.dumps(record) + "\n" for record in said))
    watch(log, json_=True)
    [session] = json.loads(capsys.readouterr().out)["logs"][0]["sessions"]
    assert session["sightings"]
    assert session["lost_tokens"] <= session["tokens"] == 2500


def test_many_sessions_are_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert watch(SAMPLES, limit=1) == 0
    out = capsys.readouterr().out
    assert out.startswith("session")
    assert {"agent", "denied", "fired", "lost", "tokens", "log"} <= set(out.splitlines()[0].split())
    assert all(name in out for name in ("mini-swe-agent", "swe-agent", "openhands", "codex-session", "qwen"))


def test_json_holds_logs_and_lessons(loop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert watch(loop, json_=True) == 0
    told = json.loads(capsys.readouterr().out)
    (log,) = told["logs"]
    (session,) = log["sessions"]
    assert (log["format"], log["bad_lines"], session["outcomes"]) == ("codex", 0, {"error": 12})
    assert (session["worst"], session["seconds"]) == ("warning", None)  # a log without times
    assert datetime.fromisoformat(session["sightings"][0]["began"]).tzinfo is not None
    assert told["lessons"][0]["evidence"]


def test_it_exits_3_only_when_asked_to(loop: Path) -> None:
    assert watch(loop, fail_on="warning") == 3
    assert watch(SAMPLES / "codex.jsonl", fail_on="warning") == 0


def test_a_detector_can_be_left_out(loop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    watch(loop, off=("repeat",))
    assert "repeat:" not in capsys.readouterr().out
    with pytest.raises(UsageError) as refused:
        watch(loop, off=("nonsense",))
    assert "repeat" in refused.value.todo


@pytest.mark.parametrize(
    "given",
    [
        pytest.param((), id="nothing named"),
        pytest.param((Path("/nowhere/x.jsonl"),), id="not there"),
        pytest.param((Path(__file__),), id="no log"),
        pytest.param((Path("--jsn"),), id="a misspelt option"),
    ],
)
def test_nothing_to_look_at_is_a_usage_error(given: tuple[Path, ...]) -> None:
    with pytest.raises(UsageError):
        watch(*given)


def test_a_folder_without_logs_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        watch(tmp_path)
    assert "docs/events.md" in refused.value.todo


def test_the_sessions_of_claude_and_codex_are_looked_for_at_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, folder in (("claude-session.jsonl", "c/projects/-repo"), ("codex-session.jsonl", "x/sessions/2026/11")):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / name).write_bytes(SAMPLES.joinpath(name).read_bytes())
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path / "c"))
    monkeypatch.setenv("CODEX_HOME", str(tmp_path / "x"))
    assert watch(claude=True, codex=True) == 0
    assert "2 sessions" in capsys.readouterr().out


def test_old_logs_of_a_folder_can_be_left_out(loop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = tmp_path / "old.jsonl"
    old.write_bytes(loop.read_bytes())
    os.utime(old, (1_000_000_000, 1_000_000_000))
    assert watch(tmp_path, days=7) == 0
    assert "1 session, " in capsys.readouterr().out
    assert watch(tmp_path, old, days=7) == 0  # named: it is wanted
    assert "2 sessions, " in capsys.readouterr().out


def test_a_log_named_twice_is_read_once(loop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    watch(loop, loop.parent, loop)
    assert "1 session, " in capsys.readouterr().out


def test_a_hostile_log_does_nothing_to_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evil = "\x1b]0;owned\x07\u202e[bold]x"
    path = tmp_path / "evil\x1b[31m.jsonl"
    path.write_text(
        json.dumps({"type": "thread.started", "thread_id": evil}) + "\n" + LOOP.replace("npm", "npm\\u001b[2J")
    )
    assert watch(path) == 0
    out = capsys.readouterr().out
    assert not {"\x1b", "\x07", "\u202e"} & set(out)


def test_a_stream_is_read_from_the_standard_input() -> None:
    (log,) = survey([Path("-")], detectors((), ()), stdin=io.BytesIO(LOOP.encode()))
    assert (log.path, log.format, log.sessions[0].calls) == ("-", "codex", 12)


def test_following_a_stream_tells_what_fires_while_it_comes(capsys: pytest.CaptureFixture[str]) -> None:
    read, write = os.pipe()

    def agent() -> None:
        for line in LOOP.encode().splitlines(keepends=True):
            os.write(write, line[:40])
            os.write(write, line[40:])
        os.close(write)

    writer = threading.Thread(target=agent)
    writer.start()
    with os.fdopen(read, "rb") as stdin:
        assert follow([Path("-")], detectors((), ()), as_json=True, stdin=stdin) == 0
    writer.join()
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {"repeat", "failures"} <= {one["detector"] for one in told}
    assert all(one["lines"][0] <= one["lines"][1] for one in told)


class Rotating(io.StringIO):
    """An output that rotates the log at the first loop it hears of, and interrupts, as a person would, at the second.

    A call that goes on fires once a reading: hearing of it twice means that the log was read from its new beginning.
    """

    def __init__(self, log: Path) -> None:
        super().__init__()
        self.log = log
        self.loops = 0

    def write(self, text: str) -> int:
        if "repeat" in text:
            self.loops += 1
            if self.loops == 2:
                raise KeyboardInterrupt
            self.log.rename(self.log.with_suffix(".old"))
            self.log.write_text(LOOP)
        return len(text)


def test_a_log_that_is_replaced_is_read_from_its_new_beginning(loop: Path) -> None:
    output = Rotating(loop)
    giving_up = threading.Timer(20, lambda: os.kill(os.getpid(), signal.SIGINT))
    giving_up.start()
    with contextlib.redirect_stdout(output):
        assert follow([loop], detectors((), ()), as_json=False) == 0
    giving_up.cancel()
    assert output.loops == 2


def test_a_document_can_not_be_followed() -> None:
    with pytest.raises(UsageError):
        watch(SAMPLES / "mini.traj.json", follow=True)
    with pytest.raises(UsageError):
        watch(Path("-"), SAMPLES, follow=True)
    with pytest.raises(UsageError):
        watch(follow=True)


def test_the_page_of_events_names_every_format_and_every_field() -> None:
    page = (SAMPLES.parents[1] / "docs" / "events.md").read_text(encoding="utf-8")
    missing = [one.name for one in FORMATS if f"| `{one.name}` |" not in page]
    missing += [name for name in (*Event.model_fields, *Usage.model_fields) if f"`{name}`" not in page]
    missing += [
        one.value for kind in (EventKind, Outcome, Action, Fault) for one in kind if f"`{one.value}`" not in page
    ]
    assert missing == []
