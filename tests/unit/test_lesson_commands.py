"""The verbs of `linestop lesson`: what people see, what their editor is given, and what is never lost."""

import json
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from linestop.deployments.cli.lesson_add import add
from linestop.deployments.cli.lesson_change import accept, confirm, contradict, remove, supersede
from linestop.deployments.cli.lesson_draft import CUT, read, rendered
from linestop.deployments.cli.lesson_edit import edit
from linestop.deployments.cli.lesson_list import list_, recall
from linestop.deployments.cli.lesson_page import states_of, table
from linestop.deployments.cli.lesson_show import show
from linestop.deployments.cli.lesson_transfer import export, import_
from linestop.errors import RepositoryError, UsageError
from linestop.memory.lessons import Lesson, Lessons, Tier, Trust, draft
from linestop.paths import Layout

WHY = "it cost a day"


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "160")
    repo = tmp_path / "shop"
    subprocess.run(["git", "init", "-q", str(repo)], check=True)
    (repo / "cart.py").write_text("total = 1\n")
    return repo


def there(repo: Path) -> tuple[Lesson, ...]:
    return Lessons(Layout(repo)).list(all=True)


def test_a_role_that_is_none_is_refused_for_nobody_would_be_told(repo: Path) -> None:
    with pytest.raises(UsageError, match="there is no role makre"):
        add("Prices are in cents", why=WHY, role=("makre",), repo=repo)
    assert Lessons(Layout(repo)).list() == ()


def test_a_lesson_is_added_listed_and_shown(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert list_(repo=repo) == 0
    assert "no lesson yet" in capsys.readouterr().err
    assert not (repo / ".linestop").exists()
    assert add("Prices are in cents", why=WHY, file="cart.py", role=("maker", "checker"), repo=repo) == 0
    one = there(repo)[0]
    assert capsys.readouterr().out == f"lesson {one.id} is kept\n"
    assert list_(repo=repo) == 0
    row = capsys.readouterr().out.splitlines()[-1]
    assert row.split("  ") == [one.id, "fresh", "repository", "maker, checker", "cart.py", "Prices are in cents"]
    assert show(one.id[-6:], repo=repo) == 0
    page = capsys.readouterr().out
    for words in ("Prices are in cents", WHY, "cart.py", "maker, checker", "this repository"):
        assert words in page


@pytest.mark.parametrize(
    ("title", "begins"),
    [("Don't repeat a call", "dont-repeat-a-call-"), ("The cart\u2019s total", "the-carts-total-"), ("'' x", "x-")],
)
def test_an_id_reads_as_its_title_is_said(repo: Path, title: str, begins: str) -> None:
    assert add(title, why="it was the cause of two stops", repo=repo) == 0
    assert there(repo)[0].id.startswith(begins)


def test_what_is_shown_to_scripts_is_whole(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert add("Prices are in cents", why=WHY, global_=True, json_=True, repo=repo) == 0
    kept = json.loads(capsys.readouterr().out)
    assert (kept["title"], kept["tier"], kept["state"]) == ("Prices are in cents", "global", "fresh")
    assert edit(kept["id"], body="more", repo=repo, json_=True) == 0
    assert json.loads(capsys.readouterr().out)["body"] == "more"
    for verb in (list_, lambda **words: recall(("cents",), **words)):
        assert verb(repo=repo, json_=True) == 0  # type: ignore[operator]
        assert [one["id"] for one in json.loads(capsys.readouterr().out)] == [kept["id"]]
    assert show(kept["id"], repo=repo, json_=True) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["body"], told["former"][0]["lesson"]["body"], told["removed"]) == ("more", "", False)


def test_a_stale_lesson_is_listed_and_confirmed(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add("Prices are in cents", why=WHY, file="cart.py", repo=repo)
    add("Read the log first", why=WHY, repo=repo)
    capsys.readouterr()
    assert list_(stale=True, repo=repo) == 0
    assert "no lesson fits" in capsys.readouterr().err
    (repo / "cart.py").write_text("total = 2\n")
    assert list_(stale=True, repo=repo, json_=True) == 0
    assert [(one["title"], one["state"]) for one in json.loads(capsys.readouterr().out)] == [
        ("Prices are in cents", "changed")
    ]
    assert confirm("prices", repo=repo) == 0
    assert list_(stale=True, repo=repo, json_=True) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == []
    assert show("prices", repo=repo) == 0
    assert "the file as it was before it was confirmed again" in capsys.readouterr().out


def test_a_proposal_is_pointed_out_and_accepted(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    idea = draft(Layout(repo), "Prices are in cents", WHY, source="agent", trust=Trust.PROPOSED)
    Lessons(Layout(repo)).import_([idea], Tier.REPOSITORY)
    assert list_(repo=repo) == 0
    said = capsys.readouterr()
    assert (said.out, "1 proposed, told to nobody" in said.err) == ("", True)
    assert list_(proposed=True, repo=repo) == 0
    assert "proposed" in capsys.readouterr().out
    assert accept(idea.id, repo=repo) == 0
    assert there(repo)[0].is_told


def test_lessons_are_superseded_contradicted_and_removed(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add("Never run the whole suite", why=WHY, repo=repo)
    with pytest.raises(UsageError, match="meets another"):
        add("Always run the whole suite", why=WHY, repo=repo)
    assert add("Always run the whole suite", why=WHY, anyway=True, repo=repo) == 0
    assert contradict("always", "never", repo=repo) == 0
    assert show("never", repo=repo) == 0
    assert "disagrees  always-run-the-whole-suite" in capsys.readouterr().out
    assert supersede("never", "always", repo=repo) == 0
    assert list_(repo=repo, json_=True) == 0
    capsys.readouterr()
    assert list_(everything=True, repo=repo) == 0
    assert "superseded" in capsys.readouterr().out
    name = there(repo)[0].id
    assert edit("always", title="Always run the whole suite first", repo=repo) == 0
    assert remove(name, repo=repo) == 0
    assert show(name, repo=repo) == 0
    said = capsys.readouterr()
    assert "Never run the whole suite" in said.out
    assert f"\n{name}  removed\n" in said.out
    assert "was removed" in said.err
    assert remove(name, forget=True, repo=repo) == 0, "what was removed can be forgotten later"
    with pytest.raises(UsageError, match="there is no lesson"):
        show(name, repo=repo)
    with pytest.raises(UsageError, match="there is no lesson"):
        remove(name, forget=True, repo=repo)
    assert remove("always", forget=True, repo=repo) == 0
    assert "forgotten" in capsys.readouterr().out


def test_export_and_import_by_the_command_line(
    repo: Path, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    add("Prices are in cents — “always”", why=WHY, repo=repo)
    add("Read the log first", why=WHY, repo=repo)
    capfdbinary.readouterr()
    assert export(repo=repo) == 0
    first = capfdbinary.readouterr().out
    file = tmp_path / "lessons.jsonl"
    file.write_bytes(first)
    other = tmp_path / "other"
    subprocess.run(["git", "init", "-q", str(other)], check=True)
    with pytest.raises(UsageError, match="need a person's word"):
        import_(file, repo=other)
    said = capfdbinary.readouterr().err
    assert b"Read the log first" in said
    assert said.count(f"    | why: {WHY}\n".encode()) == 2, "a person reads all that agents would be told"
    assert there(other) == ()
    assert import_(file, as_proposed=True, repo=other) == 0
    assert Lessons(Layout(other)).list() == ()
    assert import_(file, trust=True, repo=other) == 0
    capfdbinary.readouterr()
    assert export(repo=other) == 0
    assert capfdbinary.readouterr().out == first
    assert import_(file, repo=other, json_=True) == 0  # nothing new is told: nobody is asked
    assert len(json.loads(capfdbinary.readouterr().out)["same"]) == 2
    with pytest.raises(UsageError, match="can't be read"):
        import_(tmp_path / "gone", repo=other)


def test_a_file_takes_no_lesson_of_a_persons_away_unasked(
    repo: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    add("Prices are in cents", why=WHY, repo=repo)
    (known,) = there(repo)
    values = known.model_dump(mode="json", exclude={"tier"}) | {"superseded_by": "nobody", "title": "Prices are floats"}
    file = tmp_path / "lessons.jsonl"
    file.write_text(json.dumps(values) + "\n", encoding="utf-8")
    with pytest.raises(UsageError, match="need a person's word"):
        import_(file, repo=repo)
    assert f"no more be told, with your authority:\n  {known.id}: Prices are floats" in capfd.readouterr().err
    assert there(repo) == (known,)
    assert import_(file, trust=True, repo=repo) == 0
    assert Lessons(Layout(repo)).list() == ()


@pytest.mark.parametrize("search", [list_, lambda **words: recall(("cents",), **words)], ids=["list", "recall"])
def test_a_damaged_store_hides_no_lesson_of_the_other_one(
    search: Callable[..., int], repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add("Prices are in cents", why=WHY, global_=True, repo=repo)
    Layout(repo).ensure().lessons.write_bytes(b"no database at all" * 100)
    capsys.readouterr()
    assert search(repo=repo) == 1
    out, err = capsys.readouterr()
    assert "Prices are in cents" in out
    assert "lessons.db is damaged" in err


def test_lessons_that_a_repository_commits_are_not_read(repo: Path) -> None:
    add("Prices are in cents", why=WHY, repo=repo)
    subprocess.run(["git", "-C", str(repo), "add", "-f", ".linestop/lessons.db"], check=True)
    for verb in (list_, export):
        with pytest.raises(RepositoryError, match="commits what only linestop writes"):
            verb(repo=repo)  # type: ignore[operator]


def test_words_that_lack_are_asked_of_nobody_off_a_terminal(repo: Path) -> None:
    with pytest.raises(UsageError, match="a title and a why"):
        add("Prices are in cents", repo=repo)
    add("Prices are in cents", why=WHY, repo=repo)
    with pytest.raises(UsageError, match="nothing to change"):
        edit("prices", repo=repo)
    with pytest.raises(UsageError, match="there is no file"):
        add("Read the log first", why=WHY, file="nope.py", repo=repo)
    with pytest.raises(UsageError, match="there is no file"):
        edit("prices", file="nope.py", repo=repo)


def test_a_narrow_terminal_gets_lines_that_fit_it(repo: Path) -> None:
    add("Prices are in cents, never in floats, whatever the shop's front end may send", why=WHY, repo=repo)
    lessons = Lessons(Layout(repo))
    for columns in (30, 60):
        lines = table(lessons.list(), states_of(lessons.list(), lessons), columns).splitlines()
        assert max(map(len, lines)) <= columns
        assert "never in floats" in " ".join(line.strip() for line in lines)


def test_a_page_says_nothing_to_the_terminal_but_text(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A store written by hand may hold what `add` refuses."""
    add("Prices are in cents", why=WHY, repo=repo)
    with closing(sqlite3.connect(repo / ".linestop" / "lessons.db", isolation_level=None)) as connection:
        connection.execute("UPDATE lessons SET title = char(27) || '[2Jx', why = 'a' || char(27) || '[31mb'")
    assert list_(repo=repo) == show("prices", repo=repo) == 0
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        pytest.param("", {}, id="nothing"),
        pytest.param(rendered({}), dict.fromkeys(("title", "why", "file", "roles", "body"), ""), id="an empty page"),
        pytest.param(
            "Title: a\nWhy: b\nc\n\nFile: x.py\nRoles: maker, checker\nBody:\n# d\n\n    Why: e\n",
            {"title": "a", "why": "b\nc", "file": "x.py", "roles": "maker, checker", "body": "# d\n\n    Why: e"},
            id="all of it; headings in the body are text",
        ),
        pytest.param("Title: a\r\nWhy: b\r\n", {"title": "a", "why": "b"}, id="another system's line ends"),
        pytest.param("\nPrices\n\nmore\n", {"title": "Prices", "body": "more"}, id="no headings"),
        pytest.param("Why: b\nTitle: a\n", {"why": "b\nTitle: a"}, id="out of order is text"),
        pytest.param(f"Title: a\n{CUT}\nWhy: b\n", {"title": "a"}, id="below the cut is left out"),
        pytest.param("Title: a\nWhy: Whyever: b", {"title": "a", "why": "Whyever: b"}, id="a word like a heading"),
    ],
)  # fmt: skip
def test_what_is_read_from_a_page(text: str, fields: dict[str, str]) -> None:
    assert read(text) == fields


def test_a_page_that_is_read_is_the_page_that_was_filled_in() -> None:
    fields = {"title": "a", "why": "b\n\nc", "file": "x.py", "roles": "maker", "body": "# d\n\n  e"}
    assert read(rendered(fields)) == fields


def test_a_kept_page_is_taken_up_again_and_stays_where_it_does_not_go_through(repo: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("Title: Prices are in cents\nWhy: -\n")
    with pytest.raises(UsageError, match="has a why") as caught:
        add(draft=page, repo=repo)
    assert f"--draft {page}" in caught.value.todo
    page.write_text(f"Title: Prices are in cents\nWhy: {WHY}\nFile: cart.py\nRoles: maker\nBody:\nmore\n")
    assert add(draft=page, repo=repo) == 0
    assert page.exists()  # a person's own file
    one = there(repo)[0]
    assert (one.title, one.why, one.file, one.roles, one.body) == (
        "Prices are in cents", WHY, "cart.py", ("maker",), "more",
    )  # fmt: skip
    with pytest.raises(UsageError, match="can't be read"):
        add(draft=tmp_path / "gone.md", repo=repo)
