"""Whatever stands in a log, its lines are read one by one, with bounded memory and time."""

import json
import time
import tracemalloc
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

from linestop.events import EventKind, EventLog, read_events
from linestop.events.faults import fault_of, retry_time
from linestop.events.lines import LineFeed, record_of
from linestop.events.outcomes import Ended, outcome_of
from linestop.events.reading import Stream, read_log
from linestop.events.redaction import Redactor
from linestop.events.shells import inner_command, shell_action

GOOD = b'{"a": 1}'
DEEP = b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"


@pytest.mark.parametrize(
    ("line", "read"),
    [
        pytest.param(GOOD + b"\r", True, id="a carriage return"),
        pytest.param(b"\xef\xbb\xbf" + GOOD, True, id="a byte order mark"),
        pytest.param(b"  " + GOOD + b"\t", True, id="blanks round it"),
        pytest.param(b'{"a": "\xff\xfe"}', True, id="no UTF-8"),
        pytest.param(b'{"a": "\\ud800"}', True, id="a lone surrogate"),
        pytest.param(b'{"a": NaN}', True, id="no number"),
        pytest.param(b'{"a": ' + b"9" * 4_000 + b"}", True, id="a long number"),
        pytest.param(b'{"a": ' + b"9" * 5_000 + b"}", False, id="a number that Python refuses"),
        pytest.param(DEEP, False, id="nested too deep"),
        pytest.param(b"[1]", False, id="an array"),
        pytest.param(b"null", False, id="nothing"),
        pytest.param(b"\x00\x01\x02", False, id="binary"),
        pytest.param(GOOD[:-1], False, id="torn"),
        pytest.param(GOOD + GOOD, False, id="two objects"),
    ],
)
def test_a_line_is_an_object_or_a_problem(line: bytes, *, read: bool) -> None:
    feed = LineFeed()
    lines = [*feed.push(GOOD + b"\n" + line + b"\n" + GOOD), *feed.finish()]
    assert [(one.number, one.record is not None) for one in lines] == [(1, True), (2, read), (3, True)]
    assert bool(lines[1].problem) is not read


def test_lines_are_the_same_whatever_the_chunks() -> None:
    data = b'{"a": 1}\n\n{"b": "\xc3\xa9"}\r\n{"torn'
    for size in range(1, len(data) + 1):
        feed = LineFeed()
        lines = [line for start in range(0, len(data), size) for line in feed.push(data[start : start + size])]
        lines += feed.finish()
        assert [(line.number, line.record) for line in lines] == [(1, {"a": 1}), (3, {"b": "é"}), (4, None)]


def test_a_huge_line_is_skipped_by_its_number_and_never_held() -> None:
    def chunks() -> Iterator[bytes]:
        yield b'{"a": 1}\n{"x": "'
        for _ in range(400):
            yield b"y" * 100_000
        yield b'"}\n{"a": 2}\n'

    tracemalloc.start()
    feed = LineFeed(max_line=1_000_000)
    lines = [line for chunk in chunks() for line in feed.push(chunk)]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [(line.number, line.record) for line in lines] == [(1, {"a": 1}), (2, None), (3, {"a": 2})]
    assert "1,000,000" in lines[1].problem
    assert peak < 4_000_000


def test_a_log_of_noise_is_read_to_its_end() -> None:
    stream = Stream()
    assert list(read_log(BytesIO(b"\xff\x00garbage\n" * 1_000), stream)) == []
    assert (stream.bad, len(stream.problems), stream.problems[0].line) == (1_000, 20, 1)


def test_our_own_reader_skips_what_it_can_not_read(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with EventLog(path) as log:
        log.append(EventKind.MESSAGE, text="one")
    with path.open("ab") as file:
        file.write(b'{"v": 9, "kind": "dream", "new": 1}\n\xff\n' + DEEP + b'\n{"kind": 7}\n{"kind": "message", "te')
    assert [(event.kind, event.text) for event in read_events(path)] == [("message", "one"), ("dream", "")]


def test_record_of_takes_text_and_bytes() -> None:
    assert record_of('{"a": 1}') == record_of(b'{"a": 1}') == {"a": 1}


@pytest.mark.parametrize(
    "evil",
    [
        pytest.param("-eyJ" * 5_000, id="beginnings of web tokens"),
        pytest.param("://a:" * 4_000, id="beginnings of URLs"),
        pytest.param("sk-" + "a" * 31 + "-" * 16_000, id="nearly a key"),
        pytest.param("-----BEGIN A " * 1_500, id="beginnings of keys"),
        pytest.param("Bearer " * 3_000, id="bearers"),
        pytest.param("try again in " + "1 m " * 4_000, id="spans"),
        pytest.param("requested permission to " * 800, id="nearly a refusal"),
        pytest.param("command " * 2_500, id="nearly a time-out"),
        pytest.param("bash -lc " + "-a " * 5_000, id="flags of a shell"),
        pytest.param("echo '" + '"' * 1_900, id="quotes"),
        pytest.param("a=b " * 450 + ">" * 100, id="redirections"),
    ],
)
def test_no_text_of_an_agent_costs_more_than_a_blink(evil: str) -> None:
    begun = time.thread_time()
    Redactor().text(evil)
    outcome_of(Ended(evil))
    outcome_of(Ended(evil, failed=True))
    outcome_of(Ended(evil, state="success", unmarked_shell=True))
    fault_of(evil)
    retry_time(evil)
    shell_action(inner_command(evil))
    assert time.thread_time() - begun < 1.0


def test_an_event_is_one_line_whatever_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with EventLog(path) as log:
        log.append(EventKind.TOOL_CALL, tool="x\n\u2028\x00", args={"a": ["\n"] * 50_000, "\ud800": "\udfff"})
        log.append(EventKind.MESSAGE, text="\ud83d \x85" * 100_000)
    lines = path.read_bytes().split(b"\n")
    assert [json.loads(line)["kind"] for line in lines[:-1]] == ["tool_call", "message"]
    assert max(map(len, lines)) < 200_000
