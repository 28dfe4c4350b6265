"""Locks between processes: one holder at a time, free with its holder, and never a way to write elsewhere."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from linestop.locks import locked

HOLD = """
import sys
from pathlib import Path
from linestop.locks import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def holder(path: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def test_it_has_one_holder_at_a_time_and_is_free_when_that_one_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "a.lock"
    with holder(path) as first:
        assert first.stdout
        assert first.stdout.readline() == "held\n"
        with holder(path) as second:
            with pytest.raises(subprocess.TimeoutExpired):
                second.wait(0.5)
            first.send_signal(signal.SIGKILL)
            assert second.stdout
            assert second.stdout.readline() == "held\n"
            second.kill()


def test_it_is_free_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyError), locked(tmp_path / "a.lock"):
        raise KeyError
    with locked(tmp_path / "a.lock"):
        assert (tmp_path / "a.lock").is_file()


def test_a_link_in_its_place_is_refused_and_what_it_leads_to_stays(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("words")
    (tmp_path / "a.lock").symlink_to(tmp_path / "precious")
    with pytest.raises(OSError, match="symbolic link"), locked(tmp_path / "a.lock"):
        pass
    assert (tmp_path / "precious").read_text() == "words"


def test_whoever_hangs_with_a_lock_is_not_waited_for_longer_than_was_said(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    with locked(path), pytest.raises(TimeoutError, match=r"more than 0\.1 s"), locked(path, seconds=0.1):
        pass
    with locked(path, seconds=0.1):
        pass
