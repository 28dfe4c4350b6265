"""Strangers' text on one line, harmless to a terminal."""

import pytest

from linestop.text import plain, plain_lines


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("as it is", "as it is", id="ordinary"),
        pytest.param("a\n b\t\tc\r\n", "a b c", id="white space is folded"),
        pytest.param("\x1b[31mred\x1b[0m", "red", id="colour"),
        pytest.param("\x1b]0;title\x07x", "x", id="window title"),
        pytest.param("\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "link", id="hyperlink"),
        pytest.param("\x1b]0;never ended", "", id="a sequence that is torn"),
        pytest.param("\x9b31mred", "red", id="8-bit colour"),
        pytest.param("\x1bP+q\x1b\\x", "x", id="device control"),
        pytest.param("a\x1bcb", "ab", id="terminal reset"),
        pytest.param("a\x08\x08b\x7f\x00", "ab", id="controls"),
        pytest.param("user\u202egnp.exe", "usergnp.exe", id="right-to-left override"),
        pytest.param("ze\u200bro\ufeff", "zero", id="zero width"),
        pytest.param("a\u2028b\u2029c\x85d", "a b c d", id="other line ends"),
        pytest.param("naïve 日本 🎉", "naïve 日本 🎉", id="other scripts stay"),
        pytest.param("bad\udcff", "bad\\xff", id="a byte that is no UTF-8"),
        pytest.param("lone\ud83d", "lone?", id="half a surrogate pair"),
        pytest.param("[bold]x[/bold]", "[bold]x[/bold]", id="markup is its writer's matter"),
    ],
)
def test_text_is_made_plain(text: str, shown: str) -> None:
    assert plain(text) == shown
    assert plain(plain(text)) == plain(text)


def test_long_text_is_cut_with_an_ellipsis() -> None:
    assert plain("x" * 500, limit=10) == "x" * 9 + "…"
    assert plain("x" * 10, limit=10) == "x" * 10


def test_an_endless_text_costs_little() -> None:
    assert len(plain("\x1b[31m" * 5_000_000, limit=50)) <= 50


def test_lines_are_kept_where_they_are_wanted_and_the_end_counts() -> None:
    assert plain_lines("a\x1b[1m\r\nb\x07\n", limit=100) == "a\nb"
    assert plain_lines("first\nlast", limit=4) == "last"
