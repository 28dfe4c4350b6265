"""Which failures are the same: real ones of pytest, ruff, mypy, guards, checkers, node, go. Tables, then properties."""

import hashlib
import random
import uuid
from collections.abc import Callable, Iterator
from time import thread_time

import pytest

from linestop.memory.tickets import signature

PYTEST = """\
tests/test_cart.py:{line}: in test_total
    assert cart.total([1, 2]) == 3
E   AssertionError: assert 0 == 3
E    +  where 0 = <bound method Cart.total of <shop.cart.Cart object at 0x7f{address}>>([1, 2])
=========================== short test summary info ===========================
FAILED tests/test_cart.py::test_total - AssertionError: assert 0 == 3
1 failed, 4 passed in {seconds}s"""
TRACEBACK = """\
Traceback (most recent call last):
  File "{root}/shop/cart.py", line {line}, in total
    return sum(prices) / len(prices)
ZeroDivisionError: division by zero"""
GO = """\
--- FAIL: TestTotal ({seconds}s)
    cart_test.go:{line}: got 0, want 3
FAIL	example.com/shop	{seconds}s"""
NODE = """\
not ok 1 - adds prices
  duration_ms: {seconds}ms
  error: 'Expected values to be strictly equal: 0 !== 3'
    at TestContext.<anonymous> (file://{root}/test/cart.test.js:{line}:10)"""
JEST = """\
● Cart \u203a adds prices
    expect(received).toBe(expected)
    Expected: 3
    Received: 0
      at Object.toBe ({root}/src/cart.test.ts:{line}:25)"""
PANIC = """\
panic: runtime error: index out of range [5] with length 3
    {root}/shop/cart.go:{line} +0x1b{address}"""
FIRST = {"line": "12", "address": "a1b2c3d4e5", "seconds": "0.12", "root": "/home/ada/worktrees/shop-1a2b3c4d/t1"}
LATER = {"line": "971", "address": "00ff00ff11", "seconds": "17.9", "root": "/tmp/pytest-of-root/pytest-77/copy"}

SAME = [
    pytest.param(PYTEST.format(**FIRST), PYTEST.format(**LATER), id="pytest"),
    pytest.param(TRACEBACK.format(**FIRST), TRACEBACK.format(**LATER), id="traceback"),
    pytest.param(GO.format(**FIRST), GO.format(**LATER), id="go"),
    pytest.param(NODE.format(**FIRST), NODE.format(**LATER), id="node"),
    pytest.param(JEST.format(**FIRST), JEST.format(**LATER), id="jest"),
    pytest.param(PANIC.format(**FIRST), PANIC.format(**LATER), id="go panic"),
    pytest.param(
        "shop/cart.py:3:8: F401 [*] `json` imported but unused",
        "shop/cart.py:44:1: F401 [*] `json` imported but unused",
        id="ruff",
    ),
    pytest.param(
        'shop/cart.py:9: error: Incompatible return value type (got "str", expected "int")  [return-value]',
        '/w/t/shop/cart.py:12: error: Incompatible return value type (got "str", expected "int")  [return-value]',
        id="mypy",
    ),
    pytest.param(
        "src/cart.ts(12,5): error TS2322: Type 'string' is not assignable to type 'number'.",
        "src/cart.ts(40,17): error TS2322: Type 'string' is not assignable to type 'number'.",
        id="tsc",
    ),
    pytest.param(
        "scope: shop/prices.py: is not in the plan's scope",
        "scope: shop/prices.py:  is  not in the\nplan's scope",
        id="guard, white space",
    ),
    pytest.param(
        "checker: shop/stock.py:1 drops a docstring",
        "checker: shop/stock.py:7 drops a docstring",
        id="a checker's line",
    ),
    pytest.param(
        "the maker broke off with ZeroDivisionError: division by zero",
        "\x1b[31mthe maker broke off with ZeroDivisionError:\x1b[0m division by zero",
        id="colours",
    ),
    pytest.param(
        "FAILED tests/test_a.py::test_b - KeyError: 'x'",
        "FAILED tests/test_a.py::test_b - KeyError: 'x'  ",
        id="a blank at the end",
    ),
    pytest.param("failed TESTS/test_a.py::test_b KeyError", "FAILED tests/test_a.py::test_b KeyError", id="case"),
    pytest.param(
        "\uff26\uff21\uff29\uff2c\uff25\uff24 tests/test_a.py::test_b KeyError",
        "FAILED tests/test_a.py::test_b KeyError",
        id="full width",
    ),
    pytest.param(
        f"KeyError: no order {uuid.UUID(int=1)} in orders.json",
        f"KeyError: no order {uuid.UUID(int=77)} in orders.json",
        id="uuid",
    ),
    pytest.param(
        "TimeoutError at 2026-11-21T06:48:00.123Z in worker.py",
        "TimeoutError at 2026-11-22 17:00:59 in worker.py",
        id="time of day",
    ),
    pytest.param(
        "worker.py: TimeoutError after 30.1 seconds", "worker.py: TimeoutError after 31 seconds", id="duration"
    ),
    pytest.param(
        "RuntimeError: bad object deadbeef12345678 in pack.py",
        "RuntimeError: bad object 0123456789abcdef in pack.py",
        id="long hex",
    ),
    pytest.param(
        r'File "C:\Users\ada\shop\cart.py", line 3: KeyError: 1',
        r'File "D:\w\cart.py", line 99: KeyError: 1',
        id="windows paths",
    ),
    pytest.param(
        "cart.py, lines 3-9, column 4: SyntaxError: invalid",
        "cart.py, lines 30-31, column 9: SyntaxError: invalid",
        id="lines and columns",
    ),
    pytest.param(
        "x" * 5_000 + PYTEST.format(**FIRST) * 3, "y" * 9_000 + PYTEST.format(**LATER) * 3, id="only the end counts"
    ),
]

DIFFERENT = [
    pytest.param(
        "FAILED tests/test_a.py::test_total - assert 0 == 3",
        "FAILED tests/test_a.py::test_count - assert 0 == 3",
        id="test",
    ),
    pytest.param(
        "FAILED tests/test_a.py::test_total - assert 0 == 3",
        "FAILED tests/test_a.py::test_total - assert 1 == 3",
        id="value of an assertion",
    ),
    pytest.param(
        "FAILED tests/test_a.py::test_x[1] - KeyError",
        "FAILED tests/test_a.py::test_x[2] - KeyError",
        id="parameter of a test",
    ),
    pytest.param(
        "FAILED tests/test_a.py::test_x - KeyError: 'a'",
        "FAILED tests/test_a.py::test_x - TypeError: 'a'",
        id="exception",
    ),
    pytest.param(
        "ERROR tests/test_a.py - ModuleNotFoundError: No module named 'json5'",
        "ERROR tests/test_a.py - ModuleNotFoundError: No module named 'yaml'",
        id="module that is missing",
    ),
    pytest.param(
        "shop/cart.py:3:8: F401 `json` imported but unused",
        "shop/cart.py:3:8: F401 `math` imported but unused",
        id="ruff, name",
    ),
    pytest.param(
        "shop/cart.py:3:8: F401 `json` imported but unused",
        "shop/cart.py:3:8: F811 `json` imported but unused",
        id="ruff, rule",
    ),
    pytest.param(
        "shop/cart.py:3:8: F401 `json` imported but unused",
        "shop/stock.py:3:8: F401 `json` imported but unused",
        id="ruff, file",
    ),
    pytest.param(
        "shop/cart.py:9: error: Missing return statement  [return]",
        "shop/cart.py:9: error: Missing return statement  [empty-body]",
        id="mypy, code",
    ),
    pytest.param(
        "scope: shop/prices.py: is not in the plan's scope",
        "scope: shop/stock.py: is not in the plan's scope",
        id="guard, file",
    ),
    pytest.param(
        "suppressions: shop/cart.py: adds `noqa`; take it out",
        "suppressions: shop/cart.py: adds `type: ignore`; take it out",
        id="guard, what is added",
    ),
    pytest.param(
        "AssertionError: expected 1/2 but got 3/2", "AssertionError: expected 5/2 but got 7/2", id="fractions"
    ),
    pytest.param("checker: shop/stock.py:1 drops a docstring", "checker: shop/stock.py:1 drops a type", id="checker"),
    pytest.param("--- FAIL: TestTotal (0.00s) cart_test.go:9", "--- FAIL: TestCount (0.00s) cart_test.go:9", id="go"),
    pytest.param("not ok 1 - adds prices, cart.test.js", "not ok 1 - drops prices, cart.test.js", id="node"),
    pytest.param(
        "AssertionError: assert 0xff == 0xfe in flags.py",
        "AssertionError: assert 0xff == 0xfd in flags.py",
        id="a hex value that is no address",
    ),
    pytest.param(
        "AssertionError: assert 10000000 == 3 in cart.py",
        "AssertionError: assert 20000000 == 3 in cart.py",
        id="a long number",
    ),
    pytest.param(
        """AssertionError: assert '{"a":1}' == '' in x.py""",
        """AssertionError: assert '{"a":2}' == '' in x.py""",
        id="JSON's numbers are no lines",
    ),
    pytest.param(
        r"AssertionError: assert 'a\nb' == '' in x.py",
        r"AssertionError: assert 'c\nb' == '' in x.py",
        id="escapes are no paths",
    ),
    pytest.param(
        "TypeError: test_defaced is not callable, t.py",
        "TypeError: test_effaced is not callable, t.py",
        id="words of hex letters",
    ),
    pytest.param(
        "src/cart.ts(12,5): error TS2322: Type is not assignable",
        "src/cart.ts(12,5): error TS2345: Type is not assignable",
        id="tsc, code",
    ),
    pytest.param(
        "panic: runtime error: index out of range, cart.go", "panic: runtime error: nil map, cart.go", id="panic"
    ),
]

ARMS = [
    pytest.param("checks fail: tests.test_shop::test_count (fails)", id="a test of a report"),
    pytest.param("the diff removes no finding of F401 (shop/stock.py)", id="findings"),
    pytest.param("F401 in shop/stock.py: 2 finding(s) where there were 1", id="findings added"),
    pytest.param("the maker broke off with ScriptedCrashError: it died", id="an engine's error"),
    pytest.param("the build fails: Makefile has no target check at all", id="Makefile"),
    pytest.param("unittest: test_total (shop.tests.CartTest) is wrong", id="unittest"),
    pytest.param("Error: Cannot find module 'left-pad' anywhere here", id="node's Error"),
    pytest.param("error[E0382]: borrow of moved value: `prices`, twice", id="rust"),
    pytest.param("assert.equal(total, 3) does not hold at the end", id="assert of node"),
    pytest.param("expected 3 items in the cart but received none", id="expected, received"),
    pytest.param("the process died of SIGSEGV while it was tested", id="a signal"),
    pytest.param(f"x.py: {'n' * 18}", id="24 characters"),
]

DOES_NOT_ARM = [
    pytest.param("tests still fail", id="tests still fail"),
    pytest.param("The tests still fail, exactly as they did before my change", id="said at length"),
    pytest.param("I expected it to work, but the tests still fail", id="said with hope"),
    pytest.param("tests still fail; tests still fail; tests still fail; tests still fail", id="said often"),
    pytest.param("2 of 14 tests fail, after 3.2 s, at 06:48:00", id="numbers and times"),
    pytest.param("checks fail: `make check` exit code 2: something went wrong", id="an exit code"),
    pytest.param("the assertion is wrong, and so is the error that is raised", id="words like anchors"),
    pytest.param("it does not do what the task asks for, and breaks the build", id="a checker's mood"),
    pytest.param("checker: it gave no ruling, when it was asked for one", id="no ruling"),
    pytest.param("the maker: timed out after 7200 s, and did not end when told", id="a clock"),
    pytest.param("see https://example.org/issues and version 1.2.3 of it", id="a host and a version"),
    pytest.param("e.g. the thing, i.e. the other thing, etc. and so on...", id="abbreviations"),
    pytest.param("the tests of Node.js and Vue.js still fail here", id="products that are called like files"),
    pytest.param("KeyError: 'x'", id="an exception alone, too short"),
    pytest.param("x.py: no", id="a file alone, too short"),
    pytest.param(f"x.py: {'n' * 17}", id="23 characters"),
    pytest.param("", id="nothing"),
    pytest.param(" \n\t" * 500, id="white space"),
    pytest.param("\x1b[31m" * 100, id="colours alone"),
    pytest.param("0x7fffdeadbeef " * 20, id="addresses alone"),
    pytest.param(
        "test_cart.py::test_total failed\n" + "and then nothing more was said about it\n" * 40,
        id="an anchor beyond what is compared",
    ),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_failure_has_one_signature(one: str, other: str) -> None:
    assert signature(one, "checks") == signature(other, "checks") != ""


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_two_failures_have_two(one: str, other: str) -> None:
    assert "" not in {signature(one, "checks"), signature(other, "checks")}
    assert signature(one, "checks") != signature(other, "checks")


@pytest.mark.parametrize("text", ARMS)
def test_what_has_an_anchor_may_arm(text: str) -> None:
    assert len(signature(text, "checks")) == 64


@pytest.mark.parametrize("text", DOES_NOT_ARM)
def test_what_has_none_or_is_short_never_arms(text: str) -> None:
    assert signature(text, "checks") == ""


def test_failures_that_two_judges_found_are_two() -> None:
    sources = ("checks", "checker", "reviewer", "maker", "guard:scope", "guard:tests")
    assert len({signature(PYTEST.format(**FIRST), source) for source in sources}) == len(sources)


def test_what_earlier_versions_wrote_into_a_book_still_counts() -> None:
    """Another figure here is another VERSION of the rules: every sign that is still unsolved would be forgotten."""
    text = "FAILED /repo/tests/test_shop.py::test_count:12 - AssertionError in 0.12s"
    compared = "failed test_shop.py::test_count:<n> - assertionerror in <time>"
    assert signature(text, "checks") == hashlib.sha256(f"1\nchecks\n{compared}".encode()).hexdigest()


def test_what_is_compared_is_the_end_of_it_and_at_most_800_characters() -> None:
    end = " cart.py: KeyError صلى الله عليه وسلم"
    full = signature("x" * (800 - len(end)) + end, "checks")
    assert full == signature("y" * 3_000 + "x" * (800 - len(end)) + end, "checks")
    assert full == signature("y" * 3_000 + "x" * (800 - len(end)) + " cart.py: KeyError ﷺ", "checks")
    assert full != signature("y" * 3_000 + "x" * (799 - len(end)) + end, "checks")
    assert signature("İ" * 800 + end, "checks") == signature("y" + "İ" * 800 + end, "checks")  # lower case is longer


VOLATILE: dict[str, Callable[[random.Random], str]] = {
    "uuid": lambda dice: str(uuid.UUID(int=dice.getrandbits(128), version=4)),
    "instant": lambda dice: f"2026-{dice.randint(1, 12):02}-{dice.randint(1, 28):02}T{dice.randint(0, 23):02}:05:09Z",
    "clock": lambda dice: f"{dice.randint(0, 23)}:{dice.randint(0, 59):02}:{dice.randint(0, 59):02}",
    "seconds": lambda dice: f"{dice.uniform(0, 900):.2f}s",
    "address": lambda dice: f"0x{dice.getrandbits(47) | 1 << 46:x}",
    "hash": lambda dice: f"a1{dice.getrandbits(152):038x}",
    "folder": lambda dice: f"/tmp/w{dice.randint(0, 9**9)}/{dice.choice('abc')}-x/here",
    "line": lambda dice: f"line {dice.randint(1, 99999)}",
    "place": lambda dice: f"place:{dice.randint(1, 9999)}:{dice.randint(1, 99)}",
    "colour": lambda dice: f"\x1b[{dice.randint(0, 107)}m",
    "blanks": lambda dice: dice.choice([" ", "\n", "\t  ", "\r\n\r\n"]) * dice.randint(1, 9),
}


@pytest.mark.parametrize("seed", range(20))
def test_what_is_of_the_moment_never_changes_it(seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311  # chance that can be had again
    kinds = dice.sample(sorted(VOLATILE), k=dice.randint(1, len(VOLATILE)))

    def failure() -> str:
        moment = " and ".join(VOLATILE[kind](dice) for kind in kinds)
        return f"FAILED tests/test_shop.py::test_count with {moment} - AssertionError: assert 0 == 2"

    assert len({signature(failure(), "checks") for _ in range(25)}) == 1
    assert signature(failure(), "checks")


def _anchors(dice: random.Random) -> Iterator[str]:
    for _ in range(60):
        word = "".join(dice.choices("ghijklmnopqrstuvwxyz", k=dice.randint(3, 9)))
        yield from (f"{word}.py", f"test_{word}", f"{word.title()}Error", f"assert {word} == 1", f"suite::{word}")


@pytest.mark.parametrize("seed", range(10))
def test_two_anchors_never_merge_whatever_stands_round_them(seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311  # chance that can be had again
    anchors = set(_anchors(dice))
    round_it = " and ".join(make(dice) for make in VOLATILE.values())
    found = {signature(f"{round_it}: the check says {anchor} after {round_it}", "checks") for anchor in anchors}
    assert "" not in found
    assert len(found) == len(anchors)


HOSTILE = [
    pytest.param("/" * 200_000, id="slashes"),
    pytest.param("a" * 200_000, id="one word"),
    pytest.param("a/" * 100_000, id="a deep path"),
    pytest.param("-" * 100_000 + ".", id="dashes"),
    pytest.param("assert " * 30_000, id="asserts without an end"),
    pytest.param("expected " * 20_000, id="expectations without an end"),
    pytest.param(":1" * 90_000, id="places"),
    pytest.param("line 1," + "1," * 90_000, id="lines"),
    pytest.param("0x" + "f" * 190_000, id="a huge number"),
    pytest.param("\ud800\udfff\0" * 9_000 + "x.py: KeyError 123456789", id="lone surrogates"),
    pytest.param("ﷺ" * 64_000, id="one character that becomes eighteen"),
    pytest.param("C:\\" + "a\\" * 90_000, id="a deep windows path"),
    pytest.param("C:\\" * 60_000, id="drives"),
]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_takes_long(text: str) -> None:
    started = thread_time()
    signature(text, "checks")
    assert thread_time() - started < 1.5  # seconds; 0.02 to 0.3 usually
