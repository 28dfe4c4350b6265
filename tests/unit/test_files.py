"""Files that others may have a hand in: whole or not at all, bounded, and never through a link."""

import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from linestop.files import APPEND, append_lines, read_whole, write_whole


@contextmanager
def a_disk_with(size: int) -> Iterator[None]:
    """Let no file grow beyond so many bytes."""
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def appended(path: Path, lines: bytes) -> None:
    file = os.open(path, APPEND, 0o644)
    try:
        append_lines(file, lines)
    finally:
        os.close(file)


@pytest.mark.parametrize("durable", [True, False], ids=["durable", "against a kill"])
def test_a_file_is_put_in_its_place_with_nothing_left_beside_it(tmp_path: Path, durable: bool) -> None:
    path = tmp_path / "a.json"
    write_whole(path, b"old", durable=durable)
    write_whole(path, b"new", durable=durable)
    assert path.read_bytes() == b"new"
    assert [one.name for one in tmp_path.iterdir()] == ["a.json"]


def test_a_disk_that_refuses_leaves_what_stood_there_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_whole(path, b"old")
    with a_disk_with(10), pytest.raises(OSError, match="large"):
        write_whole(path, b"x" * 100)
    assert path.read_bytes() == b"old"
    assert [one.name for one in tmp_path.iterdir()] == ["a.json"]


def test_a_link_in_a_file_s_place_is_replaced_and_what_it_leads_to_stays(tmp_path: Path) -> None:
    target, path = tmp_path / "target", tmp_path / "a.json"
    target.write_text("precious")
    path.symlink_to(target)
    write_whole(path, b"new")
    assert target.read_text() == "precious"
    assert path.read_bytes() == b"new"
    assert not path.is_symlink()


def test_a_file_of_just_the_size_is_read_and_one_byte_more_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"12345")
    assert read_whole(path, most=5) == b"12345"
    with pytest.raises(OSError, match="more than 4 bytes"):
        read_whole(path, most=4)


def test_links_pipes_and_folders_are_not_read_and_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("secret")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "folder", "pipe"):
        with pytest.raises(OSError, match=name):
            read_whole(tmp_path / name, most=100)
    with pytest.raises(FileNotFoundError):
        read_whole(tmp_path / "nothing", most=100)


def test_the_half_line_of_a_killed_writer_is_ended_and_hides_no_later_one(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    appended(path, b"one\n")
    with path.open("ab") as torn:
        torn.write(b'{"ha')
    appended(path, b"two\nthree\n")
    assert path.read_bytes().splitlines() == [b"one", b'{"ha', b"two", b"three"]


def test_lines_that_the_disk_has_no_room_for_leave_no_half_line(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    appended(path, b"one\n")
    with a_disk_with(10), pytest.raises(OSError, match="large"):
        appended(path, b"x" * 100 + b"\n")
    assert path.read_bytes() == b"one\n"
    appended(path, b"two\n")
    assert path.read_bytes() == b"one\ntwo\n"
