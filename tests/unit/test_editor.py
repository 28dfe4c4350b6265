"""A person's editor: run without a shell, and what is wrong with it said in words."""

from pathlib import Path

import pytest

from linestop.deployments.cli.editor import open_editor
from linestop.errors import UsageError


@pytest.fixture(autouse=True)
def no_visual(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VISUAL", raising=False)


def test_its_words_are_arguments_and_no_shell_reads_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page, editor = tmp_path / "a page; touch owned", tmp_path / "editor"
    page.write_text("before")
    editor.write_text('#!/bin/sh\nprintf "%s" "$1" > "$2"\n')
    editor.chmod(0o755)
    monkeypatch.setenv("EDITOR", f"{editor} '$(touch owned)'")
    open_editor(page)
    assert page.read_text() == "$(touch owned)"


@pytest.mark.parametrize(
    ("editor", "found"),
    [
        pytest.param("/nowhere/editor", "can't be started", id="not there"),
        pytest.param("vi 'torn", "can't be started", id="a quote that never ends"),
        pytest.param("false", "gave up", id="gives up"),
    ],
)
def test_one_that_does_not_work_is_named(
    editor: str, found: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDITOR", editor)
    with pytest.raises(UsageError, match=found):
        open_editor(tmp_path / "page")


def test_blanks_are_no_editor_and_the_page_is_not_run_in_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page"
    page.write_text(f"#!/bin/sh\ntouch {tmp_path}/owned\n")
    page.chmod(0o755)
    monkeypatch.setenv("EDITOR", " ")
    with pytest.raises(UsageError, match="can't be started"):
        open_editor(page)
    assert not (tmp_path / "owned").exists()
