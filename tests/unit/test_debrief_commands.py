"""`linestop debrief`: what a person sees, and what their word does."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from linestop.debrief import Debriefs
from linestop.deployments.cli import debrief
from linestop.deployments.cli.debrief_deciding import accept, drop, edit
from linestop.deployments.cli.debrief_gather import gather
from linestop.deployments.cli.debrief_page import as_text, page, words_of
from linestop.deployments.cli.debrief_walk import walk
from linestop.errors import LinestopError, RepositoryError, UsageError
from linestop.memory.lessons import Lessons, Tier
from linestop.paths import Layout
from tests.unit.debrief_shop import corrected, failed_twice, fired, shop

SECRET = "ghp_" + "a1B2" * 9


@pytest.fixture
def layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    return shop(tmp_path / "shop", "shop-bugs")


def one_waiting(layout: Layout, **values: object) -> str:
    fired(layout, **values)
    return Debriefs(layout).gather("shop-bugs").waiting[0]


def test_where_nothing_waits_nothing_is_created(layout: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    assert debrief.list_(repo=layout.root) == 0
    assert "nothing waits" in capsys.readouterr().err
    assert not layout.debriefs.exists()


def test_the_list_and_the_page_show_no_escape_of_an_agent(layout: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    one = one_waiting(layout, detail="grep \x1b[2J\x1b]0;owned\x07 \u202esrc", detector="re\x1b[31mpeat")
    assert debrief.list_(repo=layout.root) == 0
    assert debrief.show(one, repo=layout.root) == 0
    out = capsys.readouterr().out
    assert one in out
    assert "20261121T060000-dispatch-aaaaaa" in out
    assert not {"\x1b", "\x07", "\u202e"} & set(out)


def test_lists_are_json_for_programs(layout: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    one = one_waiting(layout)
    gather("shop-bugs", repo=layout.root, json_=True)
    assert json.loads(capsys.readouterr().out)["waiting"] == [one]
    debrief.list_("shop-bugs", repo=layout.root, json_=True)
    assert [found["id"] for found in json.loads(capsys.readouterr().out)] == [one]
    debrief.list_("another", repo=layout.root, json_=True)
    assert json.loads(capsys.readouterr().out) == []
    drop(one, why="known", who="anna", repo=layout.root)
    capsys.readouterr()
    debrief.list_(everything=True, repo=layout.root, json_=True)
    assert json.loads(capsys.readouterr().out)[0]["decided"]["by"] == "anna"


def test_a_candidate_is_accepted_by_the_beginning_of_its_name(
    layout: Layout, capsys: pytest.CaptureFixture[str]
) -> None:
    one_waiting(layout)
    assert accept("runaway", global_=True, role=("maker",), title="Look first.", repo=layout.root) == 0
    (lesson,) = Lessons(layout).list()
    assert (lesson.title, lesson.tier, lesson.roles, lesson.file) == ("Look first.", Tier.GLOBAL, ("maker",), "")
    assert lesson.id in capsys.readouterr().out


def test_a_name_that_several_begin_with_is_refused(layout: Layout) -> None:
    fired(layout, detector="repeat")
    one_waiting(layout, detector="repeat", file="src/other.py")
    with pytest.raises(UsageError, match="several"):
        accept("repeat", repo=layout.root)


def test_who_comes_second_is_told(layout: Layout) -> None:
    one = one_waiting(layout)
    drop(one, why="known", who="anna", repo=layout.root)
    for late in (
        lambda: accept(one, who="ben", repo=layout.root),
        lambda: edit(one, from_=Path("/dev/null"), repo=layout.root),
    ):
        with pytest.raises(UsageError, match="decided already") as told:
            late()
        assert "drop by anna" in told.value.found


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda one, repo: edit(one, repo=repo), id="edit"),
        pytest.param(lambda one, repo: walk(repo=repo), id="walk"),
    ],
)
def test_nobody_is_asked_off_a_terminal(layout: Layout, call: Callable[[str, Path], int]) -> None:
    one = one_waiting(layout)
    with pytest.raises(UsageError, match="nobody can") as told:
        call(one, layout.root)
    assert "linestop debrief" in told.value.todo


def test_words_of_a_file_that_are_refused_are_kept(layout: Layout, tmp_path: Path) -> None:
    one = one_waiting(layout)
    words = tmp_path / "my words.toml"
    words.write_text(f'title = "Log in with {SECRET}"\nscope = "global"\nroles = ["maker"]\n')
    with pytest.raises(LinestopError) as told:
        edit(one, from_=words, repo=layout.root)
    assert f"linestop debrief edit {one} --from '{words}'" in told.value.todo  # as a shell takes it
    assert SECRET not in str(told.value)
    words.write_text(words.read_text().replace(SECRET, "your own token"))
    assert edit(one, from_=words, repo=layout.root) == 0
    assert Lessons(layout).list()[0].title == "Log in with your own token"
    assert words.exists()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("title = ", id="torn"),
        pytest.param('titel = "x"', id="a-field-nobody-knows"),
        pytest.param("title = 3", id="no-text"),
        pytest.param('scope = "world"', id="no-scope"),
        pytest.param('roles = "maker"', id="no-list"),
    ],
)
def test_words_that_cannot_be_read_say_which_fields_there_are(text: str) -> None:
    with pytest.raises(UsageError) as told:
        words_of(text)
    assert "title, why, body" in told.value.todo


@pytest.mark.parametrize(
    "text",
    [
        "two\nlines",
        'quotes """ and \\ and "',
        'ends with a quote\n"',
        "a tab\tand \u2028 and é",
        "",
        "#no comment",
        "'''\n\"\"\"\n\\u0041",
    ],
)  # fmt: skip
def test_what_is_opened_in_an_editor_reads_as_it_was(layout: Layout, text: str) -> None:
    draft = Debriefs(layout).get(one_waiting(layout)).model_copy(update={"body": text, "why": text, "title": text})
    words = words_of(as_text(draft))
    assert (words.title, words.why, words.body) == (text, text, text)
    assert (words.file, words.tier, words.roles) == (draft.file, draft.tier, ())


def test_the_page_says_what_became_of_the_file(layout: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    one = one_waiting(layout, file_hash="0" * 64)
    debrief.show(one, repo=layout.root)
    assert "src/cart.py (changed since)" in capsys.readouterr().out
    assert "seen      once in shop-bugs, the same file" in page(Debriefs(layout).get(one))
    narrow = page(Debriefs(layout).get(one), columns=60).splitlines()
    assert max(map(len, narrow)) <= 60, "on a terminal long lines go on below their text"
    assert all(line.startswith("  ") for line in narrow[1:])


def test_a_repository_that_commits_its_own_candidates_is_refused(layout: Layout) -> None:
    one_waiting(layout)
    subprocess.run(["git", "-C", str(layout.root), "add", "-f", ".linestop/debriefs"], check=True)
    with pytest.raises(RepositoryError, match="commits"):
        debrief.list_(repo=layout.root)


def test_a_person_walks_through_what_waits_at_a_terminal(layout: Layout, tmp_path: Path) -> None:
    corrected(layout, "Prices are Decimal.")
    fired(layout)
    failed_twice(layout)
    Debriefs(layout).gather("shop-bugs")
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\nsed -i \'s/^title = .*/title = "Look in src first."/\' "$1"\n')
    editor.chmod(0o755)
    code = "import sys; from linestop.deployments.cli.debrief_walk import walk; sys.exit(walk(who='anna'))"
    leader, follower = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-c", code], cwd=layout.root, stdin=follower, stdout=subprocess.PIPE, stderr=follower,
        env=os.environ | {"EDITOR": str(editor), "VISUAL": ""}, text=True,
    )  # fmt: skip
    os.close(follower)
    os.write(leader, b"all of it\na\nedit\nx\nd\n\nd\nknown\n")
    out, _ = child.communicate(timeout=60)
    os.close(leader)
    assert (child.returncode, out) == (0, "3 decided, 0 wait\n")
    assert {lesson.title for lesson in Lessons(layout).list()} == {"Prices are Decimal.", "Look in src first."}
    rulings = [one.decided.ruling for one in Debriefs(layout).decided() if one.decided]
    assert rulings == ["accept", "edit", "drop"]
