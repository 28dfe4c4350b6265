"""Who imports whom, inside the repository: imports as written, resolved to its own modules, re-exports followed."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from linestop.wiki.python_facts import Import, ModuleFacts


@dataclass(frozen=True)
class ImportGraph:
    """`targets`: path of a Python file → names of the modules it imports; `outside`: → top-level names of others'."""

    targets: dict[str, frozenset[str]] = field(default_factory=dict)
    outside: dict[str, frozenset[str]] = field(default_factory=dict)

    def importers(self) -> dict[str, list[str]]:
        """Return module name → sorted paths of the files that import it."""
        found: dict[str, list[str]] = {}
        for path in sorted(self.targets):
            for name in self.targets[path]:
                found.setdefault(name, []).append(path)
        return found


class Resolver:
    """Resolves imports among one repository's modules."""

    def __init__(self, names: Mapping[str, str], facts: Mapping[str, ModuleFacts]) -> None:
        self._names = names
        self._by_name = {name: path for path, name in names.items()}
        for path, name in names.items():
            self._by_name.setdefault(name.partition("@")[0], path)
        self._tops = {name.partition(".")[0] for name in self._by_name}
        self._facts = facts

    def graph(self) -> ImportGraph:
        """Return the imports of every file."""
        graph = ImportGraph()
        for path, facts in self._facts.items():
            own = self._names.get(path)
            hits = {name for one in facts.imports for name in self._hits(path, one)}
            hits |= {name for pair in facts.uses for name in self._used(path, facts, *pair)}
            graph.targets[path] = frozenset(hits - {own})
            graph.outside[path] = frozenset(
                top for one in facts.imports if not one.level and (top := one.module.partition(".")[0])
                and top not in self._tops and top not in sys.stdlib_module_names
            )  # fmt: skip
        return graph

    def _hits(self, path: str, one: Import) -> list[str]:
        base = self._absolute(path, one)
        if base is None:
            return []
        if one.name is None:
            return self._nearest(base)
        below = f"{base}.{one.name}" if base else one.name
        if below in self._by_name:
            return [self._named(below)]
        return [*self._nearest(base), *self._defined(base, one.name)]

    def _used(self, path: str, facts: ModuleFacts, alias: str, attribute: str) -> list[str]:
        """Return where `alias.attribute` is defined, alias being a package that was imported as a whole."""
        for one in facts.imports:
            if one.alias == alias:
                base = self._absolute(path, one)
                target = base if one.name is None and one.alias == one.module else f"{base}.{one.name}"
                target = alias if one.name is None and one.alias != one.module and "." in one.module else target
                return self._defined(target, attribute) if target else []
        return []

    def _absolute(self, path: str, one: Import) -> str | None:
        if not one.level:
            return one.module
        own = self._names.get(path)
        if own is None:
            return None
        parts = own.partition("@")[0].split(".")
        parts = parts if path.endswith("/__init__.py") else parts[:-1]
        kept = parts[: len(parts) - (one.level - 1)]
        return ".".join([*kept, one.module] if one.module else kept)

    def _nearest(self, name: str) -> list[str]:
        while name and name not in self._by_name:
            name = name.rpartition(".")[0]
        return [self._named(name)] if name else []

    def _defined(self, package: str, name: str) -> list[str]:
        """Return the module below `package` that a re-exported name comes from; at most 5 steps are followed."""
        found: list[str] = []
        for _ in range(5):
            path = self._by_name.get(package)
            origin = next((i for i in self._facts[path].imports if i.alias == name and i.name), None) if path else None
            base = self._absolute(path, origin) if path and origin else None
            if not base or base not in self._by_name or base == package:
                break
            found.append(self._named(base))
            package, name = base, origin.name or name if origin else name
        return found

    def _named(self, name: str) -> str:
        return self._names[self._by_name[name]]
