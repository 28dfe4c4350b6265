"""Streams and sessions of real agents are read as events: what they did, how it ended, what it used."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from linestop.errors import UsageError
from linestop.events import Action, EventKind, EventLog, Fault, Outcome, read_events
from linestop.events.formats import FORMATS, Said, format_of, reader_named, recognise
from linestop.events.lines import record_of
from linestop.events.reading import Stream, read_log

SAMPLES = Path(__file__).parents[1] / "samples"
ALL = sorted(path.name for path in SAMPLES.iterdir())


def events(name: str) -> list[Said]:
    return read(SAMPLES.joinpath(name).read_bytes())[0]


def read(data: bytes) -> tuple[list[Said], Stream]:
    stream = Stream()
    return [place.said for place in read_log(BytesIO(data), stream)], stream


def of(said: list[Said], kind: EventKind) -> list[Said]:
    return [one for one in said if one["kind"] is kind]


def outcomes(said: list[Said]) -> dict[str, int]:
    return dict(Counter(one["outcome"].value for one in of(said, EventKind.TOOL_RESULT)))


@pytest.mark.parametrize(
    ("name", "format_", "actions", "expected", "tokens", "end"),
    [
        pytest.param("claude-code.jsonl", "claude", "read edit run", {"ok": 3}, (5600, 320), "success"),
        pytest.param("claude-deny.jsonl", "claude", "read edit run", {"ok": 1, "denied": 2}, (5600, 320), "success"),
        pytest.param(
            "claude-late.jsonl",
            "claude",
            "run read read edit",
            {"ok": 1, "error": 2, "timeout": 1},
            (4000, 320),
            "success",
        ),
        pytest.param(
            "claude-session.jsonl", "claude", "read search edit run run run", {"ok": 3, "denied": 3}, (7000, 560), None
        ),
        pytest.param("qwen.jsonl", "qwen", "read edit run", {"ok": 3}, (4800, 320), "success"),
        pytest.param("codex.jsonl", "codex", "edit run", {"ok": 2}, (3600, 240), "turn.completed"),
        pytest.param("codex-failcmd.jsonl", "codex", "run run", {"error": 1, "ok": 1}, (3600, 240), "turn.completed"),
        pytest.param(
            "codex-session.jsonl",
            "codex-session",
            "read search edit run run run",
            {"error": 6},
            (7000, 560),
            "task_complete",
        ),
        pytest.param("opencode.jsonl", "opencode", "edit run", {"ok": 2}, (3600, 240), "stop"),
        pytest.param(
            "opencode-deny.jsonl", "opencode", "read search edit", {"ok": 1, "error": 1, "denied": 1}, (3000, 240), None
        ),
        pytest.param("gemini.jsonl", "gemini", "read edit run", {"ok": 3}, (4800, 320), "success"),
        pytest.param("gemini-late.jsonl", "gemini", "run read edit", {"ok": 1, "error": 2}, (4000, 320), "success"),
        pytest.param(
            "gemini-turns.jsonl", "gemini", "run run run run", {"ok": 4}, (4800, 320), "FatalTurnLimitedError"
        ),
        pytest.param("cline.jsonl", "cline", "edit run", {"ok": 2}, (3600, 240), "completed"),
        pytest.param("pi.jsonl", "pi", "edit run", {"ok": 2}, (3600, 240), "stop"),
        pytest.param("openhands.jsonl", "openhands", "edit run other", {"ok": 3}, (0, 0), "finish"),
        pytest.param("mini.traj.json", "mini-swe-agent", "edit run run", {"ok": 2}, (3600, 240), "Submitted"),
        pytest.param(
            "swe-agent.traj",
            "swe-agent",
            "search read edit run other",
            {"ok": 4, "timeout": 1},
            (12350, 891),
            "submitted",
        ),
    ],
)
def test_a_log_says_what_was_done_how_it_ended_and_what_it_used(
    name: str, format_: str, actions: str, *, expected: dict[str, int], tokens: tuple[int, int], end: str | None
) -> None:
    said, stream = read(SAMPLES.joinpath(name).read_bytes())
    assert (stream.reader.name if stream.reader else "", stream.problems) == (format_, [])
    assert [str(one["action"]) for one in of(said, EventKind.TOOL_CALL)] == actions.split()
    assert outcomes(said) == expected
    usages = [one["usage"] for one in of(said, EventKind.USAGE)]
    counted = [one for one in usages if one.total][-1:] or usages
    assert (sum(one.input for one in counted), sum(one.output for one in counted)) == tokens
    assert [one["reason"] for one in of(said, EventKind.END)] == ([] if end is None else [end])


@pytest.mark.parametrize("name", ALL)
def test_every_session_begins_once_and_every_result_knows_its_call(name: str) -> None:
    said = events(name)
    assert len(of(said, EventKind.START)) == 1
    calls = {one["identity"]: one for one in of(said, EventKind.TOOL_CALL)}
    for result in of(said, EventKind.TOOL_RESULT):
        call = calls[result["identity"]]
        assert (result["tool"], result["action"], result["call"]) == (call["tool"], call["action"], call["call"])
        assert len(call["input_hash"]) == 64


@pytest.mark.parametrize("name", ALL)
def test_what_a_reader_yields_can_be_written_and_read_again(name: str, tmp_path: Path) -> None:
    said = events(name)
    with EventLog(tmp_path / "events.jsonl") as log:
        for one in said:
            log.append(**one)
    written = list(read_events(tmp_path / "events.jsonl"))
    assert [(one.kind, one.outcome, one.identity) for one in written] == [
        (one["kind"], one.get("outcome"), one.get("identity")) for one in said
    ]
    again, stream = read((tmp_path / "events.jsonl").read_bytes())
    assert (stream.reader.name if stream.reader else "", len(again)) == ("linestop", len(said))
    assert outcomes(again) == outcomes(said)


@pytest.mark.parametrize("name", ALL)
def test_only_one_format_claims_a_record(name: str) -> None:
    if name.endswith(".jsonl"):
        for line in SAMPLES.joinpath(name).read_bytes().splitlines():
            record = record_of(line)
            assert record is not None
            claims = {one.name for one in FORMATS if one.knows(record)} - {"qwen"}
            assert len(claims) <= 1


@pytest.mark.parametrize(
    ("name", "fault", "ends"),
    [
        pytest.param("claude-429.jsonl", Fault.RATE_LIMIT, False, id="claude 429"),
        pytest.param("claude-500.jsonl", Fault.OVERLOAD, False, id="claude 500"),
        pytest.param("claude-loop-usd.jsonl", Fault.BUDGET, True, id="claude's money cap"),
        pytest.param("codex-429.jsonl", Fault.RATE_LIMIT, True, id="codex 429"),
        pytest.param("opencode-429.jsonl", Fault.RATE_LIMIT, False, id="opencode 429"),
        pytest.param("gemini-turns.jsonl", Fault.BUDGET, True, id="gemini's turn cap"),
    ],
)
def test_a_providers_fault_is_known_by_its_kind(name: str, fault: Fault, *, ends: bool) -> None:
    said = events(name)
    assert {one["fault"] for one in said if one.get("fault")} == {fault}
    assert [one["outcome"] for one in of(said, EventKind.END)] == ([Outcome.ERROR] if ends else [])


def test_the_time_to_come_back_is_taken_from_the_header() -> None:
    (error,) = of(events("opencode-429.jsonl"), EventKind.ERROR)
    assert error["retry_at"] == datetime(2026, 11, 20, 23, 34, 35, 245000, tzinfo=UTC)


def test_a_success_that_is_an_error_is_an_error() -> None:
    record = {"type": "result", "subtype": "success", "is_error": True, "result": "API Error: 401", "session_id": "s"}
    (end,) = of(list(reader_named("claude").feed(record)), EventKind.END)
    assert (end["outcome"], end["fault"]) == (Outcome.ERROR, Fault.AUTH)


def test_a_warning_of_codex_is_no_fault() -> None:
    (warning,) = of(events("codex.jsonl"), EventKind.ERROR)
    assert ("metadata" in warning["text"], warning.get("fault")) == (True, None)


def test_claudes_usage_is_counted_once_a_message() -> None:
    said = events("claude-session.jsonl")
    usages = [one["usage"] for one in of(said, EventKind.USAGE)]
    assert (len(usages), {one.input for one in usages}) == (7, {1000})


def test_a_command_is_shown_without_the_shell_round_it() -> None:
    calls = of(events("codex.jsonl"), EventKind.TOOL_CALL)
    assert calls[0]["args"]["command"] == "sed -i 's/return a - b/return a + b/' calc.py"
    assert (calls[0]["action"], calls[0]["path"]) == (Action.EDIT, "calc.py")


def test_a_subagent_is_a_session_of_its_own() -> None:
    def record(parent: str | None, number: int) -> dict[str, Any]:
        block = {"type": "tool_use", "id": f"t{number}", "name": "Bash", "input": {"command": "make"}}
        message = {"id": f"m{number}", "content": [block], "usage": {"input_tokens": 5}}
        return {"type": "assistant", "message": message, "session_id": "s", "parent_tool_use_id": parent}

    reader = reader_named("claude")
    said = [one for record in (record(None, 1), record("t1", 2), record(None, 3)) for one in reader.feed(record)]
    assert [one["session"] for one in of(said, EventKind.TOOL_CALL)] == ["s", "s/t1", "s"]


def test_two_agents_logs_in_one_file_are_both_read() -> None:
    both = SAMPLES.joinpath("codex.jsonl").read_bytes() + SAMPLES.joinpath("gemini.jsonl").read_bytes()
    said, _ = read(both)
    assert [one["agent"] for one in of(said, EventKind.START)] == ["codex", "gemini"]


def test_an_array_of_openhands_events_is_read() -> None:
    lines = SAMPLES.joinpath("openhands.jsonl").read_bytes().splitlines()
    array = b"[\n  " + b",\n  ".join(lines) + b"\n]\n"
    assert outcomes(read(array)[0]) == {"ok": 3}


def test_an_older_openhands_log_is_read() -> None:
    records = [
        {"id": 0, "source": "user", "timestamp": "2026-01-01T00:00:00", "action": "message", "args": {"content": "x"}},
        {"id": 1, "source": "agent", "timestamp": "2026-01-01T00:00:01", "action": "run", "args": {"command": "ls"}},
        {
            "id": 2,
            "source": "environment",
            "timestamp": "2026-01-01T00:00:02",
            "observation": "run",
            "content": "no such file",
            "cause": 1,
            "extras": {"metadata": {"exit_code": 2}},
        },
    ]
    reader = reader_named("openhands")
    said = [one for record in records for one in reader.feed(record)]
    assert (said[0]["args"], said[1]["outcome"], said[1]["seconds"]) == ({"command": "ls"}, Outcome.ERROR, 1.0)


def test_an_unknown_name_is_refused_with_those_there_are() -> None:
    with pytest.raises(UsageError) as refused:
        reader_named("emacs")
    assert "codex-session" in refused.value.found


def test_what_is_no_log_is_not_recognised() -> None:
    assert recognise([b"# readme", b'{"name": "x"}', b"[1, 2]", b'"text"']) is None
    assert format_of({"type": "message", "text": "hello"}) is None


def test_a_log_is_recognised_after_lines_that_are_none() -> None:
    lines = [b"npm warn deprecated\n", b"\n", *SAMPLES.joinpath("codex.jsonl").read_bytes().splitlines()]
    found = recognise(lines)
    assert found is not None
    assert found.name == "codex"


def cuts(name: str) -> Iterator[int]:
    size = SAMPLES.joinpath(name).stat().st_size
    step = 1 if size < 1_100 else size // 30
    return iter(range(0, size, step))


@pytest.mark.parametrize("name", [name for name in ALL if name.endswith(".jsonl")])
def test_a_log_torn_at_any_byte_loses_only_its_torn_line(name: str) -> None:
    data = SAMPLES.joinpath(name).read_bytes()
    for cut in cuts(name):
        whole = data[: data.rfind(b"\n", 0, cut) + 1]
        said, stream = read(data[:cut])
        kept, _ = read(whole)
        torn = data[len(whole) : cut].strip()
        if record_of(torn) is None:
            assert [{**one, "retry_at": 0} for one in said] == [{**one, "retry_at": 0} for one in kept], cut
            assert [problem.line for problem in stream.problems] == ([whole.count(b"\n") + 1] if torn else [])


@pytest.mark.parametrize("name", ["mini.traj.json", "swe-agent.traj"])
def test_a_document_torn_at_any_place_keeps_its_whole_steps(name: str) -> None:
    data = SAMPLES.joinpath(name).read_bytes()
    full, begun = read(data)[0], False
    for cut in cuts(name):
        said, stream = read(data[:cut])
        calls = [one["identity"] for one in of(said, EventKind.TOOL_CALL)]
        assert calls == [one["identity"] for one in of(full, EventKind.TOOL_CALL)][: len(calls)]
        assert stream.bad or not data[:cut].strip() or data[:cut].strip() == data.strip()
        begun = begun or bool(calls)
    assert begun


@pytest.mark.parametrize("name", [name for name in ALL if name.endswith(".jsonl")])
def test_a_line_of_garbage_costs_nothing_but_itself(name: str) -> None:
    lines = SAMPLES.joinpath(name).read_bytes().splitlines(keepends=True)
    garbage = [
        b"\x00\xff\xfe{\n",
        b'{"type": ["assistant"], "session_id": 3}\n',
        b'{"type":"item.completed","item":7}\n',
    ]
    mixed = b"".join(line + garbage[index % 3] for index, line in enumerate(lines))
    said, _ = read(mixed)
    assert outcomes(said) == outcomes(events(name))


HOSTILE: list[Any] = [None, 0, -1, 1e400, "x", "\ud800", [], [[]], {}, {"a": {}}, True]


@pytest.mark.parametrize("name", [name for name in ALL if name.endswith(".jsonl")])
def test_a_field_of_any_other_kind_raises_nothing(name: str) -> None:
    for line in SAMPLES.joinpath(name).read_bytes().splitlines()[:12]:
        record = record_of(line)
        assert record is not None
        found = format_of(record)
        for path in _paths(record):
            for value in HOSTILE[len(path) % 2 :: 2]:
                if found:
                    reader = found()
                    list(reader.feed(_with(record, path, value)))
                    list(reader.finish())


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    if len(path) < 5 and isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from _paths(value[key], (*path, key))


def _with(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = _with(value[path[0]], path[1:], new)
    return copy


def test_a_step_of_opencode_that_others_follow_was_no_end() -> None:
    step = {"type": "step_finish", "sessionID": "s", "part": {"reason": "stop", "tokens": {"input": 1}}}
    error = {"type": "error", "sessionID": "s", "error": {"name": "ContextOverflowError", "data": {"message": "full"}}}
    reader = reader_named("opencode")
    said = [one for record in (step, error) for one in reader.feed(record)] + list(reader.finish())
    assert of(said, EventKind.END) == []
    said = [*reader.feed(step), *reader.finish()]
    assert len(of(said, EventKind.END)) == 1


def test_an_end_says_when_to_come_back() -> None:
    record = {
        "type": "result",
        "timestamp": "2026-11-21T12:00:00Z",
        "status": "error",
        "error": {"type": "unknown", "message": "[API Error: Quota exceeded. Please retry in 900s.]"},
    }
    (end,) = reader_named("gemini").feed(record)
    assert (end["fault"], end["retry_at"]) == (Fault.RATE_LIMIT, datetime(2026, 11, 21, 12, 15, tzinfo=UTC))


def test_a_plans_limit_that_is_reached_is_a_fault_and_a_near_one_is_none() -> None:
    def record(status: str) -> dict[str, Any]:
        info = {"status": status, "resetsAt": 1795269600, "rateLimitType": "five_hour"}
        return {"type": "rate_limit_event", "rate_limit_info": info, "session_id": "s"}

    (error,) = reader_named("claude").feed(record("rejected"))
    assert (error["fault"], error["retry_at"]) == (Fault.RATE_LIMIT, datetime.fromtimestamp(1795269600, UTC))
    assert list(reader_named("claude").feed(record("allowed_warning"))) == []


@pytest.mark.parametrize(
    ("text", "error", "fault"),
    [
        pytest.param(
            "API Error: Connection to the API was lost (ECONNRESET).", "server_error", Fault.NETWORK, id="lost"
        ),
        pytest.param("Invalid API key · Fix external API key", "authentication_failed", Fault.AUTH, id="key"),
        pytest.param("API Error: Failed to parse JSON", "unknown", Fault.MALFORMED, id="no JSON"),
        pytest.param("Prompt is too long", "invalid_request", Fault.CONTEXT, id="context"),
        pytest.param("Something odd", "rate_limit", Fault.RATE_LIMIT, id="only its own word"),
    ],
)
def test_claudes_own_error_messages_are_faults(text: str, error: str, fault: Fault) -> None:
    message = {"model": "<synthetic>", "content": [{"type": "text", "text": text}]}
    record = {"type": "assistant", "message": message, "error": error, "session_id": "s"}
    (said,) = of(list(reader_named("claude").feed(record)), EventKind.ERROR)
    assert said["fault"] is fault
