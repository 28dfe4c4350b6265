"""What is told first: by file in play, fresh before stale, urgent before not, the newest, each once."""

from dataclasses import dataclass, field

import pytest

from linestop.briefs import InPlay, Told, compose, in_play
from linestop.memory.cautions.model import Caution
from linestop.memory.lessons.model import Lesson, Tier, Trust
from linestop.plans import Chunk
from linestop.watch.firing import Severity
from tests.unit.brief_samples import CHUNK, PLAN, SIGN, ask, at, brief, caution, correction, lesson, reflection


@dataclass
class Files:
    """A workspace's hashes; counts what is asked."""

    hashes: dict[str, str]
    asked: list[str] = field(default_factory=list)

    def hash(self, file: str) -> str:
        self.asked.append(file)
        return self.hashes.get(file, "")


def kept(told: Told, block: str, files: Files | None = None) -> tuple[str, ...]:
    there = files or Files({"shop/cart.py": "h", "other.py": "h"})
    return compose(ask(), told, fraction=0.15, skills=(), hashes=there.hash).kept(block)


LESSONS = (
    lesson("general-new", 90),
    lesson("other-stale", 80, file="other.py", file_hash="old"),
    lesson("other-fresh", 10, file="other.py", file_hash="h"),
    lesson("cart-stale-new", 70, file="shop/cart.py", file_hash="old"),
    lesson("cart-gone", 60, file="shop/gone.py", file_hash="h"),
    lesson("cart-fresh-old", 1, file="shop/cart.py", file_hash="h"),
    lesson("cart-fresh-new", 2, file="shop/cart.py", file_hash="h"),
    lesson("cart-unhashed", 75, file="shop/cart.py"),
)


def test_lessons_come_by_file_in_play_then_fresh_then_newest() -> None:
    assert kept(Told(lessons=LESSONS), "lessons") == (
        "cart-fresh-new",
        "cart-fresh-old",
        "cart-unhashed",
        "cart-stale-new",
        "cart-gone",
        "general-new",
        "other-fresh",
        "other-stale",
    )


def test_a_stale_lesson_is_marked_and_a_fresh_one_says_so() -> None:
    text = compose(ask(), Told(lessons=LESSONS), fraction=0.15, skills=(), hashes=lambda _: "h").text
    assert "Lesson `cart-stale-new`, about shop/cart.py: STALE" in text
    assert "Lesson `cart-fresh-new`, about shop/cart.py, which is as it was then:" in text
    assert "Lesson `general-new`, about no file in particular:" in text


def test_a_long_failure_keeps_its_beginning_and_its_end_in_a_sign() -> None:
    failure = f"scope: 20 files are outside: {'x' * 1_900} tests/test_cart.py: put it back"
    text = compose(
        ask(),
        Told(signs=(SIGN.model_copy(update={"failure": failure}),)),
        fraction=0.15,
        skills=(),
        hashes=lambda _: "",
    ).text
    assert "scope: 20 files are outside: " in text
    assert "x [cut] x" in text
    assert "tests/test_cart.py: put it back" in text


def test_of_lessons_that_disagree_knowingly_the_brief_says_so() -> None:
    lessons = (lesson("use-uv", 1), lesson("never-use-uv", 2, contradicts=("use-uv",)))
    text = compose(ask(), Told(lessons=lessons), fraction=0.15, skills=(), hashes=lambda _: "h").text
    assert "Lesson `never-use-uv`, about no file in particular; it disagrees with `use-uv`:" in text


def test_each_file_is_hashed_once() -> None:
    files = Files({"shop/cart.py": "h"})
    cautions = tuple(caution(str(n), n, file="shop/cart.py", file_hash="h") for n in range(5))
    kept(Told(lessons=LESSONS, cautions=cautions), "lessons", files)
    assert sorted(files.asked) == ["other.py", "shop/cart.py", "shop/gone.py"]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"trust": Trust.PROPOSED}, id="nobody accepted it"),
        pytest.param({"superseded_by": "newer"}, id="superseded"),
        pytest.param({"roles": ("checker",)}, id="for another role"),
    ],
)
def test_a_lesson_that_is_not_for_this_dispatch_is_never_told(changes: dict[str, object]) -> None:
    assert kept(Told(lessons=(lesson("it", **changes), lesson("other"))), "lessons") == ("other",)


def test_cautions_come_by_file_in_play_fresh_urgent_newest() -> None:
    here = {"file": "shop/cart.py", "file_hash": "h"}
    cautions = (
        caution("nowhere", 99),
        caution("info", 90, severity=Severity.INFO, **here),
        caution("stale-stop", 80, severity=Severity.STOP, file="shop/cart.py", file_hash="old"),
        caution("old-warning", 1, **here),
        caution("new-stop", 2, severity=Severity.STOP, **here),
        caution("elsewhere", 95, file="other.py", file_hash="h"),
    )
    assert kept(Told(cautions=cautions), "cautions") == (
        "new-stop", "old-warning", "info", "stale-stop", "nowhere", "elsewhere"
    )  # fmt: skip


def test_a_caution_seen_often_is_told_once_with_its_count_and_its_last_day() -> None:
    same: dict[str, object] = {"file": "shop/cart.py", "file_hash": "h", "detail": "cat nothing: 3 times"}
    told = Told(cautions=(*(caution(str(n), n, **same) for n in range(4)), caution("x", detail="another thing")))
    found = brief(told=told)
    assert found.kept("cautions") == ("3", "x")
    assert "- [warning] repeat in shop/cart.py, 4 times, last 2026-11-01: cat nothing: 3 times" in found.text


def test_a_caution_without_a_zone_in_its_time_does_no_harm() -> None:
    naive = Caution.model_validate({**caution("n").model_dump(), "at": at(5).replace(tzinfo=None), "detail": "d"})
    assert set(kept(Told(cautions=(naive, caution("a", 1))), "cautions")) == {"n", "a"}


def test_corrections_of_the_chunk_and_of_the_ticket_come_newest_first() -> None:
    told = Told(
        corrections=(
            correction("the earliest", 1),
            correction("not of this chunk", 9, chunk="other"),
            correction("of a person", 5, by="ada", person=True, chunk=""),
            correction("same minute, later", 5),
        ),
        reflections=(reflection("said of it"), reflection("said, but not of this chunk", chunk="other")),
    )
    text = brief(told=told).text
    assert "said of it" in text
    assert "not of this chunk" not in text
    assert text.index("same minute, later") < text.index("of a person") < text.index("the earliest")
    assert "By ada (a person):" in text


def test_signs_stand_first_as_constraints_unsolved_ones_then_the_chunks_own_before_the_others() -> None:
    solved = SIGN.model_copy(update={"id": "s2", "solved": True, "times": 9})
    elsewhere = SIGN.model_copy(update={"id": "s3", "chunk": "other", "times": 9})
    found = brief(told=Told(signs=(solved, elsewhere, SIGN)))
    assert found.kept("signs") == ("s1", "s3", "s2")
    assert found.text.index("## Signs") < found.text.index("## Task")
    assert "seen 2 times" in found.text
    assert "whatever you do, it must not come back" in found.text


def test_a_role_that_judges_is_told_nothing_of_its_tickets_makers() -> None:
    mine = {"file": "shop/cart.py", "file_hash": "h"}
    told = Told(
        signs=(SIGN,),
        corrections=(correction("a secret correction"),),
        reflections=(reflection("a secret reflection"),),
        lessons=(lesson("for-all"), lesson("for-makers", roles=("maker",)), lesson("for-checkers", roles=("checker",))),
        cautions=(
            caution("own", ticket="shop", **mine),
            caution("others", detail="of another ticket", **mine),
            caution("far", file="other.py", file_hash="h", detail="far away"),
        ),
    )
    found = brief(ask(role="checker", diff="+ x = 1"), told)
    assert {name: found.kept(name) for name in ("signs", "corrections", "reflections", "cautions")} == {
        "signs": (), "corrections": (), "reflections": (), "cautions": ("others",)
    }  # fmt: skip
    assert set(found.kept("lessons")) == {"for-all", "for-checkers"}
    assert "secret" not in found.text
    assert "+ x = 1" in found.text
    assert "approve or reject" in found.text


def test_the_same_inputs_give_the_same_brief() -> None:
    told = Told(lessons=LESSONS, cautions=(caution("a"), caution("b", 3)), corrections=(correction("c"),))
    assert brief(told=told) == brief(told=told)


@pytest.mark.parametrize(
    ("text", "file", "covered"),
    [
        pytest.param("Mend shop/tax.py:12 please.", "shop/tax.py", True, id="a path with a line"),
        pytest.param("See ./shop/tax.py.", "shop/tax.py", True, id="a path that ends a sentence"),
        pytest.param("It is in `tax`.", "lib/tax.py", True, id="a name in backticks"),
        pytest.param("`Tax.total()` is wrong", "lib/tax.py", False, id="letter case counts"),
        pytest.param("`tax.total()` is wrong", "lib/tax.py", True, id="a call in backticks"),
        pytest.param("the whole of lib/money", "lib/money/tax.py", True, id="a folder"),
        pytest.param("all of lib/**/*.py", "lib/a/b.py", True, id="a glob in the text"),
        pytest.param("see https://x.org/lib/tax.py", "lib/tax.py", False, id="an address"),
        pytest.param("see /etc/passwd and ../lib/tax.py", "lib/tax.py", False, id="outside"),
        pytest.param("e.g. in version 1.5", "g", False, id="no path"),
        pytest.param("nothing named", "shop/any.py", True, id="the scope's glob"),
        pytest.param("nothing named", "lib/any.py", False, id="out of scope"),
    ],
)
def test_files_in_play_are_what_ticket_and_chunk_name(text: str, file: str, *, covered: bool) -> None:
    chunk = CHUNK.model_copy(update={"text": text})
    assert in_play(PLAN, chunk).covers(file) is covered


def test_a_path_that_reads_like_a_glob_is_itself() -> None:
    chunk = CHUNK.model_copy(update={"paths": ("shop/a[1].py",), "text": ""})
    play = in_play(PLAN.model_copy(update={"scope": ("lib/b[[]2].py", "tests/t[0-9].py")}), chunk)
    assert play.paths == ("shop/a[1].py", "lib/b[2].py")
    files = ("shop/a[1].py", "shop/a1.py", "lib/b[2].py", "lib/b2.py", "tests/t1.py", "tests/t.py")
    assert [file for file in files if play.covers(file)] == ["shop/a[1].py", "lib/b[2].py", "tests/t1.py"]


def test_files_in_play_as_files_are_those_named_then_those_that_fit() -> None:
    play = in_play(PLAN, CHUNK)
    assert play.among(("README.md", "shop/a.py", "shop/cart.py")) == ("shop/cart.py", "docs/cart.md", "shop/a.py")
    assert InPlay(paths=()).among(("a",)) == ()


def test_a_text_full_of_paths_is_looked_at_within_bounds() -> None:
    chunk = Chunk.model_construct(
        **{**dict(CHUNK), "text": " ".join(f"`a/{n}.py` b{n}.c" for n in range(20_000)) + "/a" * 40_000}
    )
    play = in_play(PLAN, chunk)
    assert len(play.paths) <= 500
    assert len(play.names) <= 500


def test_a_global_lesson_reads_like_any_other() -> None:
    one = Lesson.model_validate({**lesson("g").model_dump(), "tier": Tier.GLOBAL})
    assert kept(Told(lessons=(one,)), "lessons") == ("g",)


def test_many_globs_are_held_against_so_many_files_only() -> None:
    """A hostile plan's globs over a large repository would hold every dispatch up for a minute."""
    strange = InPlay(paths=(), globs=(*(f"*x{n}*x*y" for n in range(499)), "*.late"))
    files = tuple(f"src/{n}.py" for n in range(2_000))
    assert strange.among(("a.late", *files, "b.late")) == ("a.late",)
    assert strange.covers("b.late")
    usual = InPlay(paths=(), globs=tuple(f"lib{n}/*.ts" for n in range(500)))
    assert usual.among((*files, "lib499/b.ts")) == ("lib499/b.ts",)
