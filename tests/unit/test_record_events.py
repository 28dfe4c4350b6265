"""What a record says of itself: calls and results can be recognised again, a rerun knows where and with what."""

import asyncio
import hashlib
import json
import shutil
from pathlib import Path

import pytest

from linestop import __version__
from linestop.blocks.cancellation import CommandCancelledError
from linestop.errors import ToolError
from linestop.events import MAX_TEXT, EventKind, EventLog, Outcome, call_identity, read_events
from linestop.paths import Layout
from linestop.records import Result, RunRecord
from linestop.runs.transcript import Transcript


@pytest.mark.parametrize(
    ("args", "canonical"),
    [
        pytest.param({"b": 1, "a": "é"}, '{"a":"é","b":1}', id="sorted keys, no escapes"),
        pytest.param({"x": [1.0, 0.5, None, True]}, '{"x":[1,0.5,null,true]}', id="whole floats are integers"),
        pytest.param({"\ue000": 1, "\U0001f600": 2}, '{"\U0001f600":2,"\ue000":1}', id="keys in the order of UTF-16"),
        pytest.param({}, "{}", id="nothing"),
    ],
)
def test_a_call_is_known_by_its_tool_and_canonical_arguments(args: dict[str, object], canonical: str) -> None:
    assert call_identity("edit", args) == hashlib.sha256(f"edit\n{canonical}".encode()).hexdigest()


def test_a_step_leaves_a_call_and_a_result_that_can_be_recognised(tmp_path: Path) -> None:
    long = "x" * (MAX_TEXT + 1)
    record = RunRecord(Layout(tmp_path), "audit")
    with record.step("scan", source="ruff") as said:
        said["text"] = long
    record.finish("done")
    call, result = [one for one in read_events(record.folder / "events.jsonl") if one.tool]
    assert call.identity == call_identity("scan", {"source": "ruff"})
    assert (len(result.text), result.result_hash) == (MAX_TEXT, hashlib.sha256(long.encode()).hexdigest())


def test_a_result_says_what_its_call_was_and_how_it_ended(tmp_path: Path) -> None:
    with EventLog(tmp_path / "events.jsonl") as log:
        call = log.append(EventKind.TOOL_CALL, tool="Read", args={"file_path": "a.py"}, call="1")
        log.append(EventKind.TOOL_CALL, tool="Bash", args={"command": "make"}, call="2")
        result = log.append(
            EventKind.TOOL_RESULT, call="1", text="<tool_use_error>File does not exist.</tool_use_error>"
        )
    assert (result.tool, result.identity, result.path) == ("Read", call.identity, "a.py")
    assert (result.outcome, result.seconds is not None) == (Outcome.ERROR, True)


def test_other_events_carry_neither(tmp_path: Path) -> None:
    record = RunRecord(Layout(tmp_path), "audit")
    record.events.append(EventKind.MESSAGE, text="hello")
    record.finish("done")
    assert all(not {"identity", "result_hash"} & set(json.loads(line)) for line in _lines(record))


def test_the_inputs_name_repository_and_version(tmp_path: Path) -> None:
    record = RunRecord(Layout(tmp_path), "audit")
    record.finish("done")
    inputs = json.loads((record.folder / "inputs.json").read_text())
    assert (inputs["repository"], inputs["linestop"]) == (str(tmp_path), __version__)


def _lines(record: RunRecord) -> list[str]:
    return (record.folder / "events.jsonl").read_text().splitlines()


def test_a_record_that_ended_is_not_ended_again_by_a_later_error(tmp_path: Path) -> None:
    record = RunRecord(Layout(tmp_path), "execution")
    ended = record.finish("done", summary="all is well")
    record.break_off("broken-off", KeyError("page"))
    assert Result.model_validate_json((record.folder / "result.json").read_text()) == ended


def test_an_error_that_ends_a_run_is_on_record_by_its_name(tmp_path: Path) -> None:
    record = RunRecord(Layout(tmp_path), "execution")
    record.break_off("broken-off", KeyError("page"), ticket="t")
    result = Result.model_validate_json((record.folder / "result.json").read_text())
    assert (result.outcome, result.summary, result.values) == ("broken-off", "KeyError: 'page'", {"ticket": "t"})


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), asyncio.CancelledError(), CommandCancelledError("sh was killed")]
)
def test_a_run_that_was_interrupted_did_not_fail(error: BaseException, tmp_path: Path) -> None:
    record = RunRecord(Layout(tmp_path), "dispatch")
    record.break_off("failed", error)
    result = Result.model_validate_json((record.folder / "result.json").read_text())
    assert (result.outcome, result.summary.partition(" by ")[0]) == ("broken-off", "interrupted")


def test_the_parts_of_an_error_stay_apart_on_record(tmp_path: Path) -> None:
    record = RunRecord(Layout(tmp_path), "dispatch")
    record.break_off("failed", ToolError("codex is not installed", found="no codex on PATH", todo="install it"))
    result = Result.model_validate_json((record.folder / "result.json").read_text())
    assert result.summary == "codex is not installed: no codex on PATH; do: install it"


def test_a_record_that_can_not_be_closed_hides_no_error(tmp_path: Path) -> None:
    record = RunRecord(Layout(tmp_path), "execution")
    record.events.close()
    shutil.rmtree(record.folder)
    record.break_off("broken-off", KeyError("page"))
    assert not record.folder.exists()


def test_what_an_agent_only_warns_of_is_no_error_to_a_reader(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with EventLog(path) as log:
        log.append(EventKind.ERROR, text="hooks are trusted", warning=True)
        log.append(EventKind.ERROR, text="it broke")
    said = [Transcript().entry(event) for event in read_events(path)]
    assert [(one.verb, one.bad) for one in said] == [("warns", False), ("error", True)]


@pytest.mark.parametrize(
    ("fields", "read"),
    [
        pytest.param({"outcome": "partial", "action": "browse", "usage": {"input": -1}}, True, id="values-of-tomorrow"),
        pytest.param({"kind": "hologram", "light": [1]}, True, id="a-kind-of-tomorrow"),
        pytest.param({"at": "some day"}, False, id="no-moment"),
        pytest.param({"kind": None}, False, id="no-kind"),
    ],
)
def test_an_event_of_a_later_version_loses_only_what_this_one_does_not_know(
    fields: dict[str, object], *, read: bool, tmp_path: Path
) -> None:
    line = {"v": 2, "at": "2027-01-01T00:00:00Z", "kind": "tool_result", "text": "done", **fields}
    (tmp_path / "e.jsonl").write_text(json.dumps(line) + "\n")
    assert [(one.text, one.outcome) for one in read_events(tmp_path / "e.jsonl")] == [("done", None)] * read
