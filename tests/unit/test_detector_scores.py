"""How good the detectors are on the labelled traces: a floor that may only rise; and how that is counted."""

import json
from pathlib import Path
from typing import Any

import pytest

from linestop.deployments.cli.lab_bench import TRACES, bench
from linestop.errors import UsageError
from linestop.watch.ladder import DETECTORS
from linestop.watch.scoring import Scores, read_labels, score, wilson

# precision, recall: what was reached; the traces say on what it fails (tests/traces/README.md)
FLOOR = dict.fromkeys(DETECTORS, (1.0, 1.0)) | {
    "repeat": (0.97, 0.84),  # a queue that is no declared poller; new spellings, seconds in the result
    "failures": (1.0, 0.95),  # Gemini CLI calls a failed command a success
    "failing-call": (0.86, 0.92),  # a defect that withstands; Gemini CLI again
    "reasoning-loop": (1.0, 0.5),  # a thought reworded
    "runaway-search": (0.85, 1.0),  # a file of thirty pages
    "silence": (0.75, 1.0),  # a compiler that takes eight minutes
}


@pytest.fixture(scope="module")
def scores() -> Scores:
    return score(TRACES)


@pytest.mark.parametrize("detector", DETECTORS)
def test_no_detector_falls_below_what_was_reached(scores: Scores, detector: str) -> None:
    found = next(one for one in scores.detectors if one.detector == detector)
    assert found.hits >= 3
    assert found.precision is not None
    assert found.recall is not None
    assert found.precision >= FLOOR[detector][0]
    assert found.recall >= FLOOR[detector][1]


def test_there_are_enough_kinds_and_no_detector_breaks_on_any(scores: Scores) -> None:
    assert scores.stuck_kinds >= 24
    assert scores.honest_kinds >= 24
    assert scores.traces >= 200
    assert [one.label.file for one in scores.wrong if one.broken] == []


def test_traces_that_nobody_tuned_on_are_judged_as_well() -> None:
    blind = score(TRACES.with_name("traces_blind"))
    sums = [sum(getattr(one, name) for one in blind.detectors) for name in ("hits", "misses", "false_alarms")]
    assert (blind.stuck_kinds, blind.honest_kinds, sums) == (27, 26, [21, 4, 0])


def test_every_trace_is_labelled_and_real_agents_are_among_them() -> None:
    labels = read_labels(TRACES)
    files = {str(path.relative_to(TRACES)) for path in TRACES.rglob("*.jsonl")}
    assert {label.file for label in labels} == files
    assert {"claude", "codex", "opencode", "gemini", "scripted engine"} == {label.source for label in labels}


def folder(tmp_path: Path, *rows: dict[str, Any]) -> Path:
    call = {"kind": "tool_call", "tool": "Bash", "args": {"command": "ls"}, "call": "1"}
    result = {"kind": "tool_result", "text": "a.py", "outcome": "ok", "call": "1"}
    lines = [{"v": 1, "at": f"2026-11-21T06:00:{n:02}Z", **one} for n in range(3) for one in (call, result)]
    (tmp_path / "loop.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (tmp_path / "labels.json").write_text(json.dumps(list(rows)))
    return tmp_path


def row(**changes: Any) -> dict[str, Any]:
    return {"file": "loop.jsonl", "kind": "loop", "nature": "stuck", "source": "me", **changes}


@pytest.mark.parametrize(
    ("label", "hits", "misses", "false", "quiet"),
    [
        pytest.param({"fires": ["repeat"]}, 1, 0, 0, 0, id="hit"),
        pytest.param({}, 0, 0, 1, 0, id="false-alarm"),
        pytest.param({"either": ["repeat"]}, 0, 0, 0, 0, id="either-is-not-counted"),
        pytest.param({"pollers": ["ls"], "fires": ["repeat"]}, 0, 1, 0, 0, id="miss"),
        pytest.param({"pollers": ["ls"]}, 0, 0, 0, 1, id="quiet"),
    ],
)
def test_what_is_counted(
    tmp_path: Path, *, label: dict[str, Any], hits: int, misses: int, false: int, quiet: int
) -> None:
    (found,) = (one for one in score(folder(tmp_path, row(**label))).detectors if one.detector == "repeat")
    assert (found.hits, found.misses, found.false_alarms, found.quiet) == (hits, misses, false, quiet)


@pytest.mark.parametrize(
    "label",
    [{"fires": ["repeats"]}, {"file": "no.jsonl"}, {"file": "../loop.jsonl"}, {"nature": "odd"}, {"more": 1}],
    ids=["detector", "file", "outside", "nature", "field"],
)
def test_a_label_that_is_off_is_refused(tmp_path: Path, label: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        score(folder(tmp_path, row(**label)))


def test_a_file_that_is_no_log_is_not_taken_for_a_quiet_one(tmp_path: Path) -> None:
    (folder(tmp_path, row()) / "loop.jsonl").write_text("no log\n")
    with pytest.raises(UsageError, match="no agent's log"):
        score(tmp_path)


def test_the_command_prints_json_and_says_where_detectors_erred(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    traces = folder(tmp_path, row())
    assert bench(traces=traces, json_=True) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["wrong"][0]["fired"] == ["repeat"]
    assert bench(traces=traces) == 0
    printed = capsys.readouterr()
    assert "repeat" in printed.out
    assert "loop.jsonl: false alarm repeat" in printed.err
    with pytest.raises(UsageError):
        bench(traces=tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("part", "whole", "interval"),
    [(0, 0, None), (10, 10, (0.7225, 1.0)), (0, 10, (0.0, 0.2775)), (5, 10, (0.2366, 0.7634))],
)
def test_an_interval_is_wilsons(part: int, whole: int, interval: tuple[float, float] | None) -> None:
    assert wilson(part, whole) == interval
