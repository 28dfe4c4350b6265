"""Idioms that scanners take for mistakes are left out; the mistakes next to them stay."""

import pytest

from linestop.audit.false_alarms import real
from linestop.findings import Finding

MODULE = """
class Free:
    def close(self, delete=False):
        return self.x

class Bound(Base):
    if True:
        def handle(self, request, extra):
            return request

@hook
def called(session, extra):
    return session

def outer(extra):
    def inner(extra):
        return 1
    return inner

def stub(extra): ...
def broken(extra):
    raise NotImplementedError
"""


def left(rule: str, message: str, snippet: str = "", line: int = 1, text: str = MODULE) -> int:
    finding = Finding(source="x", rule=rule, path="a.py", line=line, message=message, snippet=snippet)
    return len(real([finding], read=lambda _: text))


@pytest.mark.parametrize(
    ("line", "name", "stays"),
    [
        pytest.param(3, "delete", 1, id="a method of a class without bases"),
        pytest.param(8, "extra", 0, id="a base class may prescribe it"),
        pytest.param(12, "extra", 0, id="a decorator may prescribe it"),
        pytest.param(15, "extra", 1, id="a plain function"),
        pytest.param(16, "extra", 0, id="a function that is handed on"),
        pytest.param(20, "extra", 0, id="a stub"),
        pytest.param(21, "extra", 0, id="a method to be overridden"),
    ],
)
def test_a_parameter_counts_where_its_function_chose_it(line: int, name: str, stays: int) -> None:
    assert left("unused-variable", f"unused variable '{name}' (100 % sure)", line=line) == stays


@pytest.mark.parametrize(
    ("rule", "message", "snippet", "stays"),
    [
        pytest.param("unreachable-code", "after 'raise'", 'yield b""  # pragma: no cover', 0, id="makes a generator"),
        pytest.param("unreachable-code", "after 'raise'", "yielded = 1", 1, id="only begins like it"),
        pytest.param("B018", "Found useless attribute access. Either…", "settings.APPS", 0, id="a property read"),
        pytest.param("B018", "Found useless expression. Either…", "a == b", 1, id="a value nobody takes"),
        pytest.param("F821", "Undefined name `auto`", 'load: Literal["auto"] = "auto"', 0, id="a word in Literal"),
        pytest.param("F821", "Undefined name `Shop`", 'def f(x: "Shop"): ...', 1, id="a type that is not there"),
        pytest.param("F821", "Undefined name `auto`", 'Literal["x"] + auto', 1, id="a name beside a Literal"),
    ],
)
def test_idioms_are_no_findings(rule: str, message: str, snippet: str, stays: int) -> None:
    assert left(rule, message, snippet) == stays


def test_a_file_that_does_not_parse_hides_nothing() -> None:
    assert left("unused-variable", "unused variable 'x' (100 % sure)", text="def f(x:") == 1


@pytest.mark.parametrize(("path", "stays"), [("typing-examples/a.py", 0), ("docs/a.py", 0), ("src/exam/docs.py", 1)])
def test_examples_show_expressions(path: str, stays: int) -> None:
    finding = Finding(source="ruff", rule="B015", path=path, line=1, message="Pointless comparison")
    assert len(real([finding], read=lambda _: "")) == stays
