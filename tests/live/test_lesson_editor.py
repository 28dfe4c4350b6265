"""`linestop lesson` on a terminal, with an editor that a script plays."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from linestop.memory.lessons import Lesson, Lessons, Tier, draft
from linestop.memory.lessons.transfer import exported
from linestop.paths import Layout

pytestmark = pytest.mark.live
WHY = "it cost a day"


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "home"))
    repo = tmp_path / "shop"
    subprocess.run(["git", "init", "-q", str(repo)], check=True)
    return repo


def there(repo: Path) -> tuple[Lesson, ...]:
    return Lessons(Layout(repo)).list(all=True)


def keep(repo: Path, title: str, **words: str) -> Lesson:
    return Lessons(Layout(repo)).add(draft(Layout(repo), title, WHY, **words))  # type: ignore[arg-type]


def in_a_terminal(repo: Path, tmp_path: Path, verb: str, script: str, typed: str = "") -> tuple[int, str]:
    """Run a verb on a terminal whose editor is a script; return the exit code and all that was shown."""
    editor = tmp_path / "editor.py"
    editor.write_text(f"import sys\nfrom pathlib import Path\npage = Path(sys.argv[1])\n{script}\n")
    code = f"""
import sys
from linestop.deployments.cli.app import app
from linestop.deployments.cli.errors import guarded
sys.exit(guarded(app, {["lesson", *verb.split(), "--repo", str(repo)]!r}))
"""
    env = {**os.environ, "VISUAL": f"{sys.executable} {editor}", "TERM": "dumb"}
    ours, theirs = pty.openpty()
    with subprocess.Popen([sys.executable, "-c", code], stdin=theirs, stdout=theirs, stderr=theirs, env=env) as process:
        os.close(theirs)
        os.write(ours, typed.encode())
        shown = b""
        try:
            while piece := os.read(ours, 4096):
                shown += piece
        except OSError:  # the other end is closed
            pass
        os.close(ours)
    return process.returncode, shown.decode().replace("\r", "")


def drafts(tmp_path: Path) -> list[Path]:
    folder = tmp_path / "home" / "drafts"
    return sorted(folder.iterdir()) if folder.exists() else []


FILL = "page.write_text('Title: Prices are in cents\\nWhy: {why}\\n')"


def test_an_editor_on_a_terminal_writes_a_lesson(repo: Path, tmp_path: Path) -> None:
    code, shown = in_a_terminal(repo, tmp_path, "add", FILL.format(why=WHY))
    assert (code, [one.title for one in there(repo)]) == (0, ["Prices are in cents"]), shown
    assert drafts(tmp_path) == []


def test_a_page_left_as_it_was_adds_nothing(repo: Path, tmp_path: Path) -> None:
    code, shown = in_a_terminal(repo, tmp_path, "add", "page.read_text()")
    assert (code, there(repo), drafts(tmp_path)) == (1, (), [])
    assert "nothing was added" in shown


def test_what_a_person_wrote_is_kept_where_it_does_not_go_through(repo: Path, tmp_path: Path) -> None:
    code, shown = in_a_terminal(repo, tmp_path, "add", FILL.format(why="-"))
    assert code == 2, shown
    (page,) = drafts(tmp_path)
    assert "Prices are in cents" in page.read_text()
    assert page.stat().st_mode & 0o077 == 0
    assert str(page) in shown.replace("\n", "")
    code, shown = in_a_terminal(repo, tmp_path, f"add --draft {page}", FILL.format(why=WHY))
    assert (code, len(there(repo)), drafts(tmp_path)) == (0, 1, []), shown


def test_an_editor_is_given_the_lesson_as_it_is(repo: Path, tmp_path: Path) -> None:
    keep(repo, "Prices are in cents", body="more")
    code, shown = in_a_terminal(
        repo, tmp_path, "edit prices", "page.write_text(page.read_text().replace('cents', 'euros'))"
    )
    assert code == 0, shown
    (one,) = there(repo)
    assert (one.title, one.why, one.body, one.tier) == ("Prices are in euros", WHY, "more", Tier.REPOSITORY)


def test_an_editor_that_gives_up_changes_nothing(repo: Path, tmp_path: Path) -> None:
    keep(repo, "Prices are in cents")
    code, shown = in_a_terminal(repo, tmp_path, "edit prices", "sys.exit(3)")
    assert code == 2
    assert "exit code 3" in shown
    assert there(repo)[0].updated == there(repo)[0].created
    assert drafts(tmp_path) == []


@pytest.mark.parametrize(("typed", "code", "titles"), [("y\n", 0, ["Prices are in cents"]), ("\n", 1, [])])
def test_a_person_is_asked_before_agents_are_told_what_a_file_says(
    repo: Path, tmp_path: Path, typed: str, code: int, titles: list[str]
) -> None:
    file = tmp_path / "lessons.jsonl"
    file.write_bytes(exported([draft(Layout(repo), "Prices are in cents", WHY)]))
    ended, shown = in_a_terminal(repo, tmp_path, f"import {file}", "", typed)
    assert (ended, [one.title for one in there(repo)]) == (code, titles), shown
    assert "with your authority" in shown
