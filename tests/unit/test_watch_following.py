"""`linestop watch --follow` over logs that move, appear, and tell no times."""

import io
import json
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TextIO, cast

import pytest

from linestop.deployments.cli.watch_following import follow
from linestop.deployments.cli.watch_growing import Followed
from linestop.deployments.cli.watch_reading import detectors, survey
from linestop.errors import UsageError
from linestop.watch.survey import LogSurvey
from linestop.watch.survey_logs import is_log, live_logs

BEGIN = b'{"type":"thread.started","thread_id":"t-1"}\n'
WATCH = detectors((), ())


def call(number: int, *, command: str = "npm test", newline: bool = True) -> bytes:
    item = {"id": f"i{number}", "type": "command_execution", "command": command}
    ended = {"aggregated_output": "1 failing: the cart adds twice", "exit_code": 1, "status": "failed"}
    lines = ({"type": "item.started", "item": item}, {"type": "item.completed", "item": item | ended})
    return b"\n".join(json.dumps(line).encode() for line in lines) + b"\n" * newline


def fired(log: Followed) -> list[str]:
    return [firing.detector for _, firing in log.look()]


@pytest.fixture
def log(path: Path) -> Iterator[Followed]:
    log = Followed(path, WATCH)
    yield log
    log.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "log.jsonl"
    path.write_bytes(BEGIN + call(1) + call(2))
    return path


def test_what_was_written_right_before_a_move_and_without_a_newline_is_not_lost(log: Followed, path: Path) -> None:
    assert fired(log) == []
    with path.open("ab") as file:
        file.write(call(3, newline=False))
    path.rename(path.with_suffix(".1"))
    path.write_bytes(BEGIN)
    assert "repeat" in fired(log)


def test_a_folder_or_a_pipe_in_a_logs_place_is_waited_out(log: Followed, path: Path) -> None:
    fired(log)
    path.unlink()
    path.mkdir()
    assert fired(log) == []
    path.rmdir()
    os.mkfifo(path)
    assert fired(log) == []
    path.unlink()
    path.write_bytes(BEGIN + b"".join(map(call, range(3))))
    assert "repeat" in fired(log)


def test_what_a_folders_log_held_before_is_read_but_not_told(path: Path) -> None:
    with path.open("ab") as file:
        file.write(call(3))
    log = Followed(path, WATCH, quiet_until=path.stat().st_size)
    assert fired(log) == []
    with path.open("ab") as file:
        file.write(call(4))
    assert "repeat" in fired(log)  # the fourth in a row, of which three were there before
    log.close()


def test_only_logs_that_are_being_written_are_live(path: Path) -> None:
    old = path.with_name("old.jsonl")
    old.write_bytes(BEGIN)
    os.utime(old, (1, 1))
    path.with_name("note.jsonl").write_text("no log")
    assert list(live_logs([path.parent], since=2)) == [path]


class Telling(io.StringIO):
    """An output that lets the story go on at the first firing, and interrupts, as a person would, at the second."""

    def __init__(self, story: Iterator[None]) -> None:
        super().__init__()
        self._story = story

    def write(self, text: str) -> int:
        super().write(text)
        if "repeat" in text and next(self._story, "over") == "over":
            raise KeyboardInterrupt
        return len(text)


def test_a_folder_is_followed_with_logs_that_appear_in_it(path: Path) -> None:
    def agent() -> None:
        with path.open("ab") as file:
            file.write(call(1) + call(2) + call(3))

    def story() -> Iterator[None]:
        path.with_name("later.jsonl").write_bytes(BEGIN + b"".join(map(call, range(3))))
        yield

    path.write_bytes(BEGIN)
    said = FirstSaid(agent)
    output = Telling(story())
    with redirect_stdout(output), redirect_stderr(said):
        assert follow([path.parent], WATCH, as_json=True) == 0
    told = [json.loads(line) for line in output.getvalue().splitlines()]
    assert [Path(one["log"]).name for one in told if one["detector"] == "repeat"] == ["log.jsonl", "later.jsonl"]


class FirstSaid(io.StringIO):
    """What is said; at the first word of it the agent goes on."""

    def __init__(self, agent: object) -> None:
        super().__init__()
        self._agent = agent

    def write(self, text: str) -> int:
        agent, self._agent = self._agent, None
        if callable(agent):
            agent()
        return super().write(text)


def test_an_agent_whose_log_tells_no_times_is_not_silent_while_it_writes() -> None:
    now = [datetime(2026, 1, 1, tzinfo=UTC)]
    followed = LogSurvey(WATCH, clock=lambda: now[0])
    for number in range(20):
        now[0] += timedelta(seconds=60)
        work = call(number, command=f"python3 step{number}.py").replace(b'"exit_code": 1', b'"exit_code": 0')
        list(followed.take(followed.stream.push((BEGIN if not number else b"") + work)))
        assert "silence" not in {firing.detector for _, firing in followed.tick(now[0] + timedelta(seconds=30))}
    assert "silence" in {firing.detector for _, firing in followed.tick(now[0] + timedelta(seconds=700))}


@contextmanager
def piped(path: Path, text: bytes) -> Iterator[None]:
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(text,))
    writer.start()
    yield
    writer.join()


def test_a_pipe_that_has_a_name_is_followed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with piped(tmp_path / "pipe", BEGIN + b"".join(map(call, range(3)))):
        assert follow([tmp_path / "pipe"], WATCH, as_json=False) == 0
    assert "repeat" in capsys.readouterr().out


@pytest.fixture
def closed_input() -> Iterator[None]:
    """What `<&-` of a shell makes of it."""
    kept, sys.stdin = sys.stdin, cast(TextIO, None)
    yield
    sys.stdin = kept


@pytest.mark.usefixtures("closed_input")
def test_a_closed_standard_input_is_said() -> None:
    with pytest.raises(UsageError, match="closed"):
        survey([Path("-")], WATCH)
    with pytest.raises(UsageError, match="closed"):
        follow([Path("-")], WATCH, as_json=False)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param((BEGIN + call(1) + call(2) + call(3)).decode().encode("utf-16"), id="what PowerShell writes"),
        pytest.param(b"\0" * 20_000_000 + BEGIN + call(1) + call(2) + call(3), id="zeros of a log that was cut"),
        pytest.param((BEGIN + call(1) + call(2) + call(3)).replace(b"\n", b"\0\r\n"), id="zeros before an end of line"),
    ],
)
def test_a_log_is_read_whatever_wrote_its_bytes(text: bytes, tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(text)
    (log,) = survey([path], WATCH)
    assert (log.bad, log.sessions[0].calls) == (0, 3)
    assert is_log(path) or text.startswith(b"\0")
