"""The commands that a target's own tox, nox and make run for its tests. Parsing only."""

import ast
from collections.abc import Iterator

from linestop.checks.commands import script_words
from linestop.checks.project_files import ProjectFiles, lines
from linestop.checks.python_calls import called, literals


def script_lines(project: ProjectFiles) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield (where, words) of every command that tox, nox and make's `test` target run, in that order."""
    tox = project.ini("tox.ini")
    if tox.has_section("testenv"):
        for line in lines(tox["testenv"].get("commands")):
            yield "tox.ini [testenv] commands", script_words(line)
    tree = project.python("noxfile.py")
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Call) and called(node.func) in {"run", "run_always"}:
            yield "noxfile.py", tuple(literals(node))
    for line in make_recipe(project.text("Makefile") or "", "test"):
        yield "Makefile test", script_words(line)


def make_recipe(text: str, target: str) -> tuple[str, ...]:
    """Return the recipe's lines of a target of a makefile; nothing where it has none."""
    found: list[str] = []
    inside = False
    for line in text.splitlines():
        if not line.startswith(("\t", " ", "#")) and ":" in line:
            inside = target in line.partition(":")[0].split() and not line.partition(":")[2].startswith("=")
        elif inside and line.startswith("\t"):
            found.append(line.strip())
    return tuple(found)
