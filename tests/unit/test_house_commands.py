"""Every command explains itself, with an example first, and the pages name them all."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from linestop.deployments.cli.app import COMMANDS

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


def help_of(*words: str) -> str:
    code = "from linestop.deployments.cli.app import main; main()"
    argv = [sys.executable, "-c", code, *words, "--help"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=_environment())
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_shows_an_example_before_its_parameters(name: str) -> None:
    text = help_of(name)
    example = text.find(f"linestop {name}", text.find("Usage:") + 40)
    assert example > 0, text
    parameters = text.find("╭─")
    assert parameters < 0 or example < parameters, text


def test_the_root_help_names_every_command() -> None:
    text = help_of()
    assert [name for name in COMMANDS if f" {name} " not in text] == []


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


@pytest.mark.parametrize("name", REPORTING)
def test_a_reporting_command_loads_no_prefect(name: str) -> None:
    code = f"""
import sys
import linestop.deployments.cli.{name}
assert "prefect" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("page", "most"), [("AGENTS.md", 120), ("README.md", 160)])
def test_a_page_stays_readable(page: str, most: int) -> None:
    assert len((ROOT / page).read_text(encoding="utf-8").splitlines()) <= most


def test_every_decision_is_half_a_page() -> None:
    pages = sorted((ROOT / "docs" / "decisions").glob("[0-9][0-9][0-9]-*.md"))
    assert len(pages) >= 3
    assert {page.name for page in pages if len(page.read_text(encoding="utf-8").split()) > 400} == set()


def _environment() -> dict[str, str]:
    return {**os.environ, "COLUMNS": "120", "NO_COLOR": "1"}
