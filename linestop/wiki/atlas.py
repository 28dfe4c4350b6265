"""Everything read from a source, once, for all pages: facts, names, imports, history, and where each page lies."""

import posixpath
from dataclasses import dataclass
from functools import cached_property

from linestop.wiki.imports import ImportGraph, Resolver
from linestop.wiki.naming import link, slugs
from linestop.wiki.project import Project, read_project
from linestop.wiki.prose import code, escaped, folded
from linestop.wiki.python_facts import ModuleFacts
from linestop.wiki.python_names import is_public, is_test, module_names
from linestop.wiki.python_source import read_module
from linestop.wiki.source import Commit, Source, SourceFile

INDEX = "wiki/index.md"
SYSTEM = "wiki/20_SYSTEM"
DOMAIN = "wiki/10_DOMAIN"
LOG = "wiki/90_LOG"
ROLL_UP = 40  # files: a folder with fewer in all its subfolders is one page


@dataclass(frozen=True)
class Atlas:
    """A source with what was read of it. Every list is sorted, so that equal sources give equal pages."""

    source: Source
    facts: dict[str, ModuleFacts]
    modules: dict[str, str]

    @cached_property
    def project(self) -> Project:
        """What the project says about itself."""
        return read_project(self.source)

    @cached_property
    def paths(self) -> dict[str, str]:
        """Module name → path."""
        return {name: path for path, name in sorted(self.modules.items(), key=lambda item: item[1])}

    @cached_property
    def graph(self) -> ImportGraph:
        """Who imports whom."""
        return Resolver(self.modules, self.facts).graph()

    @cached_property
    def importers(self) -> dict[str, list[str]]:
        """Module name → paths that import it."""
        return self.graph.importers()

    @cached_property
    def module_pages(self) -> dict[str, str]:
        """Module name → page."""
        return {name: f"{SYSTEM}/{slug}.md" for name, slug in slugs(self.paths).items()}

    @cached_property
    def folders(self) -> dict[str, list[SourceFile]]:
        """Folder that has a page of its own → the files described there; modules have pages instead."""
        files = [f for f in self.source.files if f.path not in self.modules and not f.path.startswith("plans/")]
        return _rolled_up(files)

    @cached_property
    def folder_pages(self) -> dict[str, str]:
        """Folder → page; the root's is `root.md`."""
        named = slugs(folder for folder in self.folders if folder)
        pages = {folder: f"{SYSTEM}/files/{slug}.md" for folder, slug in named.items()}
        return {**({"": f"{SYSTEM}/files/root.md"} if "" in self.folders else {}), **_apart(pages)}

    @cached_property
    def concepts(self) -> dict[str, list[str]]:
        """Package → its public modules that define public classes; each package is one page of the domain."""
        found: dict[str, list[str]] = {}
        for name, path in self.paths.items():
            facts = self.facts[path]
            if any(self.is_concept(name, one.name) for one in facts.classes):
                found.setdefault(self.package_of(name), []).append(name)
        return found

    @cached_property
    def domain_pages(self) -> dict[str, str]:
        """Package → page of its concepts."""
        return {name: f"{DOMAIN}/{slug}.md" for name, slug in slugs(self.concepts).items()}

    @cached_property
    def exported(self) -> frozenset[tuple[str, str]]:
        """(module, name) of everything that a package's `__init__` hands out from a module below it."""
        found: set[tuple[str, str]] = set()
        for path, name in self.modules.items():
            if path.endswith("__init__.py"):
                package = name.partition("@")[0]
                for one in self.facts[path].imports:
                    if one.level == 1 and one.name and self.facts[path].public(one.alias):
                        found.add((f"{package}.{one.module}", one.name))
        return frozenset(found)

    @cached_property
    def history(self) -> dict[str, list[Commit]]:
        """Path → the commits that touched it, newest first."""
        found: dict[str, list[Commit]] = {}
        for commit in self.source.commits:
            for path in commit.paths:
                found.setdefault(path, []).append(commit)
        return found

    def is_concept(self, module: str, name: str) -> bool:
        """Return whether a class is public: by its module, or because a package hands it out."""
        public = is_public(module) and self.facts[self.paths[module]].public(name)
        return public or (module.partition("@")[0], name) in self.exported

    def package_of(self, name: str) -> str:
        """Return the package a module belongs to; a package, and a module without one, is its own."""
        if self.paths[name].endswith("__init__.py"):
            return name
        bare, at, root = name.partition("@")
        parent = bare.rpartition(".")[0]
        return next((one for one in (f"{parent}{at}{root}", parent) if one in self.paths), parent or name)

    def module_link(self, page: str, name: str) -> str:
        """Return a markdown link to a module's page; a name without a page is only named."""
        target = self.module_pages.get(name)
        return f"[{escaped(name)}]({link(page, target)})" if target else code(name)

    def file_link(self, page: str, path: str) -> str:
        """Return a markdown link to a file or folder of the repository, its name as code."""
        return f"[{code(path).replace(']', '')}]({link(page, path)})" if "\n" not in path else code(path)

    def described_at(self, page: str, path: str) -> str:
        """Return a link to where a file is described: its module's page, its folder's, else the file."""
        if path in self.modules:
            return self.module_link(page, self.modules[path])
        folder = self.folder_of(path)
        target = self.folder_pages.get(folder) if folder is not None else None
        return f"[{escaped(folded(path, 120))}]({link(page, target)})" if target else code(path, 120)

    def folder_of(self, path: str) -> str | None:
        """Return the folder on whose page a file is described, or None where it is not described."""
        if self.source.get(path) is None or path.startswith("plans/"):
            return None
        folder = posixpath.dirname(path)
        while folder not in self.folders and folder:
            folder = posixpath.dirname(folder)
        return folder if folder in self.folders else None


def read(source: Source) -> Atlas:
    """Return the atlas of a source: every Python file parsed once."""
    facts = {
        file.path: read_module(file.content.decode("utf-8", "replace"))
        for file in source.files
        if file.path.endswith(".py") and file.content is not None
    }
    return Atlas(source, facts, dict(sorted(module_names(facts).items())))


def _rolled_up(files: list[SourceFile]) -> dict[str, list[SourceFile]]:
    """Give each folder a page; one with at most ROLL_UP files in all takes its subfolders in."""
    counts: dict[str, int] = {}
    for file in files:
        for folder in _above(file.path):
            counts[folder] = counts.get(folder, 0) + 1
    found: dict[str, list[SourceFile]] = {}
    for file in sorted(files, key=lambda one: one.path):
        home = posixpath.dirname(file.path)
        small = [folder for folder in _above(file.path) if folder and counts[folder] <= ROLL_UP]
        found.setdefault(small[0] if small else home, []).append(file)
    return dict(sorted(found.items()))


def _above(path: str) -> list[str]:
    """Return the folders of a path from the root down, the root first."""
    parts = path.split("/")[:-1]
    return ["/".join(parts[:depth]) for depth in range(len(parts) + 1)]


def _apart(pages: dict[str, str]) -> dict[str, str]:
    """Keep a folder that is called `root` away from the root's own page."""
    return {
        f: page.replace("/root.md", "/root-folder.md") if page.endswith("/root.md") else page
        for f, page in pages.items()
    }


def tests_of(atlas: Atlas, name: str) -> list[str]:
    """Return the test files that import a module, or use a name of it through its package."""
    return [path for path in atlas.importers.get(name, []) if is_test(path)]
