"""Calls in a target's Python files, as their syntax tree tells them: nothing of a target is ever run to be asked."""

import ast
from typing import Any

from linestop.checks.project_files import ProjectFiles


def setup_keyword(project: ProjectFiles, name: str) -> Any:
    """Return the literal value of a keyword of `setup(…)`, a name bound to a literal included."""
    tree = project.python("setup.py")
    if tree is None:
        return None
    names = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call) and called(node.func) == "setup"):
        for keyword in call.keywords:
            if keyword.arg == name:
                value = names.get(keyword.value.id) if isinstance(keyword.value, ast.Name) else keyword.value
                return _literal(value)
    return None


def _literal(node: ast.expr | None) -> Any:
    try:
        return ast.literal_eval(node) if node is not None else None
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None


def literals(call: ast.Call) -> list[str]:
    """Return the strings among a call's arguments."""
    return [arg.value for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]


def called(node: ast.expr) -> str:
    """Return the last name of a dotted expression."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
