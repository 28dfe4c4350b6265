"""Files as the model engine reads and writes them: nothing leads out of the workspace, nothing special is opened."""

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from linestop.blocks.model_engine.files import RefusedError, WorkspaceFiles
from linestop.blocks.model_engine.openings import MAX_FILE_BYTES


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "workspace"
    (made / "src").mkdir(parents=True)
    (made / "src/a.py").write_text("one\ntwo\nthree\n")
    (made / ".git").write_text("gitdir: elsewhere\n")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret").write_text("secret\n")
    (made / "link").symlink_to(tmp_path / "outside")
    (made / "src/alias").symlink_to(tmp_path / "outside/secret")
    (made / "src/loop").symlink_to("loop")
    (made / "src/binary").write_bytes(b"\0\1\2")
    os.mkfifo(made / "src/fifo")
    with (made / "src/huge").open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    return made


@pytest.fixture
def files(root: Path) -> WorkspaceFiles:
    return WorkspaceFiles(root)


BAD = [
    ("link/secret", "through a link"),
    ("src/alias", "link|no regular file"),
    ("src/loop", "link|no regular file"),
    ("src/../../outside/secret", "`..`"),
    ("/etc/passwd", "out of the workspace"),
    (".git", "no file of the work"),
    (".GIT/config", "no file of the work"),
    ("src/.linestop/config.toml", "no file of the work"),
    ("src/fifo", "no regular file"),
    ("src/a.py/b", "through a link or a file"),
    ("a\0b", "a path is needed"),
    ("", "a path is needed"),
]


@pytest.mark.parametrize(
    ("path", "why"), [*BAD, ("src/huge", "more than"), ("src/binary", "binary"), ("no", "not there")]
)
def test_what_can_not_be_read_says_why(files: WorkspaceFiles, path: str, why: str) -> None:
    with pytest.raises(RefusedError, match=why):
        files.read(path)


@pytest.mark.parametrize(("path", "why"), [*BAD, ("src", "no regular file"), (".", "the workspace itself")])
def test_what_can_not_be_written_says_why_and_nothing_outside_changes(
    files: WorkspaceFiles, root: Path, path: str, why: str
) -> None:
    with pytest.raises(RefusedError, match=why):
        files.write(path, "changed")
    assert (root.parent / "outside/secret").read_text() == "secret\n"
    assert not list(root.rglob("*.new"))


@pytest.mark.parametrize(
    ("first", "last", "shown"),
    [
        (None, None, "1\tone\n2\ttwo\n3\tthree"),
        (2, None, "2\ttwo\n3\tthree"),
        (2, 2, "2\ttwo"),
        (1, 99, "1\tone\n2\ttwo\n3\tthree"),
    ],
)
def test_lines_are_read_with_their_numbers(
    files: WorkspaceFiles, first: int | None, last: int | None, shown: str
) -> None:
    assert files.read("src/a.py", first, last) == shown


def test_a_range_behind_the_end_says_how_long_the_file_is(files: WorkspaceFiles) -> None:
    with pytest.raises(RefusedError, match="3 lines"):
        files.read("src/a.py", 4)


def test_a_folder_is_listed_without_what_is_not_of_the_work(files: WorkspaceFiles, root: Path) -> None:
    assert files.read(".") == "link\nsrc/"
    assert files.read(str(root / "src")).splitlines()[0] == "a.py"


@pytest.mark.parametrize(
    ("before", "edit", "after"),
    [
        (b"a = 1\n", ("a = 1", "a = 2"), b"a = 2\n"),
        (b"a\r\nb\r\n", ("a\nb", "c\nd"), b"c\r\nd\r\n"),
        (b"\xff\xfe a\n", (" a", " b"), b"\xff\xfe b\n"),
    ],
    ids=["plain", "CRLF stays", "bytes that are no UTF-8 stay"],
)
def test_an_edit_changes_only_what_it_names(
    files: WorkspaceFiles, root: Path, before: bytes, edit: tuple[str, str], after: bytes
) -> None:
    (root / "src/e.py").write_bytes(before)
    (root / "src/e.py").chmod(0o755)
    files.edit("src/e.py", *edit)
    assert (root / "src/e.py").read_bytes() == after
    assert (root / "src/e.py").stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [("x", "y", "stands 2 times"), ("gone", "y", "does not stand"), ("", "y", "empty"), ("a", "a", "the same")],
)
def test_an_edit_that_is_none_changes_nothing(files: WorkspaceFiles, root: Path, old: str, new: str, why: str) -> None:
    (root / "e.py").write_text("a x x\n")
    with pytest.raises(RefusedError, match=why):
        files.edit("e.py", old, new)
    assert (root / "e.py").read_text() == "a x x\n"


def test_a_new_file_brings_its_folders(files: WorkspaceFiles, root: Path) -> None:
    files.write("new/deep/file.py", "x\n")
    assert (root / "new/deep/file.py").read_text() == "x\n"


def test_what_was_changed_can_be_put_back(files: WorkspaceFiles, root: Path) -> None:
    files.edit("src/a.py", "one", "1")
    files.write("src/a.py", "all new")
    files.write("new.py", "x")
    files.restore()
    assert (root / "src/a.py").read_text() == "one\ntwo\nthree\n"
    assert not (root / "new.py").exists()


@pytest.mark.parametrize("act", [lambda files: files.write("swap/f", "x"), lambda files: files.read("swap/f")])
def test_a_folder_swapped_for_a_link_meanwhile_leads_nowhere(
    files: WorkspaceFiles, root: Path, act: Callable[[WorkspaceFiles], object]
) -> None:
    outside, real = root.parent / "outside", root / "real"
    real.mkdir()
    (root / "swap").symlink_to(outside)
    over = threading.Event()

    def swap() -> None:
        while not over.is_set():
            for old, new in (("swap", "away"), ("real", "swap"), ("swap", "real"), ("away", "swap")):
                with suppress(OSError):  # a write may have made a folder of that name
                    (root / old).rename(root / new)

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        for _ in range(200):
            try:
                act(files)
            except RefusedError:
                continue
    finally:
        over.set()
        thread.join()
    assert [path.name for path in outside.iterdir()] == ["secret"]
