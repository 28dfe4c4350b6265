"""A red base says what to set: the text can be pasted into the policy, and then does what it says."""

import tomllib
from pathlib import Path

import pytest

from linestop.checks.advice import MAX_LEFT_OUT, advice, without
from linestop.checks.commands import Runner, recognise, split_command
from linestop.checks.needs import Needs, needs_of_policy
from linestop.checks.project_files import ProjectFiles
from linestop.errors import PolicyError

COMMAND = ("python", "-m", "pytest", "tests")
ODD = 'tests/test_a.py::test_x[it\'s "a" \\ ü]'


@pytest.mark.parametrize(
    ("runner", "nodes", "left_out"),
    [
        pytest.param("pytest", ["tests/test_a.py::test_x"], ["--deselect", "tests/test_a.py::test_x"], id="a test"),
        pytest.param("pytest", ["tests/test_a.py"], ["--ignore", "tests/test_a.py"], id="a module"),
        pytest.param("pytest", [ODD], ["--deselect", ODD], id="an odd name"),
        pytest.param("pytest", [], None, id="no test"),
        pytest.param("pytest", ["tests/test_a.py::t"] * (MAX_LEFT_OUT + 1), None, id="too many"),
        pytest.param("unittest", ["tests/test_a.py::test_x"], None, id="a runner that can't"),
    ],
)
def test_what_is_left_out_can_be_pasted_into_the_policy(
    runner: Runner, nodes: list[str], left_out: list[str] | None
) -> None:
    text = advice("python -m pytest tests (found in tox.ini)", without(runner, COMMAND, nodes), ["pytest"])
    table = tomllib.loads(text[text.index("[checks]") :])["checks"]
    if left_out is None:
        assert table == {"command": "…"}
    else:
        assert recognise(split_command(table["command"])) == ("pytest", ("tests", *left_out))


def test_what_was_found_to_install_can_be_pasted_into_the_policy(tmp_path: Path) -> None:
    (tmp_path / "dev.txt").write_text("pytest\n")
    found = Needs(requirements=("pytest<9", "trio ; os_name == 'posix'"), files=("dev.txt",), extras=("a", "b"))
    assert needs_of_policy(ProjectFiles(tmp_path), found.words).model_copy(update={"why": ""}) == found


def test_a_requirement_file_that_is_not_there_is_a_mistake_in_the_policy(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"gone\.txt"):
        needs_of_policy(ProjectFiles(tmp_path), ("-r gone.txt",))
