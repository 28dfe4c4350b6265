"""What stands in for a home that can't be written. A read-only one itself needs a mount: tests/live."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from linestop.deployments.cli.flow_runs import run_flow
from linestop.deployments.cli.up import up
from linestop.deployments.doctor.machine import look_at_machine
from linestop.errors import InfraError, RepositoryError
from linestop.execution.order import ExecutionOrder
from linestop.home import PIN, home, spare_home, stand_in, why_not, working_in, workplace, workplaces
from linestop.memory.memory import Memory
from linestop.paths import Layout
from linestop.policy import MemoryPolicy


@contextmanager
def temporary(folder: Path) -> Iterator[None]:
    """Let Python's folder for temporary files, which it looks up once, be another one for a while."""
    before, tempfile.tempdir = tempfile.tempdir, str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before


@pytest.fixture
def spare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return the stand-in's path in a process whose home could not be written when it began."""
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "home"))
    found = spare_home(home())
    monkeypatch.setenv(PIN, str(found))
    yield found
    found.unlink() if found.is_symlink() or found.is_file() else shutil.rmtree(found, ignore_errors=True)


def test_a_home_that_can_be_written_is_where_runs_work(spare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PIN)
    assert (workplace(), stand_in(), workplaces()) == (home(), "", (home(),))
    assert not spare.exists()
    assert not home().exists(), "nothing is made by looking"


def test_what_began_in_a_stand_in_stays_there(spare: Path, tmp_path: Path) -> None:
    assert workplace() == spare
    assert Layout(tmp_path).worktrees.is_relative_to(spare)
    assert spare.stat().st_mode & 0o777 == 0o700
    assert str(home()) in stand_in()
    assert str(spare) in stand_in()
    assert workplaces() == (home(), spare)


def test_another_home_has_its_own_place(spare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert workplace() == spare
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "other"))
    assert workplace() == tmp_path / "other"
    assert spare_home(home()) != spare


def test_each_place_can_be_worked_in_for_a_while(spare: Path) -> None:
    with working_in(home()):
        assert workplace() == home()
        assert stand_in() == ""
    assert workplace() == spare


@pytest.mark.parametrize(
    ("planted", "words"),
    [
        pytest.param(lambda spare: spare.symlink_to("/tmp"), "a link or a file", id="a link"),
        pytest.param(lambda spare: spare.write_text(""), "File exists", id="a file"),
        pytest.param(lambda spare: (spare.mkdir(), spare.chmod(0o777)), "others may write", id="anybody's"),
        pytest.param(lambda spare: (spare.mkdir(), os.chown(spare, 4711, 4711)), "another user", id="somebody's",
                     marks=pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")),
    ],
)  # fmt: skip
def test_what_another_user_put_in_its_place_is_refused(
    planted: object, words: str, spare: Path, tmp_path: Path
) -> None:
    assert callable(planted)
    planted(spare)
    with pytest.raises(InfraError) as raised:
        workplace()
    assert words in raised.value.found
    assert words in "".join(Memory(Layout(tmp_path), MemoryPolicy()).problems), "memory itself raises nothing"


def test_memory_says_it_once_and_works_on(spare: Path, tmp_path: Path) -> None:
    said: list[str] = []
    memory = Memory(Layout(tmp_path), MemoryPolicy(), say=said.append)
    assert memory.off == ""
    assert len(said) == len(memory.problems) == 1
    assert str(spare) in said[0]
    assert said[0].startswith("memory.broken home ")
    assert Memory(Layout(tmp_path), MemoryPolicy(enabled=False)).problems == ()


@pytest.mark.parametrize(
    ("named", "found"),
    [
        pytest.param("home", "it is relative", id="relative"),
        pytest.param("~no-such-user/home", "home directory", id="of nobody"),
        pytest.param("LOOP/home", "loop", id="links in a circle"),
    ],
)
def test_a_home_that_names_no_folder_is_said(
    named: str, found: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "loop").symlink_to("loop")
    monkeypatch.setenv("LINESTOP_HOME", named.replace("LOOP", str(tmp_path / "loop")))
    with pytest.raises(InfraError) as raised:
        home()
    assert found in raised.value.found
    assert "export LINESTOP_HOME=" in raised.value.todo
    memory = Memory(Layout(tmp_path), MemoryPolicy())
    assert memory.told("stock", role="maker", chunk="c0", files=()).lessons == ()
    assert found in "".join(memory.problems), "memory itself raises nothing"


def test_up_refuses_a_home_where_it_can_keep_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINESTOP_HOME", "/proc/1/linestop")  # nobody may write there
    with pytest.raises(InfraError, match="where `up` keeps repositories") as raised:
        up()
    assert "no right to write" in raised.value.found
    assert not spare_home(home()).exists(), "nothing was begun"


def test_the_doctor_says_that_there_is_no_place_to_work_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINESTOP_HOME", "/proc/1/linestop")
    monkeypatch.setenv("TMPDIR", "/proc/1")
    with temporary(Path("/proc/1")):
        (found,) = (one for one in look_at_machine() if one.name == "home")
    assert (found.state, "nor to /proc/1/linestop-" in found.found) == ("problem", True)


def test_the_doctor_says_a_home_that_can_not_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / ("a" * 300)))
    (found,) = (one for one in look_at_machine() if one.name == "home")
    assert "File name too long" in found.found


def test_a_home_inside_the_repository_is_refused_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "shop" / "home"))
    (tmp_path / "shop" / ".git").mkdir(parents=True)
    order = ExecutionOrder(repository=str(tmp_path / "shop"))
    with pytest.raises(RepositoryError, match="inside the repository") as raised:
        run_flow("linestop.flows.execution:execution", order)
    assert "export LINESTOP_HOME" in raised.value.todo
    assert not home().exists()
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "shop-home"))
    Layout(tmp_path / "shop").require_work_outside()


def test_the_working_directory_is_no_place_for_a_stand_in(
    spare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with temporary(tmp_path):  # as where nothing can be written
        assert not spare_home(home()).is_relative_to(tmp_path)


def test_only_what_can_not_be_written_is_stood_in_for(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert why_not(tmp_path / "a" / "b") == ""
    assert why_not(tmp_path / "file" / "home") == "", "the error of who writes there says it better"
