"""Reads what a Python file says about itself (python_facts.py) from its syntax tree. Nothing is imported or run."""

import ast
import warnings
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

from linestop.wiki.python_facts import ClassFacts, Definition, Import, ModuleFacts

MAX_SIGNATURE = 240
_DATA = {
    "dataclass",
    "dataclasses.dataclass",
    "attr.s",
    "attr.attrs",
    "attrs.define",
    "attr.define",
    "define",
    "frozen",
}
_ENUMS = {"Enum", "IntEnum", "StrEnum", "Flag", "IntFlag"}
_RECORDS = {"NamedTuple", "TypedDict", "BaseModel", "BaseSettings"}
_LEAVES = (ast.Name, ast.Constant, ast.expr_context, ast.operator, ast.cmpop, ast.unaryop, ast.boolop)
Function = ast.FunctionDef | ast.AsyncFunctionDef


def read_module(text: str) -> ModuleFacts:
    """Return the facts of a module's source; a file that Python can't parse gives the error and nothing else."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
        return _facts(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        where = f" (line {error.lineno})" if isinstance(error, SyntaxError) and error.lineno else ""
        reason = error.msg if isinstance(error, SyntaxError) else str(error) or type(error).__name__
        return ModuleFacts(error=f"{type(error).__name__}: {reason}{where}")


def _facts(tree: ast.Module) -> ModuleFacts:
    statements = _flat(tree.body)
    functions = _latest([s for s in statements if isinstance(s, ast.FunctionDef | ast.AsyncFunctionDef)])
    imports, uses = _names_used(tree)
    typed = [_is_annotated(function) for function in functions]
    return ModuleFacts(
        doc=ast.get_docstring(tree) or "",
        exports=_exports(statements),
        classes=_classes([s for s in statements if isinstance(s, ast.ClassDef)]),
        functions=tuple(_function(function) for function in functions),
        constants=tuple({c.name: c for c in chain.from_iterable(map(_constants, statements))}.values()),
        imports=imports,
        uses=uses,
        annotated=(sum(typed), len(typed)),
    )


def _flat(body: list[ast.stmt]) -> list[ast.stmt]:
    """Return the statements of a module, those under if, try and with at its top level included."""
    found: list[ast.stmt] = []
    for statement in body:
        found.append(statement)
        if isinstance(statement, ast.If):
            found += _flat([*statement.orelse, *statement.body])  # the first branch wins where both define a name
        elif isinstance(statement, ast.Try):
            handlers = [inner for handler in statement.handlers for inner in handler.body]
            found += _flat([*handlers, *statement.orelse, *statement.body])
        elif isinstance(statement, ast.With):
            found += _flat(statement.body)
    return found


def _latest(functions: list[Function]) -> list[Function]:
    """Return one function a name: the last, as at run time; overloads and setters never win over the real one."""
    found: dict[str, Function] = {}
    for function in functions:
        marks = {_dotted(mark).rpartition(".")[2] for mark in function.decorator_list}
        if function.name not in found or not marks & {"overload", "setter", "deleter"}:
            found[function.name] = function
    return list(found.values())


def _function(node: Function, *, method: bool = False) -> Definition:
    marks = {_dotted(mark).rpartition(".")[2] for mark in node.decorator_list}
    doc = ast.get_docstring(node) or ""
    returns = f" -> {_source(node.returns)}" if node.returns else ""
    if method and marks & {"property", "cached_property"}:
        return Definition(node.name, returns.replace(" -> ", ": "), doc, "property", node.lineno)
    arguments = node.args
    if method and "staticmethod" not in marks:
        arguments = _without_first(arguments)
    kind = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
    return Definition(node.name, _cut(f"({_source(arguments)}){returns}"), doc, kind, node.lineno)


def _without_first(arguments: ast.arguments) -> ast.arguments:
    """Return the arguments without self or cls."""
    listed = arguments.posonlyargs or arguments.args
    if not listed or listed[0].arg not in ("self", "cls", "mcs", "metacls", "__self", "_self"):
        return arguments
    change = {"posonlyargs": listed[1:]} if arguments.posonlyargs else {"args": listed[1:]}
    return ast.arguments(**{**dict(ast.iter_fields(arguments)), **change})


def _classes(nodes: list[ast.ClassDef]) -> tuple[ClassFacts, ...]:
    """Return the classes, one a name; what inherits from an exception of the module is one as well."""
    found: dict[str, ClassFacts] = {}
    for node in nodes:
        one = _class(node)
        if one.kind == "class" and any(found[base].kind == "exception" for base in one.bases if base in found):
            one = replace(one, kind="exception")
        found[one.name] = one
    return tuple(found.values())


def _class(node: ast.ClassDef) -> ClassFacts:
    bases = tuple(_cut(_source(base)) for base in node.bases)
    kind = _kind(node, bases)
    functions = [s for s in _flat(node.body) if isinstance(s, ast.FunctionDef | ast.AsyncFunctionDef)]
    methods = [_function(function, method=True) for function in _latest(functions)]
    fields = _fields(node) if kind in ("dataclass", "record", "enum") else []
    shown = [m for m in methods if m.name == "__init__" or not m.name.startswith("_")]
    return ClassFacts(node.name, bases, ast.get_docstring(node) or "", kind, (*fields, *shown), node.lineno)


def _kind(node: ast.ClassDef, bases: tuple[str, ...]) -> str:
    lasts = {base.partition("[")[0].rpartition(".")[2] for base in bases}
    if {_dotted(mark) for mark in node.decorator_list} & _DATA:
        return "dataclass"
    if lasts & _ENUMS:
        return "enum"
    if lasts & _RECORDS:
        return "record"
    if "Protocol" in lasts:
        return "protocol"
    if any(base.endswith(("Error", "Exception", "Warning", "Interrupt", "Exit")) for base in lasts):
        return "exception"
    return "class"


def _fields(node: ast.ClassDef) -> list[Definition]:
    found: list[Definition] = []
    for statement in node.body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            value = f" = {_source(statement.value)}" if statement.value else ""
            signature = _cut(f": {_source(statement.annotation)}{value}")
            found.append(Definition(statement.target.id, signature, "", "field", statement.lineno))
        elif isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            signature = _cut(f" = {_source(statement.value)}")
            found.append(Definition(statement.targets[0].id, signature, "", "field", statement.lineno))
    return [one for one in found if not one.name.startswith("_")]


def _constants(node: ast.stmt) -> list[Definition]:
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        names, note, value = [node.target.id], f": {_source(node.annotation)}", node.value
    elif isinstance(node, ast.Assign):
        names, note, value = [t.id for t in node.targets if isinstance(t, ast.Name)], "", node.value
    else:
        return []
    shown = _source(value) if isinstance(value, ast.Constant | ast.UnaryOp | ast.Tuple | ast.Call | ast.Name) else "…"
    return [Definition(name, _cut(f"{note} = {shown}", 100), "", "constant", node.lineno) for name in names]


def _exports(statements: list[ast.stmt]) -> tuple[str, ...] | None:
    """Return `__all__`, `+=` and concatenation included, or None where it isn't there or not spelled out."""
    found: list[str] | None = None
    for statement in statements:
        target = statement.targets[0] if isinstance(statement, ast.Assign) else getattr(statement, "target", None)
        value = getattr(statement, "value", None)
        if isinstance(target, ast.Name) and target.id == "__all__" and value is not None:
            names = [n.value for n in ast.walk(value) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
            found = [*(found or []), *names] if isinstance(statement, ast.AugAssign) else names
    return tuple(dict.fromkeys(found)) if found is not None else None


def _names_used(tree: ast.Module) -> tuple[tuple[Import, ...], frozenset[tuple[str, str]]]:
    """Return every import, nested ones too, and each (name, attribute) read from an imported name."""
    imports: list[Import] = []
    attributes: set[tuple[str, str]] = set()
    for node in _nodes(tree):
        if isinstance(node, ast.Import):
            imports += [Import(a.name, 0, None, a.asname or a.name.partition(".")[0]) for a in node.names]
        elif isinstance(node, ast.ImportFrom):
            imports += [Import(node.module or "", node.level, a.name, a.asname or a.name) for a in node.names]
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            attributes.add((node.value.id, node.attr))
    known = {one.alias for one in imports}
    return tuple(dict.fromkeys(imports)), frozenset(pair for pair in attributes if pair[0] in known)


def _nodes(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield every node in the order of `ast.walk`, at half its cost: names and constants have no node below them."""
    queue: deque[ast.AST] = deque([tree])
    while queue:
        node = queue.popleft()
        yield node
        for name in node._fields:
            value = getattr(node, name, None)
            if isinstance(value, list):
                queue.extend(one for one in value if isinstance(one, ast.AST) and not isinstance(one, _LEAVES))
            elif isinstance(value, ast.AST) and not isinstance(value, _LEAVES):
                queue.append(value)


def _is_annotated(node: Function) -> bool:
    return node.returns is not None


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Call):
        return _dotted(node.func)
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _source(node: ast.AST | None) -> str:
    return " ".join(ast.unparse(node).split()) if node is not None else ""


def _cut(text: str, limit: int = MAX_SIGNATURE) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
