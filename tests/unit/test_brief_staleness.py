"""Fresh and stale are told apart honestly: whatever else is remembered, and though a file went back to what it was."""

from linestop.briefs import Told, compose
from linestop.briefs.rank import MOST_HASHED
from linestop.memory.lessons.model import Tier
from linestop.watch.firing import Severity
from tests.unit.brief_samples import ask, caution, lesson


def test_cautions_of_many_files_make_no_lesson_stale() -> None:
    """An agent that has detectors fire about hundreds of files must not devalue what people know."""
    cautions = tuple(caution(f"c{n}", n, file=f"shop/f{n}.py", file_hash="h") for n in range(400))
    lessons = tuple(lesson(f"l{n}", n, file=f"shop/g{n}.py", file_hash="h") for n in range(150))
    asked = ask(window=1_000_000)
    found = compose(asked, Told(lessons=lessons, cautions=cautions), fraction=0.15, skills=(), hashes=lambda _: "h")
    assert len(found.kept("lessons")) == len(lessons)
    assert "STALE" not in found.text


def test_a_global_lesson_about_a_file_is_never_called_stale() -> None:
    """It was written of no repository's file: nobody can say that the file changed."""
    one = lesson("theirs", file="shop/cart.py", tier=Tier.GLOBAL)
    old = lesson("changed", 9, file="shop/cart.py", file_hash="old")
    found = compose(ask(), Told(lessons=(old, one)), fraction=0.15, skills=(), hashes=lambda _: "h")
    assert found.kept("lessons") == ("theirs", "changed")
    assert "Lesson `theirs`, about shop/cart.py:" in found.text


def test_of_two_cautions_that_say_the_same_the_one_that_still_holds_is_told() -> None:
    """A rejected attempt is thrown away: the file is again what it was when the older one was seen."""
    here: dict[str, object] = {"file": "shop/cart.py", "detail": "the same"}
    cautions = (
        caution("before", 1, file_hash="h", **here),
        caution("thrown-away", 2, file_hash="other", **here),
        caution("another", 0, file="shop/cart.py", file_hash="other"),
    )
    found = compose(ask(), Told(cautions=cautions), fraction=0.15, skills=(), hashes=lambda _: "h")
    assert found.kept("cautions") == ("before", "another")
    assert "2 times" in found.text


def test_of_two_cautions_that_say_the_same_the_warning_is_told() -> None:
    cautions = (
        caution("warning", 1, detail="the same"), caution("note", 2, detail="the same", severity=Severity.INFO),
    )  # fmt: skip
    found = compose(ask(), Told(cautions=cautions), fraction=0.15, skills=(), hashes=lambda _: "h")
    assert found.kept("cautions") == ("warning",)


def test_files_that_are_in_play_are_hashed_before_others() -> None:
    """Where not all can be hashed, what counts is."""
    others = tuple(caution(f"c{n}", 1_000 + n, file=f"far/f{n}.py", file_hash="h") for n in range(900))
    mine = caution("mine", 1, file="shop/cart.py", file_hash="h")
    hashed: list[str] = []
    found = compose(
        ask(), Told(cautions=(*others, mine)), fraction=0.15, skills=(), hashes=lambda file: hashed.append(file) or "h"
    )
    assert len(hashed) == MOST_HASHED < len(others)
    assert found.kept("cautions")[0] == "mine"
    assert "in shop/cart.py, last 2026-11-01: Detail of mine" in found.text


def test_cautions_that_differ_only_at_their_end_are_two() -> None:
    long = "the same command with a long list of files " * 6
    cautions = (caution("one", 1, detail=f"{long}a.py"), caution("two", 2, detail=f"{long}b.py"))
    found = compose(ask(), Told(cautions=cautions), fraction=0.15, skills=(), hashes=lambda _: "h")
    assert found.kept("cautions") == ("two", "one")
