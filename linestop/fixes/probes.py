"""Imports that only ask whether a module is there: what stands in the body of a `try` is used by its failing.

ruff knows this of handlers that name ImportError; `except Exception:` asks the same, and its fix would leave `pass`.
"""

import ast
import warnings
from collections.abc import Iterator


def probe_lines(text: str) -> frozenset[int]:
    """Return the lines, from 1, of all imports in the bodies of `try`; none where the text is no Python."""
    try:
        with warnings.catch_warnings():  # the parser's about what it reads are nobody's here
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()
    return frozenset(line for node in ast.walk(tree) if isinstance(node, ast.Try) for line in _imports(node.body))


def _imports(body: list[ast.stmt]) -> Iterator[int]:
    """Yield the lines of imports that run with a body: those of functions and classes in it are asked for later."""
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from range(node.lineno, (node.end_lineno or node.lineno) + 1)
        elif isinstance(node, ast.If | ast.With):
            yield from _imports(node.body)
            yield from _imports(node.orelse if isinstance(node, ast.If) else [])
