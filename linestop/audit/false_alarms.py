"""What our built-in sources report and no maintainer would call a problem: idioms the tools can't tell from mistakes.

A finding that is left out here is left out everywhere, so that the audit and a ticket's finish line count alike.
"""

import ast
import re
from collections.abc import Callable, Iterable

from linestop.findings import Finding

Function = ast.FunctionDef | ast.AsyncFunctionDef
_SHOWN = re.compile(r"example|tutorial|^demos?$|^docs?$")
_PARAMETER = re.compile(r"unused variable '(?P<name>[^']+)'")
_UNDEFINED = re.compile(r"Undefined name `(?P<name>[^`]+)`")


def real(findings: Iterable[Finding], *, read: Callable[[str], str]) -> tuple[Finding, ...]:
    """Return the findings that are none of these idioms; `read` gives the text of a file.

    - `yield` behind `raise` or `return`: it makes the function a generator.
    - `settings.INSTALLED_APPS` as a statement: attributes are read for what reading does; any expression in examples.
    - a word in `Literal[…]`: with a `Literal` of the project's own, ruff takes it for a name.
    - a parameter that a base class, a decorator or an interface prescribes.
    """
    trees: dict[str, frozenset[tuple[int, str]]] = {}

    def prescribed(finding: Finding) -> bool:
        if finding.path not in trees:
            trees[finding.path] = _prescribed(read(finding.path))
        name = _PARAMETER.search(finding.message)
        return name is not None and (finding.line, name["name"]) in trees[finding.path]

    return tuple(one for one in findings if not (_idiom(one) or (one.rule == "unused-variable" and prescribed(one))))


def _idiom(finding: Finding) -> bool:
    match finding.rule:
        case "unreachable-code":
            return re.match(r"yield\b", finding.snippet) is not None
        case "B015" | "B018":
            return finding.message.startswith("Found useless attribute access") or _is_shown(finding.path)
        case "F821":
            name = _UNDEFINED.search(finding.message)
            return name is not None and "Literal[" in finding.snippet and _quoted(name["name"], finding.snippet)
        case _:
            return False


def _is_shown(path: str) -> bool:
    """Return whether a file lies in a folder of examples: there an expression stands to be looked at."""
    return any(_SHOWN.search(folder) for folder in path.lower().split("/")[:-1])


def _quoted(name: str, line: str) -> bool:
    return f'"{name}"' in line or f"'{name}'" in line


def _prescribed(text: str) -> frozenset[tuple[int, str]]:
    """Return (line, name) of every parameter that its function does not choose by itself."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()
    found: set[tuple[int, str]] = set()
    queue: list[tuple[ast.AST, bool]] = [(tree, False)]
    while queue:
        node, bound = queue.pop()
        if isinstance(node, Function) and (bound or node.decorator_list or _is_stub(node)):
            found |= _parameters(node.args)
        inner = _binds(node, outer=bound)
        queue += [(child, inner) for child in ast.iter_child_nodes(node)]
    return frozenset(found)


def _binds(node: ast.AST, *, outer: bool) -> bool:
    """Return whether the parameters of the functions right in a node are prescribed; other nodes change nothing.

    A class with bases does it by its bases. A function does too: what it defines is handed to somebody who calls it.
    """
    if isinstance(node, ast.ClassDef):
        return bool(node.bases)
    return isinstance(node, Function) or outer


def _parameters(arguments: ast.arguments) -> set[tuple[int, str]]:
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    return {(one.lineno, one.arg) for one in every if one is not None}


def _is_stub(node: Function) -> bool:
    """Return whether a function's body does nothing: it states an interface."""
    return all(
        isinstance(one, ast.Pass | ast.Raise) or (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))
        for one in node.body
    )
