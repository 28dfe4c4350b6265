"""`20_SYSTEM`: a page for each module and package, and one for each folder of other files."""

import posixpath

from linestop.wiki.atlas import INDEX, LOG, Atlas, tests_of
from linestop.wiki.file_facts import introduction, size
from linestop.wiki.naming import link
from linestop.wiki.pages.page import Page, about, listed, some, stated
from linestop.wiki.pages.symbols import class_statement, described, function_statement, listed_module, member, purpose
from linestop.wiki.prose import cell, code, escaped, folded, prose, summary
from linestop.wiki.python_facts import ClassFacts, ModuleFacts, without_private
from linestop.wiki.python_names import is_test
from linestop.wiki.source import SourceFile

MAX_COMMITS = 8
MAX_FILES = 200


def module_pages(atlas: Atlas) -> list[Page]:
    """Return a page for each module."""
    return [_module_page(atlas, name) for name in atlas.paths]


def _module_page(atlas: Atlas, name: str) -> Page:
    path = atlas.paths[name]
    page, facts = atlas.module_pages[name], atlas.facts[path]
    file = atlas.source.get(path)
    assert file is not None  # noqa: S101  # modules are files of the source
    return Page(page, some(
        stated("head", file, _head(atlas, page, name, file)),
        stated("api", file, _api(name, without_private(facts), package=path.endswith("__init__.py"))),
        about("parts", "modules-below", name, _parts(atlas, page, name)),
        about("uses", "imports", name, _uses(atlas, page, name, path)),
        about("tests", "tests", name, _tests(atlas, page, name)),
        about("history", "git-log", path, history(atlas, page, [path])),
    ))  # fmt: skip


def _head(atlas: Atlas, page: str, name: str, file: SourceFile) -> str:
    facts = atlas.facts[file.path]
    kind = "Package" if file.path.endswith("__init__.py") else "Module"
    trail = [f"[Index]({link(page, INDEX)})"]
    parts = name.partition("@")[0].split(".")
    trail += [atlas.module_link(page, one) for n in range(1, len(parts)) if (one := ".".join(parts[:n])) in atlas.paths]
    line = f"{' / '.join(trail)} / {kind.lower()} · {atlas.file_link(page, file.path)} · {size(file)}"
    told = purpose(facts, 700) or "_An empty file._"
    if facts.error:
        told += ". It is described at file level only."
    elif not facts.doc:
        told = f"_No docstring._ {told}"
    return f"# {escaped(name)}\n\n{line}\n\n{told}"


def _api(name: str, facts: ModuleFacts, *, package: bool) -> str:
    """Return the public API: classes with their members, functions, constants."""
    parts = [_class(name, one) for one in facts.classes]
    functions = [described(function_statement(name, one), one.doc) for one in facts.functions]
    if functions:
        parts.append("\n".join(["### Functions", "", *functions]))
    if facts.constants:
        shown = [f"- {code(one.name + one.signature)}" for one in facts.constants[:60]]
        parts.append("\n".join(["### Constants", "", *shown]))
    handed_out = _re_exports(facts, package=package)
    if handed_out:
        parts.append(f"### Handed out from elsewhere\n\n{handed_out}")
    return "\n\n".join(["## Public API", *parts]) if parts else ""


def _re_exports(facts: ModuleFacts, *, package: bool) -> str:
    """Return what a module hands on, by origin: what it imports and lists in `__all__`, or a package from below."""
    own = (*facts.functions, *facts.constants)
    here = {one.name for one in facts.classes} | {one.name for one in own}
    found: dict[str, set[str]] = {}
    for one in facts.imports:
        wanted = one.alias in facts.exports if facts.exports is not None else package and one.level > 0
        if one.name and wanted and one.alias not in here and not one.alias.startswith("_"):
            found.setdefault("." * one.level + one.module, set()).add(one.alias)
    return "\n".join(
        f"- from {code(module)}: {', '.join(code(name) for name in sorted(names)[:80])}"
        for module, names in sorted(found.items())
    )


def _class(name: str, one: ClassFacts) -> str:
    kind = "" if one.kind == "class" else f" ({one.kind})"
    members = [member(each) for each in one.members[:60]]
    more = [f"- … and {len(one.members) - 60} more"] if len(one.members) > 60 else []  # noqa: PLR2004  # as above
    parts = [f"### {escaped(one.name)}{kind}", class_statement(name, one), summary(one.doc, 600)]
    return "\n\n".join(part for part in (*parts, "\n".join(members + more)) if part)


def _parts(atlas: Atlas, page: str, name: str) -> str:
    if not atlas.paths[name].endswith("__init__.py"):
        return ""
    bare, at, root = name.partition("@")
    below = [one for one in atlas.paths if one.startswith(f"{bare}.") and one.partition("@")[1:] == (at, root)]
    direct = [one for one in below if "." not in one.partition("@")[0].removeprefix(f"{bare}.")]
    return listed("Modules", [_line(atlas, page, one) for one in direct])


def _line(atlas: Atlas, page: str, name: str) -> str:
    return listed_module(atlas.module_link(page, name), atlas.facts[atlas.paths[name]], 160)


def _uses(atlas: Atlas, page: str, name: str, path: str) -> str:
    targets = [atlas.module_link(page, one) for one in sorted(atlas.graph.targets.get(path, ()))]
    outside = [code(one) for one in sorted(atlas.graph.outside.get(path, ()))]
    users = [one for one in atlas.importers.get(name, []) if not is_test(one)]
    modules = [atlas.described_at(page, one) for one in users]
    rows = [("Imports", targets), ("Needs from outside", outside), ("Imported by", modules)]
    lines = [f"- **{title}**: {_some(links)}" for title, links in rows if links]
    return listed("Connections", lines)


def _some(links: list[str], limit: int = 60) -> str:
    more = f" and {len(links) - limit} more" if len(links) > limit else ""
    return ", ".join(links[:limit]) + more


def _tests(atlas: Atlas, page: str, name: str) -> str:
    paths = tests_of(atlas, name)
    return listed("Tests that use it", [f"- {atlas.file_link(page, path)}" for path in paths], limit=30)


def history(atlas: Atlas, page: str, paths: list[str], limit: int = MAX_COMMITS) -> str:
    """Return the newest commits that touched any of some paths, with links to the year's log."""
    found = {commit.id: commit for path in paths for commit in atlas.history.get(path, [])}
    newest = sorted(found.values(), key=lambda one: (-one.seconds, one.id))
    lines = [
        f"- [{one.day}]({link(page, f'{LOG}/{one.day[:4]}.md')}) {code(one.id[:10])} {prose(one.subject, 120)}"
        for one in newest[:limit]
    ]
    if len(newest) > limit:
        lines.append(f"- … and {len(newest) - limit:,} earlier")
    return listed("Recent commits", lines)


def folder_pages(atlas: Atlas) -> list[Page]:
    """Return a page for each folder of files that are no modules."""
    return [_folder_page(atlas, folder, files) for folder, files in atlas.folders.items()]


def _folder_page(atlas: Atlas, folder: str, files: list[SourceFile]) -> Page:
    page = atlas.folder_pages[folder]
    name = folder or "the repository's root"
    paths = [file.path for file in files]
    return Page(page, some(
        about("head", "folder", folder, _folder_head(atlas, page, name, folder, files)),
        about("files", "files", folder, _files(atlas, page, folder, files)),
        about("history", "git-log-of-files", folder, history(atlas, page, paths)),
    ))  # fmt: skip


def _folder_head(atlas: Atlas, page: str, name: str, folder: str, files: list[SourceFile]) -> str:
    kinds: dict[str, int] = {}
    for file in files:
        ending = folded(posixpath.splitext(file.path)[1] or "no ending", 20)
        kinds[ending] = kinds.get(ending, 0) + 1
    told = ", ".join(
        f"{count} x {code(kind)}" for kind, count in sorted(kinds.items(), key=lambda i: (-i[1], i[0]))[:8]
    )
    above = f" · {atlas.file_link(page, folder)}" if folder else ""
    return f"# Files in {escaped(folded(name, 120))}\n\n[Index]({link(page, INDEX)}) / files{above}\n\n{told}"


def _files(atlas: Atlas, page: str, folder: str, files: list[SourceFile]) -> str:
    rows = ["| file | size | what it says it is |", "|---|---:|---|"]
    for file in files[:MAX_FILES]:
        name = file.path[len(folder) + 1 :] if folder else file.path
        told = _told(atlas, file)
        shown = f"[{code(name, 100)}]({link(page, file.path)})"
        rows.append(f"| {cell(shown)} | {size(file)} | {cell(told)} |")
    if len(files) > MAX_FILES:
        rows.append(f"| … and {len(files) - MAX_FILES:,} more | | |")
    return "\n".join(["## Files", "", *rows])


def _told(atlas: Atlas, file: SourceFile) -> str:
    facts = atlas.facts.get(file.path)
    if facts and facts.error:
        return purpose(facts, 120)
    return summary(introduction(file, facts), 140)
