"""Runs unittest with a result per test, written as JUnit XML. Its text is run in the target's interpreter with `-c`.

Standard library only, never imported by linestop: `python -m unittest` says how many ran, not which.
"""
# ruff: noqa: N802, D102  # unittest's names

import json
import sys
import unittest
from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import quoteattr

Rows = dict[str, tuple[str, str]]  # test id -> outcome ("" = passed) and message
ROWS: Rows = {}
WANTED: set[str] = set()


def note(test: Any, outcome: str, message: str = "") -> None:
    """Keep an outcome; a failure stays one."""
    name = test.id() if hasattr(test, "id") else str(test)
    if ROWS.get(name, ("", ""))[0] != "failure":
        ROWS[name] = (outcome, message)


class Result(unittest.TextTestResult):
    """Notes each test's outcome beside what is printed."""

    def addSuccess(self, test: Any) -> None:
        super().addSuccess(test)
        note(test, "")

    def addError(self, test: Any, err: Any) -> None:
        super().addError(test, err)
        note(test, "failure", repr(err[1]))

    def addFailure(self, test: Any, err: Any) -> None:
        super().addFailure(test, err)
        note(test, "failure", repr(err[1]))

    def addSkip(self, test: Any, reason: str) -> None:
        super().addSkip(test, reason)
        note(test, "skipped", reason)

    def addExpectedFailure(self, test: Any, err: Any) -> None:
        super().addExpectedFailure(test, err)
        note(test, "skipped", "expected failure")

    def addUnexpectedSuccess(self, test: Any) -> None:
        super().addUnexpectedSuccess(test)
        note(test, "failure", "unexpected success")

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:
        super().addSubTest(test, subtest, err)
        if err is not None:
            note(test, "failure", repr(err[1]))


class Runner(unittest.TextTestRunner):
    """Writes the report when the last test has run."""

    def _makeResult(self) -> Result:
        return Result(self.stream, self.descriptions, self.verbosity)

    def run(self, test: Any) -> Any:
        """Run the tests that are wanted and write the report."""
        result = super().run(chosen(test))
        write(sys.argv[0], ROWS)
        return result


def chosen(suite: Any) -> Any:
    """Return the tests whose id is wanted; all where none is named."""
    return unittest.TestSuite(test for test in each(suite) if test.id() in WANTED) if WANTED else suite


def each(suite: Any) -> Iterator[Any]:
    """Yield the tests of a suite, however deep."""
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from each(test)
        else:
            yield test


def write(path: str, rows: Rows) -> None:
    """Write the report."""
    with open(path, "w", encoding="utf-8", errors="replace") as file:  # noqa: PTH123  # as little as can be
        file.write("<testsuite>\n")
        for name, (outcome, message) in rows.items():
            group, _, last = name.rpartition(".")
            inner = f"<{outcome} message={attribute(message)}/>" if outcome else ""
            file.write(f"<testcase classname={attribute(group)} name={attribute(last)}>{inner}</testcase>\n")
        file.write("</testsuite>\n")


def attribute(text: str) -> str:
    """Return a text as an XML attribute; what XML can't hold becomes a question mark."""
    return quoteattr("".join(one if one.isprintable() else "?" for one in text)[:1000])


if __name__ == "__main__":  # words: the report's path, a JSON list of test ids, then unittest's own
    sys.argv = sys.argv[1:]
    WANTED.update(json.loads(sys.argv[1]))
    unittest.main(module=None, testRunner=Runner, argv=["python -m unittest", *sys.argv[2:]])
