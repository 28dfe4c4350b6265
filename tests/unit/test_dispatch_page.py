"""A dispatch's page in the UI: what it tells, and that nothing an agent wrote becomes markup."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from linestop.events import Usage
from linestop.runs import DiffStat, FileStat, RecordedFiring, RecordedRun, Relative
from linestop.runs.dispatch_page import code, dispatch_page, read_on, runs_table, watch_page
from linestop.runs.words import memory_words
from linestop.watch import Firing, Rung
from linestop.watch.nudging import Nudged

AT = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
HOSTILE = "x | y\n\n# big <img src=x onerror=alert(1)> [click](javascript:alert(1)) `code` $a$ \x1b[31m\u202e"


def run(**changes: object) -> RecordedRun:
    values: dict[str, object] = {
        "run_id": "20261121T100000-dispatch-a1b2c3",
        "folder": Path("/shop/.linestop/runs/20261121T100000-dispatch-a1b2c3"),
        "kind": "dispatch",
        "outcome": "candidate",
        "parameters": {"role": "maker", "chunk": "c1", "attempt": 2, "ticket": "shop-bugs", "engine": "codex"},
        "seconds": 12.34,
    }
    return RecordedRun.model_validate(values | changes)


def test_it_tells_how_it_ended_what_it_used_what_fired_and_how_to_read_on() -> None:
    page = dispatch_page(
        run(
            usage=Usage(input=1000, output=50, usd=0.5),
            calls=3,
            outcomes={"error": 2, "ok": 1},
            firings=(RecordedFiring(detector="repeat", detail="3 times", rung="nudge", at=AT),),
            nudges=(Nudged(detector="repeat", fired_at=AT, told_at=AT, changed=True, calls=4),),
            diff=DiffStat(files=(FileStat(path="shop.py", added=2, removed=1),), count=1, added=2, removed=1),
        )
    )
    for words in (
        "**candidate** · maker c1 \\#2", "| engine | codex |", "| seconds | 12.3 |",
        "1,000 tokens in, 50 out, \\$0.5000",
        "| tool calls | 3, 2 error, 1 ok |", "| 10:00:00 | repeat | warning | nudge | 3 times |  |",
        "| 10:00:00 | repeat | changed | 4 |", "| shop.py | +2 -1 |",
        "`linestop run show 20261121T100000-dispatch-a1b2c3`",
    ):  # fmt: skip
        assert words in page


def test_while_it_runs_it_tells_what_fired_and_how_to_watch_it() -> None:
    seen = [(Firing(detector="repeat", detail=HOSTILE, at=AT), Rung.LINE_STOP)] * 150
    page = watch_page("r1", Path("/shop/.linestop/runs/r1"), seen)
    assert "`linestop run show r1 --follow`" in page
    assert "50 earlier ones are in the record." in page
    assert page.count("| 10:00:00 | repeat | warning | line-stop |") == 100
    assert "<img" not in page.replace("\\<img", "")


def test_hostile_text_stays_text() -> None:
    firing = RecordedFiring(detector=HOSTILE, detail=HOSTILE, file=HOSTILE, rung=HOSTILE, at=AT)
    names = {"role": HOSTILE, "chunk": HOSTILE, "attempt": 1, "ticket": HOSTILE, "engine": HOSTILE}
    page = dispatch_page(
        run(
            parameters=names, outcome=HOSTILE, summary=HOSTILE, session=HOSTILE, model=HOSTILE, problems=(HOSTILE,),
            firings=(firing,), nudges=(Nudged(detector=HOSTILE, fired_at=AT),), outcomes={HOSTILE: 1},
            faults={HOSTILE: 1},
            diff=DiffStat(files=(FileStat(path=HOSTILE),), count=1), folder=Path(f"/a{HOSTILE}"), run_id=HOSTILE,
        )
    )  # fmt: skip
    outside = page
    for span in page.split("`")[1::2]:
        outside = outside.replace(f"`{span}`", "")
    for char in "<[!":
        assert outside.count(char) == outside.count(f"\\{char}"), char
    assert "\x1b" not in page
    assert "\u202e" not in page
    assert not [line for line in page.splitlines() if line.startswith("# ")]
    rows = [line for line in page.splitlines() if line.startswith("| 10:00:00")]
    assert [row.replace("\\|", "").count("|") for row in rows] == [7, 5]


@pytest.mark.parametrize("text", ["a`b", "a|b", "`", "a\nb"])
def test_code_ends_where_it_should(text: str) -> None:
    shown = code(text)
    assert (shown.count("`"), shown[0], shown[-1]) == (2, "`", "`")
    assert "|" not in shown
    assert "\n" not in shown


def test_a_run_that_goes_on_can_be_watched() -> None:
    assert "`linestop run show r1 --follow`" in read_on("r1", Path("/x"), going=True)


def test_the_dispatches_of_a_run_are_listed_with_the_command_that_shows_each() -> None:
    page = runs_table([Relative(run_id="r1", name="maker c1 #1", outcome="candidate")])
    assert "| maker c1 \\#1 | candidate | `linestop run show r1` |" in page
    assert runs_table(()) == ""


@pytest.mark.parametrize(
    ("told", "words"),
    [
        pytest.param(
            {"signs": ["s"], "corrections": 2, "lessons": ["a", "b"], "cautions": [], "skills": ["role-maker"]},
            "1 sign, 2 corrections, 2 lessons, 1 skill",
            id="what it was told",
        ),
        pytest.param(None, "", id="an older record"),
        pytest.param("lessons", "", id="a text"),
        pytest.param({"lessons": {"a": 1}, "signs": "x", "corrections": -1, "skills": None}, "", id="other shapes"),
    ],
)
def test_a_dispatch_says_how_much_of_memory_it_was_told(told: object, words: str) -> None:
    assert memory_words(told) == words
    page = dispatch_page(run(parameters={"role": "maker", "told": told}))
    assert (f"| told | {words} |" in page) is bool(words)
