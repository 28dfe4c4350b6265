"""An import in the body of a `try` asks whether a module is there: it is no dead code."""

import pytest

from linestop.fixes.probes import probe_lines


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        pytest.param("try:\n    import a\nexcept ImportError:\n    a = None\n", {2}, id="an optional module"),
        pytest.param("try:\n    import a\n    there = True\nexcept Exception:\n    there = False\n", {2}, id="a probe"),
        pytest.param(
            "try:\n    from a import (\n        b,\n    )\nexcept ImportError:\n    pass\n", {2, 3, 4}, id="lines"
        ),
        pytest.param(
            "try:\n    if x:\n        import a\n    else:\n        import b\nfinally:\n    pass\n", {3, 5}, id="if"
        ),
        pytest.param("try:\n    def f():\n        import a\nexcept E:\n    pass\n", set(), id="asked for later"),
        pytest.param("try:\n    x()\nexcept E:\n    import a\nelse:\n    import b\n", set(), id="not in the body"),
        pytest.param("import a\n", set(), id="no try"),
        pytest.param("try:\n", set(), id="no Python"),
        pytest.param("try:\n    import a; x = '\\d'\nexcept E:\n    pass\n", {2}, id="a warning of the parser"),
        pytest.param("(" * 100_000, set(), id="too deep"),
    ],
)
def test_imports_that_ask(text: str, lines: set[int]) -> None:
    assert probe_lines(text) == lines
