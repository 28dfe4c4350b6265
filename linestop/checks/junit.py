"""Reads JUnit XML as a target's test process left it: hostile, so no DTD, no entities, capped in size and number."""

from pathlib import PurePosixPath
from xml.parsers.expat import ExpatError, ParserCreate

from linestop.verdicts import TestCase

MAX_BYTES = 64_000_000  # 100,000 tests with their messages
MAX_CASES = 500_000
MAX_MESSAGE_CHARS = 2_000
MAX_ID_CHARS = 1_000
_WORSE = {"passed": 0, "skipped": 1, "failed": 2}


class JunitError(ValueError):
    """The text is no JUnit XML that can be believed."""


class _Cases:
    def __init__(self) -> None:
        self.found: dict[str, TestCase] = {}
        self._id = ""
        self._outcome = "passed"
        self._message = ""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "testcase":
            name, group = attributes.get("name", ""), attributes.get("classname", "")
            self._id = (f"{group}::{name}" if group else name)[:MAX_ID_CHARS]
            self._outcome, self._message = "passed", ""
        elif tag in {"failure", "error"} and self._id:
            self._outcome, self._message = "failed", attributes.get("message", "")[:MAX_MESSAGE_CHARS]
        elif tag == "skipped" and self._id and self._outcome == "passed":
            self._outcome, self._message = "skipped", attributes.get("message", "")[:MAX_MESSAGE_CHARS]

    def end(self, tag: str) -> None:
        if tag != "testcase" or not self._id:
            return
        case = TestCase(id=self._id, outcome=self._outcome, message=self._message)
        former = self.found.get(case.id)
        if former is None or _WORSE[case.outcome] > _WORSE[former.outcome]:
            self.found[case.id] = case
        self._id = ""
        if len(self.found) > MAX_CASES:
            raise JunitError(f"more than {MAX_CASES} tests")

    @staticmethod
    def refuse(*_: object) -> None:
        raise JunitError("it declares a document type")


def parse_junit(data: bytes) -> tuple[TestCase, ...]:
    """Return the tests of a report; an id that stands there twice has its worst outcome.

    Raises:
        JunitError: no XML, a document type or entity in it, or beyond the caps.
    """
    if len(data) > MAX_BYTES:
        raise JunitError(f"larger than {MAX_BYTES} bytes")
    cases, parser = _Cases(), ParserCreate()
    parser.StartElementHandler = cases.start
    parser.EndElementHandler = cases.end
    parser.StartDoctypeDeclHandler = cases.refuse
    parser.EntityDeclHandler = cases.refuse
    try:
        parser.Parse(data, True)  # noqa: FBT003  # expat's signature: this is the end
    except ExpatError as error:
        raise JunitError(f"no XML: {error}") from error
    return tuple(cases.found.values())


def pytest_node(test_id: str, files: frozenset[str]) -> str | None:
    """Return the pytest node id of a report's id, None where none of `files` (POSIX) is its module.

    The id of a module that can't be collected becomes its path.
    """
    group, _, name = test_id.partition("::")
    parts = group.split(".")
    for count in range(len(parts), 0, -1):
        path = str(PurePosixPath(*parts[:count])) + ".py"
        if path in files and (name or count == len(parts)):
            return "::".join((path, *parts[count:], *([name] if name else [])))
    return None


def unittest_name(test_id: str) -> str:
    """Return the dotted name of a test as `python -m unittest` takes it."""
    return test_id.replace("::", ".").split(" ")[0]
