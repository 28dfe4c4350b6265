"""Commands are run to their end, and nothing of them is left."""

import asyncio
import os
import sys
from pathlib import Path
from time import monotonic

import psutil
import pytest

from linestop.blocks.cancellation import cancellable
from linestop.blocks.processes import capture, clean_environment, run_command
from linestop.errors import InfraError

PYTHON = sys.executable


def python(code: str, cwd: Path, *, seconds: float = 20, **env: str):  # noqa: ANN201
    return run_command([PYTHON, "-c", code], cwd=cwd, env=clean_environment(**env), timeout_seconds=seconds)


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        pytest.param([PYTHON, "-c", "raise SystemExit(0)"], 0, id="success"),
        pytest.param([PYTHON, "-c", "raise SystemExit(7)"], 7, id="failure"),
        pytest.param([PYTHON, "-c", "import os; os.kill(os.getpid(), 11)"], 139, id="crash-as-a-shell-says-it"),
        pytest.param(["no-such-command-anywhere"], 127, id="not-found"),
        pytest.param(["./missing.sh"], 127, id="path-not-found"),
        pytest.param(["./plain.txt"], 126, id="not-executable"),
        pytest.param(["./folder"], 126, id="a-folder"),
    ],
)
def test_how_a_command_ends_is_a_value(argv: list[str], code: int, tmp_path: Path) -> None:
    (tmp_path / "plain.txt").write_text("no program")
    (tmp_path / "folder").mkdir()
    run = run_command(argv, cwd=tmp_path, env=clean_environment(), timeout_seconds=20)
    assert (run.exit_code, run.timed_out, run.ok) == (code, False, code == 0)
    assert run.argv == tuple(argv)


def test_a_missing_folder_is_the_machine_not_the_command(tmp_path: Path) -> None:
    with pytest.raises(InfraError, match="can't start"):
        run_command(["true"], cwd=tmp_path / "gone", env=clean_environment(), timeout_seconds=5)


def test_output_keeps_its_order_and_its_end(tmp_path: Path) -> None:
    code = "import sys\nfor n in range(200_000): print(n)\nsys.stdout.flush(); print('last', file=sys.stderr)"
    run = python(code, tmp_path)
    assert run.output.endswith("199998\n199999\nlast\n")
    assert len(run.output) == 8_000


def test_endless_output_fills_no_memory_and_is_stopped_in_time(tmp_path: Path) -> None:
    before = psutil.Process().memory_info().rss
    run = python("import os\nwhile True: os.write(1, b'x' * 65536)", tmp_path, seconds=1)
    assert run.timed_out
    assert run.exit_code is None
    assert psutil.Process().memory_info().rss - before < 30_000_000


def test_bytes_that_are_no_text_are_replaced(tmp_path: Path) -> None:
    assert python("import os; os.write(1, b'a\\xff\\x00b')", tmp_path).output == "a\N{REPLACEMENT CHARACTER}\x00b"


def test_capture_keeps_stdout_whole_and_apart_from_what_is_said(tmp_path: Path) -> None:
    code = "import sys; print('y' * 100_000); print('talk', file=sys.stderr)"
    run, stdout = capture([PYTHON, "-c", code], cwd=tmp_path, env=clean_environment(), timeout_seconds=20)
    assert stdout == "y" * 100_000 + "\n"
    assert run.output == "talk\n"


def test_stdin_is_empty(tmp_path: Path) -> None:
    assert python("import sys; print(repr(sys.stdin.read()))", tmp_path).output == "''\n"


CHILD = "import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']{how}); "


@pytest.mark.parametrize(
    ("how", "then"),
    [
        pytest.param("", "import time; time.sleep(600)", id="time-out"),
        pytest.param("", "", id="left-behind-holding-the-pipe"),
        pytest.param(", start_new_session=True", "", id="left-the-group-holding-the-pipe"),
        pytest.param(", start_new_session=True, stdout=-3, stderr=-3", "", id="daemon-of-its-own"),
    ],
)
def test_no_process_outlives_the_call(how: str, then: str, tmp_path: Path) -> None:
    start = monotonic()
    code = CHILD.format(how=how) + "open('pid', 'w').write(str(p.pid)); print('started', flush=True); " + then
    runs = (python(code, tmp_path, seconds=seconds) for seconds in (1, 8, 32))  # a busy machine may start it late
    run = next(run for run in runs if run.output)
    assert run.output == "started\n"
    assert monotonic() - start < 60  # of 600
    assert not _runs(int((tmp_path / "pid").read_text()))


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def test_a_cancelled_run_kills_its_command_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    code = f"open({str(tmp_path / 'fifo')!r}, 'w').write('up'); import time; time.sleep(600)"
    work = asyncio.create_task(cancellable(python, code, tmp_path, seconds=600))
    await asyncio.to_thread((tmp_path / "fifo").read_text)
    start = monotonic()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert monotonic() - start < 60  # of 600
    assert not [one for one in psutil.Process().children() if code in one.cmdline()]


async def test_cancellable_hands_results_and_errors_through(tmp_path: Path) -> None:
    assert (await cancellable(python, "print(1)", tmp_path)).output == "1\n"
    with pytest.raises(InfraError):
        await cancellable(python, "print(1)", tmp_path / "gone")


@pytest.mark.parametrize(
    "name",
    [
        "GITHUB_TOKEN",
        "LINESTOP_HOME",
        "PREFECT_API_URL",
        "GIT_DIR",
        "PYTHONPATH",
        "VIRTUAL_ENV",
        "AWS_SECRET_ACCESS_KEY",
    ],
)
def test_secrets_and_settings_of_ours_stay_with_us(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "secret")
    assert name not in clean_environment()


def test_home_is_a_throw_away_folder_and_our_interpreter_is_not_on_path() -> None:
    env = clean_environment(EXTRA="kept")
    assert env["EXTRA"] == "kept"
    assert Path(env["HOME"]).is_dir()
    assert Path(env["HOME"]) != Path.home()
    assert str(Path(sys.prefix) / "bin") not in env["PATH"].split(os.pathsep) or sys.prefix == sys.base_prefix


def test_a_command_sees_nothing_but_the_environment_it_is_given(tmp_path: Path) -> None:
    run = python("import os; print(sorted(os.environ))", tmp_path)
    assert set(eval(run.output)) <= set(clean_environment()) | {"RUN_MARK", "LC_CTYPE"}  # noqa: S307  # our own output
