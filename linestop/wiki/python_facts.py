"""What a Python file says about itself, as pages tell it. How it is read from a syntax tree is python_source.py's.

Names of modules are python_names.py, who imports whom is imports.py.
"""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Definition:
    """A function, method or attribute. `signature` is what follows its name, for example `(a, b=1) -> int`."""

    name: str
    signature: str
    doc: str
    kind: str = "def"
    line: int = 1


@dataclass(frozen=True, slots=True)
class ClassFacts:
    """A class. `kind`: class, dataclass, enum, exception, protocol or record."""

    name: str
    bases: tuple[str, ...]
    doc: str
    kind: str
    members: tuple[Definition, ...]
    line: int = 1

    @property
    def signature(self) -> str:
        """The bases in brackets, or nothing."""
        return f"({', '.join(self.bases)})" if self.bases else ""


@dataclass(frozen=True, slots=True)
class Import:
    """One imported name: `module` as written, `level` dots before it, `name` None for a plain import."""

    module: str
    level: int
    name: str | None
    alias: str


@dataclass(frozen=True, slots=True)
class ModuleFacts:
    """All that is read of one file. `error` says why nothing else could be."""

    doc: str = ""
    exports: tuple[str, ...] | None = None
    classes: tuple[ClassFacts, ...] = ()
    functions: tuple[Definition, ...] = ()
    constants: tuple[Definition, ...] = ()
    imports: tuple[Import, ...] = ()
    uses: frozenset[tuple[str, str]] = frozenset()
    annotated: tuple[int, int] = (0, 0)
    error: str = ""

    def public(self, name: str) -> bool:
        """Return whether a name is part of the public API: in `__all__` where there is one, else no underscore."""
        return name in self.exports if self.exports is not None else not name.startswith("_")


def without_private(facts: ModuleFacts) -> ModuleFacts:
    """Return the facts with the public API only."""
    return replace(
        facts,
        classes=tuple(c for c in facts.classes if facts.public(c.name)),
        functions=tuple(f for f in facts.functions if facts.public(f.name)),
        constants=tuple(c for c in facts.constants if facts.public(c.name) and _named_like_a_constant(c.name)),
    )


def _named_like_a_constant(name: str) -> bool:
    return name.isupper() or (name[:1].isupper() and not name.startswith("_"))
