"""A help page reads well in any terminal: prose fills it, an example can be copied as it stands."""

import io
import itertools

import pytest
from rich.console import Console

from linestop.deployments.cli.app import build
from linestop.deployments.cli.help_page import default_shown, laid_out

LONG = '    linestop ticket correct shop-bugs "the totals are in cents: never round" --chunk c2  # a person says so'


def help_of(columns: int, *words: str) -> str:
    shown = Console(file=io.StringIO(), width=columns, color_system=None)
    build(words[0]).help_print(words, console=shown)
    assert isinstance(shown.file, io.StringIO)
    return shown.file.getvalue()


@pytest.mark.parametrize("columns", [60, 80, 200])
def test_no_line_of_a_page_is_wider_than_the_terminal_or_breaks_early(columns: int) -> None:
    lines = help_of(columns, "run").splitlines()
    prose = lines[next(at for at, line in enumerate(lines) if line.startswith("The checkout")) :]
    paragraph = prose[: prose.index("")]
    assert max(map(len, lines)) <= columns
    for line, following in itertools.pairwise(paragraph):
        assert len(line) + 1 + len(following.split()[0]) > min(columns, 100), line


def test_an_option_s_text_of_several_lines_in_the_code_is_one_paragraph_in_its_table() -> None:
    assert "is run again as `linestop lab" in help_of(80, "lab", "rerun")


def test_a_flag_that_is_not_given_is_no_default_worth_a_word() -> None:
    text = help_of(80, "watch")
    assert "False]" not in text
    assert "()]" not in text
    assert "[default: 20]" in text
    assert default_shown(0) == "0"


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        pytest.param(120, [LONG], id="it fits"),
        pytest.param(
            90,
            [
                '    linestop ticket correct shop-bugs "the totals are in cents: never round" --chunk c2',
                "      # a person says so",
            ],
            id="its comment stands below it",
        ),
        pytest.param(
            60,
            [
                "    linestop ticket correct shop-bugs \\",
                '        "the totals are in cents: never round" --chunk c2',
                "      # a person says so",
            ],
            id="it is continued as a shell continues it, never within quotes",
        ),
    ],
)
def test_an_example_can_be_copied(width: int, lines: list[str]) -> None:
    assert list(laid_out(LONG, width))[:-1] == lines
