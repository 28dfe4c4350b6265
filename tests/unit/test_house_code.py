"""The house rules that a reader of STYLE.md would check by eye: sizes, names, layers, errors."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles

import pytest

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


def modules(*folders: str) -> list[Path]:
    found = (path for folder in folders or FOLDERS for path in (ROOT / folder).rglob("*.py"))
    return sorted(path for path in found if not any(link in path.parents for link in LINKS))


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Yield each function's name and its lines, docstring and decorators left out."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, Function):
            body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
            yield f"{name_of(path)}:{node.name}", (node.end_lineno or 0) - body[0].lineno + 1


ALL = modules()
SIZES = dict(size for path in ALL for size in functions(path))


@pytest.mark.parametrize("path", ALL, ids=name_of)
def test_a_module_has_at_most_300_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300


@pytest.mark.parametrize("path", ALL, ids=name_of)
def test_a_module_says_what_it_owns(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


def test_functions_are_short() -> None:
    assert median(SIZES.values()) <= 10
    assert quantiles(SIZES.values(), n=10)[-1] <= 30
    assert {name: lines for name, lines in SIZES.items() if lines > 60} == {}


@pytest.mark.parametrize("path", ALL, ids=name_of)
def test_no_module_is_called_after_nothing(path: Path) -> None:
    assert not BANNED_NAMES & {*path.stem.split("_"), path.parent.name}


@pytest.mark.parametrize("path", modules("flows", "tasks", "blocks"), ids=name_of)
def test_no_module_takes_the_name_of_the_standard_library_or_a_dependency(path: Path) -> None:
    assert path.stem not in (sys.stdlib_module_names - {"__init__"}) | DEPENDENCIES


@pytest.mark.parametrize("path", modules("flows"), ids=name_of)
def test_a_flow_file_defines_no_class(path: Path) -> None:
    """Prefect may load a flow file by path as a second module: its classes would be there twice."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert [node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)] == []


@pytest.mark.parametrize("path", ALL, ids=name_of)
def test_nothing_prints(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    assert not [node.lineno for node in calls if isinstance(node.func, ast.Name) and node.func.id == "print"]


@pytest.mark.parametrize("path", sorted((ROOT / "tests").rglob("*.py")), ids=name_of)
def test_nobody_patches_our_own_code(path: Path) -> None:
    if path == Path(__file__):
        return
    text = path.read_text(encoding="utf-8")
    assert [word for word in ("unittest.mock", "monkeypatch.setattr", "mocker.patch") if word in text] == []


def test_test_files_have_names_of_their_own() -> None:
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))


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


@pytest.mark.parametrize("path", ALL, ids=name_of)
def test_an_error_says_what_to_do_or_what_was_found(path: Path) -> None:
    kinds = {name for name in vars(linestop.errors) if name.endswith("Error")}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and isinstance(node.exc.func, ast.Name):
            words = {keyword.arg for keyword in node.exc.keywords}
            assert node.exc.func.id not in kinds or words & {"found", "todo"}, f"line {node.lineno}"
