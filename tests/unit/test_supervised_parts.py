"""What `up` leaves running: how long it waits, and what does not end it."""

import os
from pathlib import Path
from threading import Event

import pytest

from linestop.deployments.detached import MAX_LOG_BYTES, bound_log
from linestop.deployments.supervision import supervise
from linestop.deployments.waiting import wait_seconds
from linestop.home import PIN


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [
        pytest.param(0, 1, id="none-yet"),
        pytest.param(1, 1, id="the-first"),
        pytest.param(4, 8, id="doubled"),
        pytest.param(7, 60, id="bounded"),
        pytest.param(5_000, 60, id="for-days"),
    ],
)
def test_the_wait_doubles_up_to_a_bound(failures: int, seconds: float) -> None:
    assert wait_seconds(failures, most=60) == seconds


class OneLook(Event):
    """Is set by the first wait: the supervisor looks once. Remembers which place it keeps to."""

    place: str | None = None

    def wait(self, timeout: float | None = None) -> bool:
        self.place = os.environ.get(PIN)
        self.set()
        return True


def test_a_disk_that_refuses_does_not_end_the_supervisor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path))
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    (tmp_path / "logs").write_text("a file where the folder of logs should be")
    supervise(4210, stop := OneLook())
    assert stop.is_set()
    assert stop.place == str(tmp_path), "not in a stand-in, even if the home can't be written meanwhile"
    assert PIN not in os.environ


def test_a_log_is_cut_while_its_process_goes_on_writing(tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    with log.open("ab", buffering=0) as writer:  # as `start_detached` opens it
        writer.write(b"old\n" * MAX_LOG_BYTES)
        bound_log(log)
        writer.write(b"new\n")
        bound_log(log)
    assert log.read_bytes() == b"new\n"
    assert (tmp_path / "worker.log.1").stat().st_size == 4 * MAX_LOG_BYTES
