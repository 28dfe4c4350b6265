"""The detectors of texts: `reasoning-loop` and `chant`."""

import pytest

from linestop.watch.detectors.chant import repeated_end
from tests.unit.watch_script import Step, fired, read, run, say, severities, think

THOUGHT = "The tests fail because the parser drops the last line. I should look at the parser and see what it does."


@pytest.mark.parametrize(
    ("steps", "times"),
    [
        pytest.param([think(THOUGHT)] * 3, 1, id="three"),
        pytest.param([think(THOUGHT), think(THOUGHT.upper()), think(THOUGHT.replace(" ", "\n  "))], 1, id="normalised"),
        pytest.param([s for n in range(3) for s in (think(f"{n}" * 90), think(THOUGHT))], 1, id="others-between"),
        pytest.param([think("x" * 80)] * 3, 1, id="80-characters"),
        pytest.param([think(THOUGHT)] * 2, 0, id="twice"),
        pytest.param([think("x" * 79)] * 9, 0, id="79-characters"),
        pytest.param([think(f"{THOUGHT} {n}") for n in range(9)], 0, id="each-a-little-different"),
        pytest.param([say(THOUGHT)] * 9, 0, id="messages-are-no-thoughts"),
        pytest.param([s for n in range(3) for s in (think(THOUGHT), *[think(f"{n}{m}" * 50) for m in range(4)])], 0,
                     id="the-third-is-the-eleventh"),
        pytest.param([s for n in range(3) for s in (think(THOUGHT), *[think("So.")] * 4)], 0, id="short-ones-count"),
        pytest.param([think(THOUGHT)] * 5, 1, id="edge-triggered"),
        pytest.param([think(THOUGHT)] * 6, 2, id="every-third-of-an-unbroken-loop"),
        pytest.param([*[think(THOUGHT)] * 3, *[think(f"{n}" * 90) for n in range(10)], *[think(THOUGHT)] * 3], 2,
                     id="arms-again-out-of-the-window"),
    ],
)  # fmt: skip
def test_reasoning_loop(steps: list[Step], times: int) -> None:
    assert len(fired("reasoning-loop", *steps)) == times


@pytest.mark.parametrize(
    ("steps", "times"),
    [
        pytest.param([say("I will fix it now. " * 4)], 1, id="a-run-four-times"),
        pytest.param([think("wait, " * 4)], 1, id="in-a-thought"),
        pytest.param(
            [say("Now I look. " + " ".join(["one two three four five six seven eight"] * 4))], 1, id="8-words"
        ),
        pytest.param([say(" ".join([" ".join("abcdefghijklmnop")] * 4))], 1, id="16-words"),
        pytest.param([say("I will fix it now. " * 5 + "I will fi")], 1, id="cut-in-the-middle-of-a-run"),
        pytest.param([say("fix it now " * 5 + "fi")], 1, id="cut-in-a-word"),
        pytest.param([say("looploop," * 30)], 1, id="without-blanks"),
        pytest.param([say("Done.")] * 3, 1, id="three-messages"),
        pytest.param([say("Done."), read("a.py"), say("Done."), read("b.py"), say("Done.")], 1, id="calls-between"),
        pytest.param([say("I will fix it now. " * 3)], 0, id="three-times"),
        pytest.param([say(" ".join([" ".join("abcdefghijklmnopq")] * 4))], 0, id="17-words"),
        pytest.param([say("go go go go and now something else")], 0, id="not-at-the-end"),
        pytest.param([say("Done.")] * 2, 0, id="two-messages"),
        pytest.param([say("Done."), say("Not yet."), say("Done."), say("Done.")], 0, id="not-in-a-row"),
        pytest.param([say("=" * 400)], 0, id="a-line-is-no-chant"),
        pytest.param([say("| a | b |\n|---|---|\n| 1 | 2 |")], 0, id="a-table"),
        pytest.param([think("Done.")] * 9, 0, id="thoughts-are-no-messages"),
        pytest.param([say(" ")] * 9, 0, id="empty-messages"),
    ],
)
def test_chant(steps: list[Step], times: int) -> None:
    assert len(fired("chant", *steps)) == times


def test_the_same_words_with_news_between_are_info() -> None:
    polls = [s for n in range(6) for s in (say("Is it ready?"), run("tail log", f"{n} %"))]
    assert severities("chant", *polls) == ["info", "info"]
    stuck = [s for _ in range(6) for s in (say("I try again."), run("make", "2 failed", "error"))]
    assert severities("chant", *stuck) == ["warning", "warning"]
    circle = [s for n in range(6) for s in (say("I try again."), read(f"{n % 2}.py"))]
    assert severities("chant", *circle) == ["info", "warning"]


def test_a_long_text_is_only_looked_at_from_its_end() -> None:
    assert repeated_end("word " * 10 + " ".join(f"w{n}" for n in range(100))) == ""
    assert repeated_end("start " + "a b " * 100_000) == "a b"


def test_a_thought_that_is_quoted_is_one_harmless_line() -> None:
    (firing,) = fired("reasoning-loop", *[think("\x1b[31m" + THOUGHT + "\n" * 3 + "x" * 400)] * 3)
    assert "\x1b" not in firing.message
    assert len(firing.detail) < 250
    assert severities("chant", say("\x1b[31mboo \x1b[0m" * 8)) == ["warning"]
