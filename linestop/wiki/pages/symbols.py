"""How a symbol is stated, on every page alike: `class module.Name(Base)`, `def module.name(a, b=1) -> int`.

Lint compares these statements between pages, so no page writes them in another way.
"""

import re

from linestop.wiki.prose import code, prose, summary
from linestop.wiki.python_facts import ClassFacts, Definition, ModuleFacts, without_private

STATEMENT = re.compile(r"`(class|def|async def) ([\w.@/-]+\w)((?:\(|: | -> )[^`\n]*)?`")
STATEMENT_CHARS = 400
MAX_NAMES = 6


def class_statement(module: str, one: ClassFacts) -> str:
    """Return the statement of a class as code."""
    return code(f"class {module}.{one.name}{one.signature}", STATEMENT_CHARS)


def function_statement(owner: str, one: Definition) -> str:
    """Return the statement of a function or method as code."""
    return code(f"{one.kind} {owner}.{one.name}{one.signature}", STATEMENT_CHARS)


def member(one: Definition) -> str:
    """Return a list item for a class's member."""
    return described(code(f"{one.name}{one.signature}", STATEMENT_CHARS), one.doc, 200)


def purpose(facts: ModuleFacts, limit: int) -> str:
    """Return what a module is for: its docstring's first paragraph, else what it defines or hands out."""
    if facts.error:
        return f"**Python can't read it**: {prose(facts.error, 120)}"
    if facts.doc:
        return summary(facts.doc, limit)
    public = without_private(facts)
    defined = [one.name for one in public.classes] + [one.name for one in (*public.functions, *public.constants)]
    hidden = [one.name for one in facts.classes] + [one.name for one in facts.functions]
    handed = [one.alias for one in facts.imports if one.level and one.name and facts.public(one.alias)]
    for verb, names in (("Defines", defined), ("Hands out", handed), ("Defines only private names, such as", hidden)):
        if names:
            more = f" and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else ""
            return f"{verb} {', '.join(code(name, 60) for name in names[:MAX_NAMES])}{more}."
    return ""


def listed_module(what: str, facts: ModuleFacts, limit: int = 140) -> str:
    """Return a list item for a module: ready markdown, then its purpose."""
    told = purpose(facts, limit)
    return f"- {what}: {told}" if told else f"- {what}"


def described(what: str, doc: str, limit: int = 300) -> str:
    """Return a list item: ready markdown, then the docstring's first paragraph."""
    meaning = summary(doc, limit)
    return f"- {what}: {meaning}" if meaning else f"- {what}"
