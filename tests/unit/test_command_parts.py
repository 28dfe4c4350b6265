"""The parts of CommandEngine by themselves: hooks, homes, sessions, streams and verdicts, hostile contents included."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from linestop.blocks.command_engine.home import read_file, write_file
from linestop.blocks.command_engine.hooks import HookBox
from linestop.blocks.command_engine.sessions import Sessions
from linestop.blocks.command_engine.stream import MAX_LINE, CommandStream, Heard
from linestop.blocks.command_engine.verdict import Witnesses, verdict
from linestop.errors import BusyError, InfraError, LinestopError, ToolError
from linestop.events import Event, EventKind, Fault, Outcome, call_identity, read_events
from linestop.events.formats import reader_named
from linestop.ports import Ran
from linestop.watch import Firing, LiveLog, Watch
from linestop.watch.ladder import Ladder, Rung
from linestop.watch.trail import Trail

SAMPLES = Path(__file__).parents[1] / "samples"
COMMAND = {"command": "cat nothing"}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def log(tmp_path: Path) -> Iterator[LiveLog]:
    with LiveLog(tmp_path / "events.jsonl", watch=Watch([Alarm()]), ladder=Ladder({}, default=Rung.BLOCK)) as events:
        yield events


class Alarm:
    """Fires at every call, and tells the agent so."""

    name: ClassVar[str] = "alarm"
    kinds: ClassVar[frozenset[EventKind]] = frozenset({EventKind.TOOL_CALL})

    def see(self, event: Event, trail: Trail) -> Firing | None:
        del trail
        return Firing(detector="alarm", detail="seen before", message="you were told", identity=event.identity or "")

    def tick(self, now: object, trail: Trail) -> None:
        """Time is nothing to it."""

    def progress(self, state: str, now: object) -> None:
        """Nor is the work."""


def hook(box: HookBox, *words: str, said: dict[str, Any]) -> "subprocess.Popen[bytes]":
    """Run the hook as an agent does."""
    process = subprocess.Popen(["/bin/sh", box.script, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin
    process.stdin.write(json.dumps(said).encode())
    process.stdin.close()
    return process


def told(process: "subprocess.Popen[bytes]") -> Any:
    assert process.stdout
    text = process.stdout.read()
    process.stdout.close()
    assert process.wait() == 0
    return json.loads(text) if text else None


def box_of(home: Path, **values: Any) -> HookBox:
    return HookBox(home, **({"role": "maker", "note_refusals": False} | values))


def test_a_nudge_is_told_once_after_the_next_call(home: Path, log: LiveLog) -> None:
    with box_of(home) as box:
        assert told(hook(box, "after", "PostToolUse", said={})) is None
        log.append(EventKind.TOOL_CALL, tool="Bash", args=COMMAND)
        box.serve(log)
        said = told(hook(box, "after", "PostToolUse", said={}))
        assert said == {"hookSpecificOutput": {"hookEventName": "PostToolUse", "additionalContext": "you were told"}}
        assert told(hook(box, "after", "PostToolUse", said={})) is None
    assert [event.kind for event in read_events(log.path)] == ["tool_call", "nudge"]


@pytest.mark.parametrize(
    ("event", "tool", "refused"),
    [("PreToolUse", "Bash", True), ("BeforeTool", "Bash", True), ("PreToolUse", "Read", False)],
)
def test_a_blocked_call_is_refused_and_others_are_not(
    event: str, tool: str, refused: bool, home: Path, log: LiveLog
) -> None:
    asked = {"tool_name": tool, "tool_input": COMMAND, "hook_event_name": event}
    with box_of(home) as box:
        for _ in range(2):  # told first, then blocked
            log.append(EventKind.TOOL_CALL, tool="Bash", args=COMMAND, identity=call_identity("Bash", COMMAND))
        box.serve(log)
        process = hook(box, "before", event, said=asked)
        while process.poll() is None:
            box.serve(log)
        said = told(process)
    assert (said is not None) is refused
    if refused:
        assert "seen before" in json.dumps(said)
        assert "deny" in json.dumps(said)


def test_a_refusal_that_the_agents_stream_hides_is_written_down(home: Path, log: LiveLog) -> None:
    with box_of(home, note_refusals=True) as box:
        for _ in range(2):
            log.append(EventKind.TOOL_CALL, tool="shell", args=COMMAND, identity=call_identity("shell", COMMAND))
        box.serve(log)
        asked = {"tool_name": "Bash", "tool_input": COMMAND, "hook_event_name": "PreToolUse"}
        process = hook(box, "before", "PreToolUse", said=asked)
        while process.poll() is None:
            box.serve(log)
        assert told(process) is not None
    last = list(read_events(log.path))[-1]
    assert (last.kind, last.tool, last.outcome, last.step) == ("tool_result", "shell", Outcome.DENIED, "maker")


def test_no_link_pipe_or_folder_in_the_box_is_followed(home: Path, log: LiveLog, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("mine")
    with box_of(home) as box:
        for _ in range(2):
            log.append(EventKind.TOOL_CALL, tool="Bash", args=COMMAND)
        inside = box.script.parent / "box"
        (inside / "1.ask").symlink_to(outside)
        os.mkfifo(inside / "2.ask")
        (inside / "3.ask").mkdir()
        (inside / ".nudge.new").symlink_to(outside)
        (inside / "nudge").symlink_to(outside)
        (inside / "walls").symlink_to(outside)
        for _ in range(5):
            box.serve(log)
    assert outside.read_text() == "mine"


def test_a_box_that_the_agent_replaced_is_written_where_it_was(home: Path, log: LiveLog, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    with box_of(home) as box:
        inside = box.script.parent / "box"
        inside.rename(home / "moved")
        inside.symlink_to(outside)
        log.append(EventKind.TOOL_CALL, tool="Bash", args=COMMAND)
        box.serve(log)
    assert list(outside.iterdir()) == []


def test_files_are_written_and_read_below_the_home_only(home: Path, tmp_path: Path) -> None:
    write_file(home, ".codex/deep/config.toml", "a = 1\n")
    assert read_file(home, ".codex/deep/config.toml", at_most=100) == b"a = 1\n"
    assert read_file(home, ".codex/deep/config.toml", at_most=3) is None
    assert read_file(home, ".codex/none", at_most=3) is None
    (tmp_path / "secret").write_text("s")
    (home / "link").symlink_to(tmp_path / "secret")
    (home / "folder").symlink_to(tmp_path)
    assert read_file(home, "link", at_most=100) is None
    assert read_file(home, "folder/secret", at_most=100) is None
    for name in ("link", "folder/new", "../new"):
        with pytest.raises(InfraError):
            write_file(home, name, "x")
    assert (tmp_path / "secret").read_text() == "s"
    assert not (tmp_path / "new").exists()


def test_a_session_is_put_into_another_home(home: Path, tmp_path: Path) -> None:
    sessions = Sessions("codex", (".codex/sessions",), parent=tmp_path / "kept")
    write_file(home, ".codex/sessions/2026/a.jsonl", "talk")
    write_file(home, ".codex/auth.json", "not kept")
    sessions.keep("../../id", home)
    (tmp_path / "next").mkdir()
    assert sessions.restore("../../id", tmp_path / "next")
    assert [path.name for path in (tmp_path / "next").rglob("*") if path.is_file()] == ["a.jsonl"]
    assert not sessions.restore("another", tmp_path / "next")
    assert (tmp_path / "kept/codex").stat().st_mode & 0o777 in {0o700, 0o755}


def test_what_an_agent_linked_into_its_sessions_is_not_kept(home: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret/key").write_text("key")
    (home / "s").mkdir()
    (home / "s/link").symlink_to(tmp_path / "secret/key")
    (home / "s/folder").symlink_to(tmp_path / "secret")
    os.mkfifo(home / "s/pipe")
    (home / "t").symlink_to(tmp_path / "secret")
    Sessions("a", ("s", "t"), parent=tmp_path / "kept").keep("id", home)
    assert [path for path in (tmp_path / "kept").rglob("*") if not path.is_dir()] == []


def heard(chunks: list[bytes], log: LiveLog, reader: str | None = None) -> Heard:
    stream = CommandStream(log, role="maker", reader=reader_named(reader) if reader else None)
    for chunk in chunks:
        stream.feed(chunk)
    stream.finish()
    return stream.heard


def test_chunks_of_any_size_say_the_same(log: LiveLog) -> None:
    whole = (SAMPLES / "claude-code.jsonl").read_bytes()
    small = heard([whole[at : at + 7] for at in range(0, len(whole), 7)], log)
    known = heard([whole], log, "claude")
    assert (small.session, small.calls, small.ok) == (known.session, known.calls, True)
    assert small.calls >= 3
    assert not any(event.kind == EventKind.USAGE for event in read_events(log.path))  # the meter counts


def test_a_line_without_end_is_named_and_its_memory_is_bounded(log: LiveLog) -> None:
    stream = CommandStream(log, role="maker", reader=reader_named("codex"))
    for _ in range(40):
        stream.feed(b"x" * (MAX_LINE // 20))
    stream.feed(b'\n{"type":"thread.started","thread_id":"t-1"}\n')
    stream.finish()
    assert stream.heard.session == "t-1"
    assert [event.fault for event in read_events(log.path) if event.kind == "error"] == [Fault.MALFORMED]


def test_a_trajectory_that_grows_is_told_step_by_step(log: LiveLog) -> None:
    whole = json.loads((SAMPLES / "mini.traj.json").read_text())
    stream = CommandStream(log, role="maker", reader=reader_named("mini-swe-agent"), aside=True)
    counts = []
    for length in range(1, len(whole["messages"])):
        stream.document(json.dumps(whole | {"messages": whole["messages"][:length]}).encode(), last=False)
        counts.append(stream.heard.calls)
    stream.document(b"{torn", last=False)
    stream.document(json.dumps(whole).encode(), last=True)
    assert counts == sorted(counts)
    assert len(set(counts)) >= 3
    kinds = [event.kind for event in read_events(log.path)]
    assert (kinds.count("tool_call"), kinds.count("end"), kinds[-1]) == (stream.heard.calls, 1, "end")


@pytest.mark.parametrize("preset", ["claude", ""], ids=["between records", "as text"])
def test_a_flood_of_short_lines_takes_no_more_on_record_than_it_has(preset: str, log: LiveLog) -> None:
    stream = CommandStream(log, role="maker", reader=reader_named(preset) if preset else None)
    flood = b"x\n" * 200_000
    for at in range(0, len(flood), 65_536):
        stream.feed(flood[at : at + 65_536])
    stream.feed(b"the last of them\n")
    stream.finish()
    assert log.path.stat().st_size < 2 * len(flood)
    assert [event.text for event in read_events(log.path)][-1] == "the last of them"


@pytest.mark.parametrize(
    ("named", "kept"),
    [
        pytest.param("ses_01J/agent-1", "ses_01J/agent-1", id="a name"),
        pytest.param("--yolo", "", id="an option"),
        pytest.param("\ud800", "", id="half a character"),
        pytest.param("a\0b", "", id="a zero byte"),
        pytest.param("x" * 5_000_000, "", id="without end"),
        pytest.param("../../etc", "", id="a way up"),
    ],
)
def test_a_session_that_is_no_name_is_none(named: str, kept: str, log: LiveLog) -> None:
    stream = CommandStream(log, role="maker", reader=reader_named("claude"))
    record = {"type": "system", "subtype": "init", "session_id": named, "model": "m"}
    stream.feed(json.dumps(record).encode() + b"\n")
    assert stream.heard.session == kept


def ran(code: int | None = 0, ended: str = "exited") -> Ran:
    return Ran.model_validate({"exit_code": code, "ended": ended, "seconds": 3})


def witnesses(said: dict[str, Any], **values: Any) -> Witnesses:
    known = Heard()
    for name, value in said.items():
        setattr(known, name, value)
    known.messages.append("did it")
    return Witnesses(**({"agent": "it", "ran": ran(), "heard": known, "role": "maker", "answered": True} | values))


GOOD = {"ended": True, "ok": True}


@pytest.mark.parametrize(
    ("said", "values", "words"),
    [
        pytest.param(GOOD, {}, "", id="success"),
        pytest.param(GOOD, {"ran": ran(1)}, "", id="success with an exit code"),
        pytest.param(GOOD, {"proxy_fault": Fault.OTHER}, "", id="a side call failed"),
        pytest.param(GOOD, {"refused": "5 of 5 model calls are made"}, "", id="finished with its last call"),
        pytest.param(GOOD | {"error": "Loop detected"}, {}, "after an error that ended it: Loop", id="success of none"),
        pytest.param({}, {"refused": "5 of 5 model calls are made"}, "reached its cap: 5 of 5", id="cap"),
        pytest.param({}, {"stopped": "repeat: again"}, "repeat: again", id="watch"),
        pytest.param(GOOD, {"ran": ran(None, "memory")}, "more memory", id="memory"),
        pytest.param(GOOD, {"ran": ran(None, "disk")}, "wrote more", id="disk"),
        pytest.param({}, {}, "no last event", id="exit 0 in the middle"),
        pytest.param({}, {"has_end": False}, "", id="a format without an end"),
        pytest.param({"fault": Fault.CONTEXT}, {"ran": ran(1)}, "ended with an error (context)", id="context"),
        pytest.param({"ended": True, "reason": "turn.failed"}, {}, "error (exit code 0): did it", id="failed"),
        pytest.param({}, {"ran": ran(137), "stderr": "Killed\n"}, "exit code 137: Killed", id="killed"),
    ],
)
def test_a_verdict_hears_all_witnesses(said: dict[str, Any], values: dict[str, Any], words: str) -> None:
    broke_off = verdict(witnesses(said, **values)).broke_off
    assert words in broke_off
    assert bool(words) == bool(broke_off)


@pytest.mark.parametrize(
    ("said", "values", "error"),
    [
        pytest.param({"fault": Fault.RATE_LIMIT}, {"ran": ran(1)}, BusyError, id="rate limit in the stream"),
        pytest.param({}, {"proxy_fault": Fault.OVERLOAD, "ran": ran(1)}, BusyError, id="overload at the proxy"),
        pytest.param(GOOD, {"proxy_fault": Fault.AUTH, "answered": False}, ToolError, id="success after a 401"),
        pytest.param(GOOD, {"proxy_fault": Fault.AUTH}, ToolError, id="success after calls and then a 401"),
        pytest.param({}, {"proxy_fault": Fault.NETWORK, "ran": ran(1)}, InfraError, id="connection"),
        pytest.param(
            {}, {"stopped": "clock", "waits": True, "proxy_fault": Fault.RATE_LIMIT}, BusyError, id="waited and waited"
        ),
    ],
)
def test_a_provider_is_blamed_by_the_right_error(
    said: dict[str, Any], values: dict[str, Any], error: type[LinestopError]
) -> None:
    with pytest.raises(error):
        verdict(witnesses(said, **values))


CONFINED = {"only_way": True, "ran": ran(1)}


@pytest.mark.parametrize(
    ("fault", "values"),
    [
        pytest.param(Fault.RATE_LIMIT, {}, id="rate limit"),
        pytest.param(Fault.AUTH, {"met": frozenset({Fault.NETWORK})}, id="refused key where a connection broke"),
        pytest.param(Fault.NETWORK, {}, id="connection, though the provider answered"),
        pytest.param(Fault.OVERLOAD, {"answered": False}, id="overload, though it never asked"),
        pytest.param(Fault.OVERLOAD, {"ran": ran(0), "has_end": False}, id="with an exit code of 0"),
    ],
)
def test_a_fault_of_the_provider_that_the_only_way_to_it_never_saw_is_a_failed_attempt(
    fault: Fault, values: dict[str, Any]
) -> None:
    said = {"fault": fault, "fault_text": "429 try again in 1 h"}
    assert verdict(witnesses(said, **(CONFINED | values))).broke_off == "it ended with an error: 429 try again in 1 h"


@pytest.mark.parametrize(
    ("fault", "values", "error"),
    [
        pytest.param(Fault.RATE_LIMIT, {"met": frozenset({Fault.OVERLOAD})}, BusyError, id="a refusal before"),
        pytest.param(Fault.NETWORK, {"met": frozenset({Fault.NETWORK})}, InfraError, id="a broken connection before"),
        pytest.param(Fault.NETWORK, {"answered": False}, InfraError, id="it got through to nobody"),
    ],
)
def test_a_fault_of_the_provider_is_believed_where_the_proxy_saw_one(
    fault: Fault, values: dict[str, Any], error: type[LinestopError]
) -> None:
    with pytest.raises(error):
        verdict(witnesses({"fault": fault}, **(CONFINED | values)))


def test_an_agent_that_does_not_start_in_the_sandbox_stops_the_line() -> None:
    saw = Witnesses(agent="it", ran=ran(127), heard=Heard(), role="maker", stderr="it: not found")
    with pytest.raises(ToolError, match="does not start in the sandbox"):
        verdict(saw)
