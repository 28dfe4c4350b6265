"""The house rules that a reader of STYLE.md would check by eye: sizes, names, layers, errors."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from statistics import median, quantiles

import linestop.errors
from linestop.errors import LinestopError

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("linestop", "flows", "tasks", "blocks", "deployments")
LINKS = {ROOT / "linestop" / name for name in FOLDERS[1:]}
BANNED_NAMES = {"utils", "util", "manager", "helper", "helpers", "data", "core", "common", "misc"}
DEPENDENCIES = {
    "prefect",
    "docker",
    "git",
    "httpx",
    "fastapi",
    "duckdb",
    "rich",
    "cyclopts",
    "yaml",
    "jinja2",
    "psutil",
}
Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def modules(*folders: str) -> list[Path]:
    found = (path for folder in folders or FOLDERS for path in (ROOT / folder).rglob("*.py"))
    return sorted(path for path in found if not any(link in path.parents for link in LINKS))


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """Return what the rules look at, found in one walk: functions, classes, calls and raises."""
    return tuple(
        node for node in ast.walk(tree(path)) if isinstance(node, Function | ast.ClassDef | ast.Call | ast.Raise)
    )


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Yield each function's name and its lines, docstring and decorators left out."""
    for node in nodes(path):
        if isinstance(node, Function):
            body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
            yield f"{name_of(path)}:{node.name}", (node.end_lineno or 0) - body[0].lineno + 1


def test_a_module_has_at_most_300_lines() -> None:
    lines = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in modules()}
    assert len(lines) > 100
    assert {name: length for name, length in lines.items() if length > 300} == {}


def test_a_module_says_what_it_owns() -> None:
    assert [name_of(path) for path in modules() if not ast.get_docstring(tree(path))] == []


def test_functions_are_short() -> None:
    sizes = dict(size for path in modules() for size in functions(path))
    assert median(sizes.values()) <= 10
    assert quantiles(sizes.values(), n=10)[-1] <= 30
    assert {name: lines for name, lines in sizes.items() if lines > 60} == {}


def test_no_module_is_called_after_nothing() -> None:
    assert [name_of(path) for path in modules() if BANNED_NAMES & {*path.stem.split("_"), path.parent.name}] == []


def test_no_module_takes_the_name_of_the_standard_library_or_a_dependency() -> None:
    taken = (sys.stdlib_module_names - {"__init__"}) | DEPENDENCIES
    assert [name_of(path) for path in modules("flows", "tasks", "blocks") if path.stem in taken] == []


def test_a_flow_file_defines_no_class() -> None:
    """Prefect may load a flow file by path as a second module: its classes would be there twice."""
    found = [(path, node) for path in modules("flows") for node in nodes(path)]
    assert found
    assert [f"{name_of(path)}:{node.name}" for path, node in found if isinstance(node, ast.ClassDef)] == []


def test_nothing_prints() -> None:
    calls = [(path, node) for path in modules() for node in nodes(path) if isinstance(node, ast.Call)]
    names = [(path, node.func) for path, node in calls if isinstance(node.func, ast.Name)]
    assert [f"{name_of(path)}:{name.lineno}" for path, name in names if name.id == "print"] == []


def test_nobody_patches_our_own_code() -> None:
    words = ("unittest.mock", "monkeypatch.setattr", "mocker.patch")
    texts = {path: path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py")}
    assert texts.pop(Path(__file__))
    assert [f"{name_of(path)}: {word}" for path, text in texts.items() for word in words if word in text] == []


def test_test_files_have_names_of_their_own() -> None:
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))


def test_what_is_marked_live_stands_where_make_live_looks() -> None:
    """Elsewhere it is left out by `make test` and never found by `make live`: nobody runs it."""
    looks = (ROOT / "tests/flows", ROOT / "tests/live")
    word = "pytest.mark." + "live"
    elsewhere = [path for path in (ROOT / "tests").rglob("*.py") if not any(path.is_relative_to(one) for one in looks)]
    assert [name_of(path) for path in elsewhere if word in path.read_text(encoding="utf-8")] == []


def test_the_core_runs_without_prefect() -> None:
    names = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in modules("linestop")
    ]
    code = f"""
import importlib, sys
for name in {names!r}:
    importlib.import_module(name)
assert not {{"prefect", "docker", "git", "httpx", "fastapi"}} & set(sys.modules), sorted(sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_error_is_drawn_in_the_tree() -> None:
    drawn = linestop.errors.__doc__ or ""
    kinds = [value for value in vars(linestop.errors).values() if isinstance(value, type)]
    errors = [kind for kind in kinds if issubclass(kind, LinestopError)]
    assert len(errors) > 5
    assert [kind.__name__ for kind in errors if kind.__name__ not in drawn] == []


def test_an_error_says_what_to_do() -> None:
    assert [place for path in modules() for place in mute_errors(path)] == []


def mute_errors(path: Path) -> Iterator[str]:
    kinds = {name for name in vars(linestop.errors) if name.endswith("Error")}
    for node in nodes(path):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and isinstance(node.exc.func, ast.Name):
            words = {keyword.arg for keyword in node.exc.keywords}
            if node.exc.func.id in kinds and not words & {"todo", None}:
                yield f"{name_of(path)}:{node.lineno}"
