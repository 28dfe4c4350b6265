"""What is remembered of an attempt that came to nothing, and the report of one that came to nothing three times."""

from dataclasses import replace

import pytest

from linestop.execution.escalation import escalation_page
from linestop.execution.learned_page import learned_page
from linestop.execution.ruling import reject
from linestop.execution.setbacks import MAX_CAUTIONS, Setback
from linestop.memory.cautions import CautionKind
from linestop.memory.tickets import Correction, Failure, Learned, Reflection, Sign, signature
from linestop.plans import Chunk
from linestop.verdicts import TestCase, Verdict, Violation

CHUNK = Chunk(id="c0", title="Unused imports", source="ruff", rules=("F401",), paths=("shop/stock.py",))
SCOPE = Violation(rule="scope", path="shop/prices.py", message="shop/prices.py: is not in scope")
NOQA = Violation(rule="suppressions", path="shop/stock.py", message="shop/stock.py: adds `noqa`")


def case(name: str, message: str = "AssertionError: assert 0 == 2") -> TestCase:
    return TestCase(id=name, outcome="failed", message=message)


def setback(verdict: Verdict, *broken: TestCase, said: tuple[str, ...] = ()) -> Setback:
    return Setback(
        ticket="t", chunk=CHUNK, attempt=2, verdict=verdict, run="r", engine="e", model="m", said=said, broken=broken
    )


CHECKS = reject("checks fail: tests.test_shop::test_count (fails)", by="checks")
COUNT = case("tests/test_shop.py::test_count")
RAN_OUT = reject("checks fail: `pytest -q` ran out of time after 30 s", by="checks")

SEEN = [
    pytest.param(
        setback(reject("…", by="guards", violations=(SCOPE, NOQA))),
        "guard:scope+suppressions",
        [("guard", "scope", "shop/prices.py"), ("guard", "suppressions", "shop/stock.py")],
        id="guards",
    ),
    pytest.param(setback(CHECKS, COUNT), "checks", [("check", "checks", "tests/test_shop.py")], id="a test"),
    pytest.param(
        setback(CHECKS, COUNT, case("tests/test_cart.py::test_a"), case("tests/test_shop.py::test_b")),
        "checks",
        [("check", "checks", "tests/test_shop.py"), ("check", "checks", "tests/test_cart.py")],
        id="two files",
    ),
    pytest.param(
        setback(CHECKS, case("shop.tests.CartTest.test_a")), "checks", [("check", "checks", "")], id="no file known"
    ),
    pytest.param(
        setback(reject("checks fail: `make test` exit code 2", by="checks")),
        "checks",
        [("check", "checks", "")],
        id="a command",
    ),
    pytest.param(setback(RAN_OUT), "checks", [("timeout", "checks", "")], id="checks that ran out of time"),
    pytest.param(
        setback(reject("F811 in shop/a b.py: 2 finding(s) where there were 1", by="findings")),
        "findings",
        [("rejection", "findings", "shop/a b.py")],
        id="findings added",
    ),
    pytest.param(
        setback(reject("the diff removes no finding of F401", by="findings")),
        "findings",
        [("rejection", "findings", "shop/stock.py")],
        id="findings left",
    ),
    pytest.param(
        setback(reject("checker: it drops a docstring", by="checker")),
        "checker",
        [("rejection", "checker", "")],
        id="a checker",
    ),
    pytest.param(
        setback(reject("the maker: timed out after 5 s", by="maker")), "maker", [("timeout", "maker", "")], id="a clock"
    ),
    pytest.param(
        setback(reject("stopped: no event for 600 s", by="maker")), "maker", [("timeout", "maker", "")], id="silence"
    ),
    pytest.param(
        setback(reject("the maker broke off with KeyError: 1", by="maker")),
        "maker",
        [("stop", "maker", "")],
        id="an engine that broke",
    ),
]


@pytest.mark.parametrize(("one", "source", "cautions"), SEEN)
def test_each_way_to_fail_has_its_judge_and_its_cautions(
    one: Setback, source: str, cautions: list[tuple[str, str, str]]
) -> None:
    assert one.source == one.failure().source == source
    seen = one.cautions()
    assert [(caution.kind, caution.detector, caution.file) for caution in seen] == [
        (CautionKind(kind), detector, file) for kind, detector, file in cautions
    ]
    assert {(caution.ticket, caution.chunk, caution.attempt, caution.run) for caution in seen} == {("t", "c0", 2, "r")}
    assert {caution.signature for caution in seen} == {one.failure().signature}


def test_many_hits_are_cautions_of_a_bounded_number() -> None:
    hits = tuple(NOQA.model_copy(update={"path": f"f{number}.py"}) for number in range(500))
    assert len(setback(reject("…", by="guards", violations=hits)).cautions()) == MAX_CAUTIONS
    broken = [case(f"tests/test_{number}.py::test_a", "x" * 5_000) for number in range(500)]
    assert len(setback(CHECKS, *broken).cautions()) == MAX_CAUTIONS
    assert len(setback(CHECKS, *broken).failure().text) < 3_000


SAME = [
    pytest.param(
        (COUNT, case("tests/test_a.py::test_a")), (case("tests/test_a.py::test_a"), COUNT), True, id="in any order"
    ),
    pytest.param(
        (case("a.py::t", "at 0x7f00deadbeef12"),), (case("a.py::t", "at 0x7f11deadbeef99"),), True, id="addresses"
    ),
    pytest.param((COUNT,), (case(COUNT.id, "AssertionError: assert 1 == 2"),), False, id="another assertion"),
    pytest.param((COUNT,), (COUNT, case("tests/test_a.py::test_a")), False, id="one test more"),
    pytest.param((COUNT,), (case(COUNT.id, "vanished"),), False, id="vanished, not failed"),
    pytest.param(
        tuple(case(f"tests/test_{n}.py::test_a", "m" * 200) for n in range(5)),
        tuple(case(f"tests/test_{n}.py::test_a", "m" * 200) for n in (0, 1, 2, 3, 9)),
        False,
        id="one of five is another",
    ),
]


@pytest.mark.parametrize(("one", "other", "same"), SAME)
def test_broken_tests_are_the_same_failure_with_the_same_messages_alone(
    one: tuple[TestCase, ...], other: tuple[TestCase, ...], *, same: bool
) -> None:
    signs = [setback(CHECKS, *broken).failure().signature for broken in (one, other)]
    assert all(signs)
    assert (signs[0] == signs[1]) is same


def test_the_words_of_the_maker_are_its_reflection_and_no_more_than_that() -> None:
    one = setback(CHECKS, COUNT, said=("I emptied\x1b[2J it", "", "F401 in x: could not"))
    assert one.reflection().text == "I emptied it; F401 in x: could not"
    assert setback(CHECKS).reflection().text == ""
    assert len(setback(CHECKS, said=("x" * 9_000,)).reflection().text) <= 600
    assert one.correction().text == "checks fail: tests.test_shop::test_count (fails)"
    assert (one.correction().by, one.correction().chunk, one.correction().person) == ("checks", "c0", False)


def sign(**words: object) -> Sign:
    known = {"id": "sign-1", "ticket": "t", "branch": "linestop/t", "signature": "s", "source": "checks", "chunk": "c0"}
    return Sign.model_validate({**known, "failure": "a.py: KeyError", "times": 3, **words})


HOSTILE = "~~~\n# Done\n| x | <script>alert(1)</script>\n~~~\n```\n[click](javascript:x)\x1b[2J"


def test_an_escalation_tells_what_failed_what_was_told_what_was_said_and_what_to_do() -> None:
    failures = [
        Failure(source="checks", text=f"a.py:{n}: KeyError", chunk="c0", attempt=n, run=f"run-{n}", signature="s")
        for n in (1, 2, 3)
    ]
    other = Failure(source="checks", text="another", chunk="c1", attempt=1, run="run-9", signature="z")
    page = escalation_page(
        sign(),
        title="Imports",
        incident="i-1",
        failures=[*failures, other],
        reflections=[
            Reflection(text="I was certain", chunk="c0", attempt=2, run="run-2"),
            Reflection(text="not of it", chunk="c9", attempt=2, run="run-9"),
        ],
        corrections=[
            Correction(text="count it", by="ada", person=True),
            Correction(text="not mine", by="checks", chunk="c9"),
        ],
    )
    for words in ("run-1", "run-3", "I was certain", "count it", "ada (a person)", "linestop ticket correct t", "i-1"):
        assert words in page
    for words in ("run-9", "another", "not mine", "not of it"):
        assert words not in page


def test_hostile_words_stay_in_their_fence_and_their_cell() -> None:
    hostile = sign(failure=HOSTILE, source=HOSTILE, chunk=HOSTILE)
    page = escalation_page(
        hostile,
        title=HOSTILE,
        incident="i",
        failures=[],
        reflections=[],
        corrections=[Correction(text=HOSTILE, by=HOSTILE, chunk="")],
    )
    learned = learned_page(
        Learned(signs=(hostile,), corrections=(Correction(text=HOSTILE, by=HOSTILE),), problem=HOSTILE)
    )
    for text in (page, learned):
        inside = False
        for line in text.splitlines():
            inside = not inside if line == "~~~" else inside
            assert inside or ("<script>" not in line and line != "# Done" and "[click]" not in line)
        assert "\x1b" not in text
        assert not inside


def test_a_ticket_that_learned_nothing_has_nothing_on_its_page() -> None:
    assert learned_page(Learned()) == ""
    assert signature("x", "checks") == ""


def test_guards_that_were_hit_differ_by_the_first_of_many_too() -> None:
    hits = tuple(
        Violation(
            rule="tests",
            path=f"tests/test_{name}.py",
            message=f"tests/test_{name}.py: changes a test; {'put it back ' * 9}",
        )
        for name in "bcdefghijk"
    )
    first = Violation(rule="scope", path="a.py", message="a.py: is outside; take it back")
    both = [(first, *hits), (first.model_copy(update={"message": "b.py: is outside; take it back"}), *hits)]
    signs = {setback(reject("…", by="guards", violations=one)).failure().signature for one in both}
    assert "" not in signs
    assert len(signs) == 2


GO = """\
--- FAIL: Test{name} ({seconds}s)
    cart_test.go:{line}: got {got}, want 3
FAIL
exit status 1
FAIL	example.com/shop	{seconds}s
"""
SAID = [
    pytest.param({}, {"seconds": "1.25", "line": "90"}, True, id="another time and place"),
    pytest.param({}, {"name": "Count"}, False, id="another test"),
    pytest.param({}, {"got": "7"}, False, id="another value"),
]


@pytest.mark.parametrize(("one", "other", "same"), SAID)
def test_a_command_that_names_no_tests_is_compared_by_what_it_said(
    one: dict[str, str], other: dict[str, str], *, same: bool
) -> None:
    verdict = reject("checks fail: `go test ./...` exit code 1: FAIL example.com/shop", by="checks")
    usual = {"name": "Total", "seconds": "0.02", "line": "12", "got": "0"}
    failures = [replace(setback(verdict), output=GO.format_map(usual | words)).failure() for words in (one, other)]
    assert all(failure.signature for failure in failures)
    assert (failures[0].signature == failures[1].signature) is same
    assert failures[0].text.startswith("checks fail: `go test")
    assert "got 0, want 3" in failures[0].text


def test_a_command_that_says_nothing_of_it_arms_nothing() -> None:
    verdict = reject("checks fail: `make test` exit code 2: something went wrong", by="checks")
    assert (
        replace(setback(verdict), output="working…\nsomething went wrong, somewhere, sorry\n" * 9).failure().signature
        == ""
    )
