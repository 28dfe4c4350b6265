"""How a symbol is stated, on every page alike: `class module.Name(Base)`, `def module.name(a, b=1) -> int`.

Lint compares these statements between pages, so no page writes them in another way.
"""

import re

from linestop.wiki.prose import code, summary
from linestop.wiki.python_facts import ClassFacts, Definition

STATEMENT = re.compile(r"`(class|def|async def) ([\w.@/-]+\w)((?:\(|: | -> )[^`\n]*)?`")
STATEMENT_CHARS = 400


def class_statement(module: str, one: ClassFacts) -> str:
    """Return the statement of a class as code."""
    return code(f"class {module}.{one.name}{one.signature}", STATEMENT_CHARS)


def function_statement(owner: str, one: Definition) -> str:
    """Return the statement of a function or method as code."""
    return code(f"{one.kind} {owner}.{one.name}{one.signature}", STATEMENT_CHARS)


def member(one: Definition) -> str:
    """Return a list item for a class's member."""
    return described(code(f"{one.name}{one.signature}", STATEMENT_CHARS), one.doc, 200)


def described(what: str, doc: str, limit: int = 300) -> str:
    """Return a list item: ready markdown, then the docstring's first paragraph."""
    meaning = summary(doc, limit)
    return f"- {what}: {meaning}" if meaning else f"- {what}"
