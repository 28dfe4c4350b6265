"""Every command explains itself, with an example first, and the pages name them all."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from linestop.deployments.cli.app import COMMANDS, build
from linestop.deployments.cli.errors import guarded

ROOT = Path(__file__).resolve().parents[2]
# They answer at once: Prefect takes seconds to import.
REPORTING = (
    "ticket",
    "batch",
    "incident",
    "lesson_list",
    "caution_list",
    "insight",
    "history",
    "brief",
    "skill",
    "debrief",
)


def test_every_command_shows_an_example_before_its_parameters(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("NO_COLOR", "1")
    texts = {}
    for name in COMMANDS:
        assert guarded(build(name), [name, "--help"]) == 0, name
        texts[name] = capsys.readouterr().out
    assert {name: text for name, text in texts.items() if not has_its_example_first(name, text)} == {}


def has_its_example_first(name: str, text: str) -> bool:
    example = text.find(f"linestop {name}", text.find("Usage:") + 40)
    parameters = text.find("╭─")
    return example > 0 and (parameters < 0 or example < parameters)


def test_the_root_help_names_every_command() -> None:
    code = "from linestop.deployments.cli.app import main; main()"
    argv, environment = [sys.executable, "-c", code, "--help"], {**os.environ, "COLUMNS": "120", "NO_COLOR": "1"}
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    assert [name for name in COMMANDS if f" {name} " not in done.stdout] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_the_readme_names_every_command(name: str) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"linestop {name}" in text or f"`{name}`" in text


def test_the_root_help_loads_no_command_and_no_prefect() -> None:
    code = """
import sys
from linestop.deployments.cli.app import app
app(["--help"], exit_on_error=False, result_action="return_value")
heavy = {"prefect", "pydantic", "duckdb", "git", "httpx", "linestop.deployments.cli.run"} & set(sys.modules)
assert not heavy, heavy
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_reporting_command_loads_no_prefect() -> None:
    """All in one process; only where that one did load it, each in its own, to name those that do."""
    assert not loads_prefect(*REPORTING) or [name for name in REPORTING if loads_prefect(name)] == []


def loads_prefect(*names: str) -> bool:
    code = "import sys; list(map(__import__, sys.argv[1:])); print('prefect' in sys.modules)"
    argv = [sys.executable, "-c", code, *(f"linestop.deployments.cli.{name}" for name in names)]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip() != "False"


@pytest.mark.parametrize(("page", "most"), [("AGENTS.md", 120), ("README.md", 160)])
def test_a_page_stays_readable(page: str, most: int) -> None:
    assert len((ROOT / page).read_text(encoding="utf-8").splitlines()) <= most


def test_every_decision_is_half_a_page() -> None:
    pages = sorted((ROOT / "docs" / "decisions").glob("[0-9][0-9][0-9]-*.md"))
    assert len(pages) >= 3
    assert {page.name for page in pages if len(page.read_text(encoding="utf-8").split()) > 400} == set()
