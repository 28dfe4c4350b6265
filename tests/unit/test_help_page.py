"""A help page reads well in any terminal: prose fills it, an example can be copied as it stands."""

import itertools

import pytest

from linestop.deployments.cli.app import build
from linestop.deployments.cli.errors import guarded
from linestop.deployments.cli.help_page import default_shown, laid_out

LONG = '    linestop ticket correct shop-bugs "the totals are in cents: never round" --chunk c2  # a person says so'


def help_of(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: int, *words: str) -> str:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("NO_COLOR", "1")
    assert guarded(build(words[0]), [*words, "--help"]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("columns", [60, 80, 200])
def test_no_line_of_a_page_is_wider_than_the_terminal_or_breaks_early(
    columns: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = help_of(capsys, monkeypatch, columns, "run").splitlines()
    prose = lines[next(at for at, line in enumerate(lines) if line.startswith("The checkout")) :]
    paragraph = prose[: prose.index("")]
    assert max(map(len, lines)) <= columns
    for line, following in itertools.pairwise(paragraph):
        assert len(line) + 1 + len(following.split()[0]) > min(columns, 100), line


def test_an_option_s_text_of_several_lines_in_the_code_is_one_paragraph_in_its_table(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "is run again as `linestop lab" in help_of(capsys, monkeypatch, 80, "lab", "rerun")


def test_a_flag_that_is_not_given_is_no_default_worth_a_word(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = help_of(capsys, monkeypatch, 80, "watch")
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
